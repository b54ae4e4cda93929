package all_test

import (
	"testing"

	"sluice/converters/all"
)

func TestClassesAreUnique(t *testing.T) {
	t.Parallel()
	set := all.Plugins()
	classes := map[string]bool{}
	for _, c := range set.Converters {
		if classes[c.Class] || c.Version == "" || c.New() == nil {
			t.Errorf("converter %s %s is listed twice or not complete", c.Class, c.Version)
		}
		classes[c.Class] = true
	}
	headers := map[string]bool{}
	for _, h := range set.HeaderConverters {
		if headers[h.Class] || h.Version == "" || h.New() == nil {
			t.Errorf("header converter %s %s is listed twice or not complete", h.Class, h.Version)
		}
		headers[h.Class] = true
	}
	for _, class := range []string{
		"org.apache.kafka.connect.json.JsonConverter",
		"org.apache.kafka.connect.storage.StringConverter",
		"org.apache.kafka.connect.converters.ByteArrayConverter",
	} {
		if !classes[class] || !headers[class] {
			t.Errorf("%s is not listed as both converter and header converter", class)
		}
	}
	if !headers["org.apache.kafka.connect.storage.SimpleHeaderConverter"] {
		t.Error("the converter of simple headers is not listed")
	}
}
