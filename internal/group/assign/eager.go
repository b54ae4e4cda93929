package assign

import (
	"slices"
)

// Eager deals all of the configured work to the members by turns: first the
// connectors by name, then the tasks connector by connector. Members take turns
// in the order of their ids. Every member has an entry.
func Eager(members []string, configured Work) map[string]Work {
	out := make(map[string]Work, len(members))
	for _, id := range members {
		out[id] = Work{}
	}
	if len(members) == 0 {
		return out
	}
	turn, ids := 0, slices.Sorted(slices.Values(members))
	next := func() string {
		id := ids[turn%len(ids)]
		turn++
		return id
	}
	configured = configured.Sorted()
	for _, c := range configured.Connectors {
		id := next()
		w := out[id]
		w.Connectors = append(w.Connectors, c)
		out[id] = w
	}
	for _, t := range configured.Tasks {
		id := next()
		w := out[id]
		w.Tasks = append(w.Tasks, t)
		out[id] = w
	}
	return out
}
