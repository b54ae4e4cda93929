package herder

import (
	"maps"
	"slices"
	"time"

	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// cluster is the state of the loop in distributed mode: nothing else reads or
// writes it.
type cluster struct {
	configs    *store.ConfigSnapshot // as far as the loop has taken it in
	assignment assign.Assignment
	connectors map[string]bool         // that this worker is to run
	tasks      map[string]map[int]bool // likewise
	here       map[string]*here
	commits    map[string]int64 // by connector: the offset at which its last task configurations were seen
	starts     int              // numbers starts and plans, so that late statuses of a former one are known
	renewing   bool             // a new session key is being written
	ownKey     string           // the last session key that this worker has made
	renewal    *time.Timer      // of the session key; nil before the first
	needs      int64            // the offset of the last change that needs a rebalance
	settling   []func()         // called when an assignment takes needs into account
	// whenStopped are called when all is stopped at the end: what was revoked runs no more.
	whenStopped []func()
}

// here is what of one connector runs on this worker.
type here struct {
	connector  *instance // nil where it does not
	tasks      map[int]*instance
	target     store.TargetState // what the worker was told last
	queued     bool              // an operation is queued that compares and acts
	replanning bool              // an operation is queued that asks for task configurations
	plan       int               // the number of the last time that the connector was asked
	attempts   int               // to publish task configurations, since the last success
}

// instance is a connector or a task that was started here.
type instance struct {
	number     int  // of the start
	generation int  // of the task configurations it was started with
	restart    bool // to be stopped and started again
	announce   bool // the restart is shown as RESTARTING
	status     store.Status
	waiting    chan<- store.Status // hears of the next status
}

func newCluster() *cluster {
	return &cluster{
		configs: store.NewConfigSnapshot(), connectors: map[string]bool{}, tasks: map[string]map[int]bool{},
		here: map[string]*here{}, commits: map[string]int64{}, needs: -1,
	}
}

func (s *cluster) init(first *store.ConfigSnapshot) *cluster {
	s.configs = first
	return s
}

// renewIn calls f after that time, in the place of an earlier call.
func (s *cluster) renewIn(d time.Duration, f func()) {
	if s.renewal != nil {
		s.renewal.Stop()
	}
	s.renewal = time.AfterFunc(d, f)
}

// settled tells whether no rebalance is expected.
func (s *cluster) settled() bool { return s.assignment.ConfigOffset >= s.needs }

// whenSettled calls f as soon as no rebalance is expected.
func (s *cluster) whenSettled(f func()) {
	s.settling = append(s.settling, f)
	s.checkSettled()
}

func (s *cluster) checkSettled() {
	if s.settled() {
		for _, f := range s.settling {
			f()
		}
		s.settling = nil
	}
}

func (s *cluster) next() int {
	s.starts++
	return s.starts
}

// tellStopped says that nothing runs here any more.
func (s *cluster) tellStopped() {
	for _, done := range s.whenStopped {
		done()
	}
	s.whenStopped = nil
}

// assign replaces what this worker is to run.
func (s *cluster) assign(a assign.Assignment) {
	s.assignment = a
	clear(s.connectors)
	clear(s.tasks)
	for _, c := range a.Held.Connectors {
		s.connectors[c] = true
	}
	for _, t := range a.Held.Tasks {
		if s.tasks[t.Connector] == nil {
			s.tasks[t.Connector] = map[int]bool{}
		}
		s.tasks[t.Connector][t.Task] = true
	}
}

// revoke takes work away, and returns the names of its connectors. What runs of it
// is of no use any more, even if it comes back.
func (s *cluster) revoke(w assign.Work) []string {
	names := map[string]bool{}
	for _, c := range w.Connectors {
		names[c] = true
		delete(s.connectors, c)
		if l := s.here[c]; l != nil && l.connector != nil {
			l.connector.restart = true
		}
	}
	for _, t := range w.Tasks {
		names[t.Connector] = true
		delete(s.tasks[t.Connector], t.Task)
		if l := s.here[t.Connector]; l != nil && l.tasks[t.Task] != nil {
			l.tasks[t.Task].restart = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// names returns the connectors of which something runs here, or is to.
func (s *cluster) names() []string {
	names := maps.Clone(s.connectors)
	for name := range s.tasks {
		names[name] = true
	}
	for name := range s.here {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// at returns what runs here of a connector.
func (s *cluster) at(name string) *here {
	l := s.here[name]
	if l == nil {
		l = &here{tasks: map[int]*instance{}}
		s.here[name] = l
	}
	return l
}

// tidy forgets a connector of which nothing runs here.
func (s *cluster) tidy(name string) {
	if l := s.here[name]; l != nil && l.connector == nil && len(l.tasks) == 0 && !l.queued && !l.replanning {
		delete(s.here, name)
	}
}

// steps is what has to be done for one connector, in this order.
type steps struct {
	stopTasks      []int
	stopConnector  bool
	startConnector bool
	startTasks     []int
	retarget       bool // the worker is to be told of another target state
}

func (s steps) stops() bool { return s.stopConnector || len(s.stopTasks) > 0 }
func (s steps) some() bool {
	return s.stops() || s.startConnector || len(s.startTasks) > 0 || s.retarget
}

// compare returns what has to be done so that of the connector that runs here
// which the group has assigned and the config store configures.
//
// A task whose configuration was replaced is stopped at once, and started only
// when an assignment has taken the change into account: by then all workers have
// stopped theirs.
func (s *cluster) compare(name string) steps {
	var out steps
	l := s.here[name]
	if l == nil {
		l = &here{}
	}
	exists := s.configs.Contains(name)
	wanted := exists && s.connectors[name]
	if c := l.connector; c != nil {
		out.stopConnector = !wanted || c.restart
	}
	out.startConnector = wanted && (l.connector == nil || out.stopConnector)

	count, generation := 0, s.configs.TaskGeneration(name)
	if exists && !s.configs.Inconsistent(name) {
		count = s.configs.TaskCount(name)
	}
	wantedTask := func(id int) bool { return id < count && s.tasks[name][id] }
	for _, id := range slices.Sorted(maps.Keys(l.tasks)) {
		if t := l.tasks[id]; !wantedTask(id) || t.restart || t.generation != generation {
			out.stopTasks = append(out.stopTasks, id)
		}
	}
	if s.assignment.ConfigOffset >= s.commits[name] {
		for _, id := range slices.Sorted(maps.Keys(s.tasks[name])) {
			if wantedTask(id) && (l.tasks[id] == nil || slices.Contains(out.stopTasks, id)) {
				out.startTasks = append(out.startTasks, id)
			}
		}
	}
	runs := l.connector != nil || len(l.tasks) > 0
	out.retarget = runs && exists && l.target != s.configs.TargetState(name)
	return out
}
