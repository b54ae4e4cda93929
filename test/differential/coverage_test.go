//go:build integration

package differential

import (
	"maps"
	"slices"
	"strings"
	"testing"

	convertersall "sluice/converters/all"
	transformsall "sluice/transforms/all"
)

// TestEveryPluginIsCompared holds that each transformation, predicate and
// converter is in some scenario. The originals of those with a registry cannot
// be had here; see testdata/original.json of each.
func TestEveryPluginIsCompared(t *testing.T) {
	t.Parallel()
	used := map[string]bool{"org.apache.kafka.connect.storage.SimpleHeaderConverter": true, stringC: true} // the defaults
	all := scenarios()
	for _, s := range all {
		for value := range maps.Values(s.config) {
			used[value] = true
		}
	}
	if len(all) < 40 {
		t.Errorf("%d scenarios", len(all))
	}
	var classes []string
	for _, x := range transformsall.Plugins().Transforms {
		classes = append(classes, x.Class)
	}
	for _, x := range transformsall.Plugins().Predicates {
		classes = append(classes, x.Class)
	}
	for _, x := range convertersall.Plugins().Converters {
		classes = append(classes, x.Class)
	}
	for _, class := range slices.Sorted(slices.Values(classes)) {
		if !strings.HasPrefix(class, "io.confluent.") && !used[class] {
			t.Errorf("no scenario has %s", class)
		}
	}
}
