package assign

import (
	"slices"
)

// Eager deals all of the configured work to the members by turns: first the
// connectors by name, then the tasks connector by connector. Members take turns
// in the order of their ids; one that lacks the plugins passes, and gets the more
// of the rest. Every member has an entry.
func Eager(members []Member, configured Work) map[string]Work {
	out := make(map[string]Work, len(members))
	if len(members) == 0 {
		return out
	}
	can, ids := abilityOf(members), make([]string, len(members))
	for i, m := range members {
		out[m.ID] = Work{}
		ids[i] = m.ID
	}
	slices.Sort(ids)
	next := func(connector string) (least string) {
		for _, id := range ids {
			if can.may(id, connector) && (least == "" || units(out[id]) < units(out[least])) {
				least = id
			}
		}
		return least
	}
	configured = configured.Sorted()
	for _, c := range configured.Connectors {
		id := next(c)
		w := out[id]
		w.Connectors = append(w.Connectors, c)
		out[id] = w
	}
	for _, t := range configured.Tasks {
		id := next(t.Connector)
		w := out[id]
		w.Tasks = append(w.Tasks, t)
		out[id] = w
	}
	return out
}

func units(w Work) int { return len(w.Connectors) + len(w.Tasks) }
