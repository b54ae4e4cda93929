package transforms_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/transforms/all"
)

// TestDefinitionsAreThoseOfJava compares keys with what Kafka Connect answered:
// name, type, required, default, importance, group, order, width, display name.
func TestDefinitionsAreThoseOfJava(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("testdata/configs.json")
	if err != nil {
		t.Fatal(err)
	}
	var recorded map[string][][]any
	if err := json.Unmarshal(b, &recorded); err != nil {
		t.Fatal(err)
	}
	defs := map[string]config.Def{}
	set := all.Plugins()
	for _, p := range set.Transforms {
		defs[p.Class[strings.LastIndexByte(p.Class, '.')+1:]] = p.Config
	}
	for _, p := range set.Predicates {
		defs[p.Class[strings.LastIndexByte(p.Class, '.')+1:]] = p.Config
	}
	seen := map[string]bool{}
	for name, want := range recorded {
		base, _, _ := strings.Cut(name, "$")
		seen[base] = true
		got := [][]any{}
		for _, k := range defs[name] {
			if k.Doc == "" {
				t.Errorf("%s: the key %s has no documentation", name, k.Name)
			}
			var byDefault, group any
			if text, ok := config.Format(k.Default); ok {
				byDefault = text
			}
			if k.Group != "" {
				group = k.Group
			}
			order := k.Order
			if order == 0 {
				order = -1
			}
			width := k.Width
			if width == "" {
				width = config.WidthNone
			}
			display := k.DisplayName
			if display == "" {
				display = k.Name
			}
			got = append(got, []any{k.Name, string(k.Type), k.Required, byDefault, string(k.Importance), group, float64(order), string(width), display})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name := range defs {
		if base, _, _ := strings.Cut(name, "$"); !seen[base] {
			t.Errorf("%s was not recorded", name)
		}
	}
}
