package rest_test

import (
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// TestListShowsChanges: what the list keeps of connectors is never old.
func TestListShowsChanges(t *testing.T) {
	t.Parallel()
	h := newManyHerder(3)
	handlers := map[string]func(path string) string{}
	for name, settings := range map[string]config.Map{"plain": nil, "masked": {"rest.mask.secrets": "true"}} {
		handler := serve(t, h, settings)
		handlers[name] = func(path string) string { return call(t, handler, "GET", path, "").Body.String() }
	}
	const name = "connector-0001"
	set := func(change func(*herder.ConnectorInfo)) func() {
		return func() {
			info := h.infos[name]
			change(&info)
			h.infos[name] = info
		}
	}
	steps := []struct {
		name   string
		change func()
	}{
		{"nothing", func() {}},
		{"configuration", set(func(i *herder.ConnectorInfo) { i.Config = config.Raw{"name": new(name), "a": new("new")} })},
		{"tasks", set(func(i *herder.ConnectorInfo) { i.Tasks = append(i.Tasks, store.TaskID{Connector: name, Task: 7}) })},
		{"type", set(func(i *herder.ConnectorInfo) { i.Type = "sink" })},
		{"removed", func() { h.names = []string{"connector-0000", "connector-0002"} }},
		{"there again", func() { h.names = []string{"connector-0000", name, "connector-0002"} }},
	}
	for _, step := range steps {
		step.change()
		for mode, get := range handlers {
			var want []string
			for _, name := range h.names {
				want = append(want, `"`+name+`":{"info":`+get("/connectors/"+name)+`,"status":`+get("/connectors/"+name+"/status")+`}`)
			}
			for range 2 {
				if got := get("/connectors?expand=info&expand=status"); got != "{"+strings.Join(want, ",")+"}" {
					t.Fatalf("%s, %s: %s", mode, step.name, got)
				}
			}
			if got := get("/connectors?expand=status"); strings.Contains(got, "info") {
				t.Fatal(got)
			}
		}
	}
}
