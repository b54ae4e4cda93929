package assign

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"sluice/internal/store"
)

// ability says which members can run which connectors. Where all can run all,
// which is so in a group of Java workers, nothing here changes a plan.
type ability struct {
	lacks map[string]map[string]bool // by member: connectors that it cannot run
	bound map[string]bool            // connectors that some members can run, and some cannot
}

func abilityOf(members []Member) ability {
	a := ability{map[string]map[string]bool{}, map[string]bool{}}
	unable := map[string]int{}
	for _, m := range members {
		if len(m.Lacks) > 0 {
			a.lacks[m.ID] = m.Lacks
		}
		for c, lacks := range m.Lacks {
			if lacks {
				unable[c]++
			}
		}
	}
	for c, n := range unable {
		if n < len(members) {
			a.bound[c] = true
		}
	}
	return a
}

// may tells whether a member may be given a connector or its tasks: it can run
// them, or nobody can, and then anybody says so in their status.
func (a ability) may(id, connector string) bool {
	return !a.bound[connector] || !a.lacks[id][connector]
}

// misplaced returns what of the work the member has to give up for others.
func (a ability) misplaced(id string, w Work) Work {
	return w.only(func(connector string) bool { return !a.may(id, connector) })
}

// only returns the units of the connectors that f is true for.
func (w Work) only(f func(connector string) bool) Work {
	out := w.Clone()
	out.Connectors = slices.DeleteFunc(out.Connectors, func(c string) bool { return !f(c) })
	out.Tasks = slices.DeleteFunc(out.Tasks, func(t store.TaskID) bool { return !f(t.Connector) })
	return out
}

// kin are connectors that the same members can run.
type kin struct {
	members    []*load
	connectors map[string]bool
}

func (k kin) has(connector string) bool { return k.connectors[connector] }

// kinds returns the bound connectors by who can run them, those with the fewest
// such members first.
func (a ability) kinds(next []*load) []kin {
	byMembers := map[string]*kin{}
	for _, c := range slices.Sorted(maps.Keys(a.bound)) {
		var able []*load
		var key strings.Builder
		for _, l := range next {
			if a.may(l.id, c) {
				able = append(able, l)
				key.WriteString(l.id + "\n")
			}
		}
		k := byMembers[key.String()]
		if k == nil {
			k = &kin{able, map[string]bool{}}
			byMembers[key.String()] = k
		}
		k.connectors[c] = true
	}
	var out []kin
	for _, key := range slices.Sorted(maps.Keys(byMembers)) {
		out = append(out, *byMembers[key])
	}
	slices.SortStableFunc(out, func(a, b kin) int { return cmp.Compare(len(a.members), len(b.members)) })
	return out
}

// deal gives away what is bound of the work, evenly among those that can run it,
// and returns the rest.
func (a ability) deal(next []*load, work Work) Work {
	if len(a.bound) == 0 {
		return work
	}
	for _, k := range a.kinds(next) {
		dealOf(k.members, work.only(k.has), k.has)
	}
	return work.only(func(c string) bool { return !a.bound[c] })
}

// overload returns what each member runs beyond its share: of the bound
// connectors evenly among those that can run them, of the others so that all have
// the same in the end, as far as the bound ones leave room. moving are bound ones
// that are revoked in this round and dealt in the next.
func (a ability) overload(configured Work, next []*load, moving Work) map[string]Work {
	if len(a.bound) == 0 {
		return overload(configured, next, false, func(string) bool { return true })
	}
	next = slices.Clone(next)
	for i, l := range next {
		next[i] = &load{l.id, l.Work}
	}
	a.deal(next, moving)
	out := map[string]Work{}
	for _, k := range a.kinds(next) {
		for id, w := range overload(configured, k.members, false, k.has) {
			out[id] = out[id].Plus(w)
		}
	}
	for id, w := range overload(configured, next, true, func(c string) bool { return !a.bound[c] }) {
		out[id] = out[id].Plus(w)
	}
	return out
}

// fill returns up to where so many units fill members that have some already, the
// lowest first, and how many of them get one more.
func fill(units int, have []int) (share, more int) {
	low := slices.Sorted(slices.Values(have))
	for i, h := range low {
		units += h
		share, more = units/(i+1), units%(i+1)
		if i+1 < len(low) && share <= low[i+1] {
			break
		}
	}
	return share, more
}
