package assign

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"
)

// Member is a member of the group as the leader sees it in a round.
type Member struct {
	ID    string
	Holds Work // what it says that it runs
	// Lacks are the configured connectors that it has no plugins for. They go to
	// others while there are others that have.
	Lacks map[string]bool
}

// Round is what one decision is made from.
type Round struct {
	// Members in the order in which the coordinator lists them; not none.
	Members    []Member
	Configured Work
	Generation int
	// Completed is the last generation whose assignment reached this member, -1
	// where none did.
	Completed int
	// MaxDelay is scheduled.rebalance.max.delay.ms.
	MaxDelay time.Duration
	Now      time.Time
}

// Plan is the outcome of a round. The maps have an entry for every member.
type Plan struct {
	Assigned map[string]Work // what a member is to start, beyond what it holds
	Revoked  map[string]Work // what a member is to stop, and then to rejoin
	Next     map[string]Work // all that a member runs in the end
	// Delay is the time after which all members are to rejoin; 0 is never.
	Delay time.Duration
}

// State is what the leader remembers from one round to the next.
type State struct {
	previous   Work // all that was assigned or lost in the last round
	revoked    Work // in the last round
	generation int  // of the last round
	members    []string
	delay      time.Duration
	scheduled  time.Time // of the delayed rebalance; zero is none
	candidates []string  // workers that were seen empty during the delay
	revoking   bool      // the last round revoked for balance
	successive int       // rounds in a row that wanted to revoke
}

// NewState returns the state of a worker that has never led.
func NewState() State { return State{generation: -1} }

// load is what a member is going to run. Connectors and tasks grow and shrink
// while the plan is made.
type load struct {
	id string
	Work
}

// Incremental plans a round of incremental cooperative rebalancing (KIP-415):
// running work stays where it is, what a lost member ran is given away only
// after a delay, and what has to move is revoked in one round and assigned in
// the next.
func Incremental(s State, r Round) (State, Plan) {
	r.Now = r.Now.Truncate(time.Millisecond) // the wire has whole ones: less would be no delay there, and never end
	if s.generation != r.Completed {
		s.previous = Work{} // the last plan may have reached nobody
	}
	var active Work
	for _, m := range r.Members {
		active = active.Plus(m.Holds)
	}
	if !s.revoked.Both(active).Empty() {
		s.previous = active // the revocation did not happen
	}
	s.revoked = Work{}

	previous, configured := s.previous.Sorted(), r.Configured.Sorted()
	deleted := previous.Minus(configured)
	lost := previous.Minus(active, deleted)
	created := configured.Minus(previous, active)
	duplicated := heldTwice(r.Members)

	can := abilityOf(r.Members)
	var moving Work
	next, revoked := make([]*load, 0, len(r.Members)), make(map[string]Work, len(r.Members))
	for _, m := range javaOrder(r.Members) {
		misplaced := can.misplaced(m.ID, m.Holds)
		moving = moving.Plus(misplaced)
		revoked[m.ID] = m.Holds.Both(deleted.Plus(duplicated, misplaced))
		next = append(next, &load{m.ID, m.Holds.Minus(revoked[m.ID])})
	}

	reassigned := s.handleLost(r, lost, next, can)
	free := can.deal(next, created.Plus(reassigned))
	s.balance(r, can.overload(configured, next, moving.Both(configured)), next, revoked)
	deal(next, free)
	return s.finish(r, next, revoked, lost)
}

// finish makes the plan and what is remembered of it.
func (s State) finish(r Round, next []*load, revoked map[string]Work, lost Work) (State, Plan) {
	plan := Plan{
		Assigned: make(map[string]Work, len(next)), Revoked: revoked,
		Next: make(map[string]Work, len(next)), Delay: s.delay,
	}
	s.previous, s.members = Work{}, nil
	for _, l := range next {
		plan.Next[l.id] = l.Work
		s.previous = s.previous.Plus(l.Work)
		s.members = append(s.members, l.id)
	}
	for _, m := range r.Members {
		plan.Assigned[m.ID] = plan.Next[m.ID].Minus(m.Holds)
		s.revoked = s.revoked.Plus(revoked[m.ID])
	}
	s.previous = s.previous.Minus(s.revoked).Plus(lost)
	s.generation = r.Generation
	return s, plan
}

// heldTwice returns what more than one member holds.
func heldTwice(members []Member) Work {
	var once, twice Work
	for _, m := range members {
		twice = twice.Plus(once.Both(m.Holds))
		once = once.Plus(m.Holds)
	}
	return twice
}

// handleLost returns what of the lost work is to be dealt in this round. It
// starts, continues or ends the delay, and gives work directly to candidates.
func (s *State) handleLost(r Round, lost Work, next []*load, can ability) Work {
	if lost.Empty() && !s.revoking {
		s.endDelay()
		return Work{}
	}
	departed := slices.ContainsFunc(s.members, func(id string) bool { return find(next, id) == nil })
	switch {
	case s.scheduled.IsZero() && !departed:
		return lost // its holder missed the last assignment
	case r.MaxDelay == 0:
		return lost
	case !s.scheduled.IsZero() && !r.Now.Before(s.scheduled):
		rest := s.toCandidates(lost, next, can)
		s.endDelay()
		s.revoking = false
		return rest
	}
	for _, l := range next {
		if l.Empty() && !slices.Contains(s.candidates, l.id) {
			s.candidates = append(slices.Clone(s.candidates), l.id)
		}
	}
	if r.Now.Before(s.scheduled) {
		s.delay = min(s.scheduled.Sub(r.Now), r.MaxDelay)
	} else {
		s.delay = r.MaxDelay
	}
	s.scheduled = r.Now.Add(s.delay)
	return Work{}
}

func (s *State) endDelay() { s.delay, s.scheduled, s.candidates = 0, time.Time{}, nil }

// toCandidates gives the lost work by turns to the members that were seen empty,
// most likely the lost ones come back. It returns what none of them may have.
func (s *State) toCandidates(lost Work, next []*load, can ability) (rest Work) {
	var back []*load
	for _, id := range s.candidates {
		if l := find(next, id); l != nil {
			back = append(back, l)
		}
	}
	for i, c := range lost.Connectors {
		if l := takes(back, i, c, can); l != nil {
			l.Connectors = append(l.Connectors, c)
		} else {
			rest.Connectors = append(rest.Connectors, c)
		}
	}
	for i, t := range lost.Tasks {
		if l := takes(back, i, t.Connector, can); l != nil {
			l.Tasks = append(l.Tasks, t)
		} else {
			rest.Tasks = append(rest.Tasks, t)
		}
	}
	return rest
}

// takes returns the member whose turn it is, or else the next that may have the
// connector; nil where none may.
func takes(loads []*load, turn int, connector string, can ability) *load {
	for i := range loads {
		if l := loads[(turn+i)%len(loads)]; can.may(l.id, connector) {
			return l
		}
	}
	return nil
}

func find(loads []*load, id string) *load {
	if i := slices.IndexFunc(loads, func(l *load) bool { return l.id == id }); i >= 0 {
		return loads[i]
	}
	return nil
}

// balance revokes what is too much from members, unless a delay is on. Rounds that
// revoke one after the other are held back longer and longer.
func (s *State) balance(r Round, tooMuch map[string]Work, next []*load, revoked map[string]Work) {
	if s.delay != 0 {
		s.revoking = false
		return
	}
	if len(tooMuch) == 0 {
		if s.revoking {
			s.revoking, s.successive = false, 0
		}
		return
	}
	if s.revoking {
		s.successive++
		if s.delay = backoff(s.successive, r.MaxDelay); s.delay != 0 {
			s.scheduled = r.Now.Add(s.delay)
			return
		}
	}
	s.revoking = true
	for id, w := range tooMuch {
		revoked[id] = revoked[id].Plus(w)
		l := find(next, id)
		l.Work = l.Minus(w)
	}
}

// backoff is 40 ms, 1.6 s, 64 s ..., at most maxDelay.
func backoff(attempts int, maxDelay time.Duration) time.Duration {
	most := maxDelay.Milliseconds()
	if most <= 1 {
		return maxDelay
	}
	exponent := min(float64(attempts), math.Log(float64(most))/math.Log(40))
	return time.Duration(min(int64(math.Pow(40, exponent)), most)) * time.Millisecond
}

// overload returns what each member runs of some connectors beyond a perfect
// balance. withOthers counts what else they run, so that members are even in all.
func overload(configured Work, next []*load, withOthers bool, of func(connector string) bool) map[string]Work {
	out := map[string]Work{}
	if configured.Empty() || !slices.ContainsFunc(next, func(l *load) bool { return !l.Empty() }) {
		return out
	}
	held := make([]Work, len(next))
	otherConnectors, otherTasks := make([]int, len(next)), make([]int, len(next))
	connectors, tasks := make([]int, len(next)), make([]int, len(next))
	for i, l := range next {
		held[i] = l.only(of)
		connectors[i], tasks[i] = len(held[i].Connectors), len(held[i].Tasks)
		if withOthers {
			otherConnectors[i], otherTasks[i] = len(l.Connectors)-connectors[i], len(l.Tasks)-tasks[i]
		}
	}
	total := configured.only(of)
	tooManyConnectors := excess(len(total.Connectors), connectors, otherConnectors)
	tooManyTasks := excess(len(total.Tasks), tasks, otherTasks)
	for i, l := range next {
		w := Work{slices.Clone(held[i].Connectors[:tooManyConnectors[i]]), slices.Clone(held[i].Tasks[:tooManyTasks[i]])}
		if !w.Empty() {
			out[l.id] = w
		}
	}
	return out
}

// excess returns how many units each member holds beyond its share of the total,
// where it has others to keep. The first members above the least share may keep
// one more, as many as the total does not divide.
func excess(total int, held, others []int) []int {
	out := make([]int, len(held))
	share, more := fill(total, others)
	atShare, atMore := 0, 0
	for i, n := range held {
		switch {
		case n+others[i] == share, n == 0 && others[i] > share:
			atShare++
		case n+others[i] == share+1:
			atMore++
		}
	}
	if atMore == more && atShare+atMore == len(held) {
		return out
	}
	for i, n := range held {
		if n == 0 || n+others[i] <= share {
			continue
		}
		most := max(share-others[i], 0)
		if more > 0 && others[i] <= share {
			more--
			most++
		}
		out[i] = max(n-most, 0)
	}
	return out
}

// deal gives work to the members that run the least, level by level.
func deal(next []*load, work Work) { dealOf(next, work, nil) }

// dealOf is deal, where only some connectors count; nil counts all.
func dealOf(next []*load, work Work, of func(connector string) bool) {
	counted := func(l *load) Work {
		if of == nil {
			return l.Work
		}
		return l.only(of)
	}
	level(next, len(work.Connectors), func(l *load) (int, int) { return len(counted(l).Connectors), len(l.Connectors) },
		func(l *load, i int) { l.Connectors = append(l.Connectors, work.Connectors[i]) })
	level(next, len(work.Tasks), func(l *load) (int, int) { return len(counted(l).Tasks), len(l.Tasks) },
		func(l *load, i int) { l.Tasks = append(l.Tasks, work.Tasks[i]) })
}

// level gives n units to the members of the least size, level by level; where
// that is the same, first to those with the least in all.
func level(next []*load, n int, size func(*load) (size, all int), give func(l *load, i int)) {
	next = slices.Clone(next)
	sizes, all := make(map[*load]int, len(next)), make(map[*load]int, len(next))
	for _, l := range next {
		sizes[l], all[l] = size(l)
	}
	slices.SortFunc(next, func(a, b *load) int {
		return cmp.Or(cmp.Compare(sizes[a], sizes[b]), cmp.Compare(all[a], all[b]), strings.Compare(a.id, b.id))
	})
	for i := 0; i < n; {
		least := sizes[next[0]]
		upTo := slices.IndexFunc(next, func(l *load) bool { return sizes[l] > least })
		if upTo < 0 {
			upTo = len(next)
		}
		for _, l := range next[:upTo] {
			if i == n {
				break
			}
			give(l, i)
			sizes[l]++
			i++
		}
	}
}
