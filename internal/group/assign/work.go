// Package assign decides which member of a group runs what: pure functions from
// what the members hold and what is configured to what each gets and gives up.
//
// It owns the two ways of Kafka Connect, eager and incremental cooperative
// (KIP-415), and reproduces the choices of Java Connect 4.3.1 to the unit, so
// that it does not matter in a mixed group who leads. It has no clock and no
// I/O: time is an argument, and what is remembered between rounds is a [State]
// that goes in and comes out. Start reading at [Incremental].
package assign

import (
	"cmp"
	"slices"
	"strings"

	"sluice/internal/store"
)

// Work is connectors and tasks, each at most once. The order is that in which
// they were given, and counts: the first are revoked first.
type Work struct {
	Connectors []string
	Tasks      []store.TaskID
}

// Empty tells whether there is nothing.
func (w Work) Empty() bool { return len(w.Connectors) == 0 && len(w.Tasks) == 0 }

// Clone returns a copy that shares nothing.
func (w Work) Clone() Work { return Work{slices.Clone(w.Connectors), slices.Clone(w.Tasks)} }

// Plus returns the work with what others has beyond it, at the end.
func (w Work) Plus(others ...Work) Work {
	out, has := w.Clone(), w.set()
	for _, other := range others {
		for _, c := range other.Connectors {
			if !has.connectors[c] {
				has.connectors[c] = true
				out.Connectors = append(out.Connectors, c)
			}
		}
		for _, t := range other.Tasks {
			if !has.tasks[t] {
				has.tasks[t] = true
				out.Tasks = append(out.Tasks, t)
			}
		}
	}
	return out
}

// Minus returns the work without what others have.
func (w Work) Minus(others ...Work) Work {
	out := w.Clone()
	for _, other := range others {
		has := other.set()
		out.Connectors = slices.DeleteFunc(out.Connectors, func(c string) bool { return has.connectors[c] })
		out.Tasks = slices.DeleteFunc(out.Tasks, func(t store.TaskID) bool { return has.tasks[t] })
	}
	return out
}

// Both returns what is in both, in the order of w.
func (w Work) Both(other Work) Work { return w.Minus(w.Minus(other)) }

// Sorted returns the work in order of names and ids.
func (w Work) Sorted() Work {
	out := w.Clone()
	slices.Sort(out.Connectors)
	slices.SortFunc(out.Tasks, compareTasks)
	return out
}

func compareTasks(a, b store.TaskID) int {
	return cmp.Or(strings.Compare(a.Connector, b.Connector), cmp.Compare(a.Task, b.Task))
}

// set is for looking units up.
type set struct {
	connectors map[string]bool
	tasks      map[store.TaskID]bool
}

func (w Work) set() set {
	s := set{make(map[string]bool, len(w.Connectors)), make(map[store.TaskID]bool, len(w.Tasks))}
	for _, c := range w.Connectors {
		s.connectors[c] = true
	}
	for _, t := range w.Tasks {
		s.tasks[t] = true
	}
	return s
}

// Assignment is the outcome of a rebalance for one member.
type Assignment struct {
	Generation int
	MemberID   string
	Leader     bool   // this member leads
	LeaderURL  string // of the leader's REST listener, with a slash at the end
	// ConfigOffset is the state of the config store that the leader planned for.
	ConfigOffset int64
	// Signed says that requests between workers are signed (KIP-507).
	Signed bool
	// Held is all that the member is to run.
	Held Work
	// Owners holds, on the leader, the REST listener of each unit's member.
	Owners Owners
	// Peers are the members of the group. Only the leader knows them always, another
	// member where it holds work that it lacks plugins for; nil is not known.
	Peers []Peer
}

// Peer is a member of the group as it says of itself.
type Peer struct {
	URL string // of its REST listener, with a slash at the end
	// Plugins are the classes that it has; nil where it does not say, as Java workers.
	Plugins []string
}

// Owners says who runs what: the URL of the member's REST listener.
type Owners struct {
	Connectors map[string]string
	Tasks      map[store.TaskID]string
}

// NewOwners returns owners of nothing.
func NewOwners() Owners {
	return Owners{map[string]string{}, map[store.TaskID]string{}}
}

// Add notes that the worker at the URL runs the work.
func (o Owners) Add(url string, w Work) {
	for _, c := range w.Connectors {
		o.Connectors[c] = url
	}
	for _, t := range w.Tasks {
		o.Tasks[t] = url
	}
}
