package properties_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/properties"
)

// TestParseAsJava compares with what java.util.Properties of Java 17 made of
// the same bytes; testdata/README.md tells how the file was made.
func TestParseAsJava(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("testdata", "java.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Input string
		Want  map[string]string
		Error string
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) < 400 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		var latin1 []byte
		for _, r := range c.Input {
			latin1 = append(latin1, byte(r)) // The inputs hold nothing above U+00FF.
		}
		got, _, err := properties.Parse(latin1)
		if (err != nil) != (c.Error != "") {
			t.Errorf("%q: error %v, Java %q", c.Input, err, c.Error)
			continue
		}
		if err == nil {
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Errorf("%q (-Java +ours):\n%s", c.Input, diff)
			}
		}
	}
}
