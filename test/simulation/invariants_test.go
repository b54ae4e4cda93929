//go:build synctests

package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/group/assign"
	"sluice/internal/store"
	"sluice/internal/store/kafka"
)

// brokerPatience is longer than transaction.timeout.ms: until then the records
// behind a transaction that a lost worker has left open are not shown, and reading
// to the end waits for them, as in Java.
const brokerPatience = 2 * time.Minute

// check looks for what must never happen. It runs after every step.
func (s *sim) check() {
	s.mu.Lock()
	seq := s.seq
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(s.background(), brokerPatience)
	defer cancel()
	if err := s.observer.stores.Configs.Refresh(ctx); err != nil {
		s.t.Fatalf("%8.2f s  the broker does not answer: %v", time.Since(s.began).Seconds(), err)
	}
	s.checkAccepted(s.observer.stores.Configs.Snapshot(), seq)
	s.checkReads()
	s.running.check()
	s.observer.checkOffsets(ctx)
}

// checkAccepted compares what is stored with what was answered as accepted
// (invariant 3). What was learned after seq may be newer than the snapshot.
func (s *sim) checkAccepted(snapshot *store.ConfigSnapshot, seq int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(s.connectors)) {
		c := s.connectors[name]
		if c.learned > seq {
			continue
		}
		revision := revisionOf(snapshot, name)
		if !c.revision.may[revision] {
			s.errorf("connector %s is stored as revision %d, accepted is %v", name, revision, slices.Sorted(maps.Keys(c.revision.may)))
		}
		if target := snapshot.TargetState(name); revision != absent && !c.target.may[target] {
			s.errorf("connector %s is to be %s, accepted is %v", name, target, slices.Sorted(maps.Keys(c.target.may)))
		}
	}
}

// checkReads sees that no worker goes back in time (invariant 8).
func (s *sim) checkReads() {
	for _, n := range s.up() {
		offset := n.stores.Configs.Snapshot().Offset()
		if offset < n.offset {
			s.errorf("%s shows the configuration at offset %d, and before that at %d", n.id, offset, n.offset)
		}
		n.offset = offset
	}
}

func revisionOf(snapshot *store.ConfigSnapshot, name string) int {
	cfg := snapshot.Connector(name)
	if cfg == nil || cfg[revisionKey] == nil {
		return absent
	}
	n, _ := strconv.Atoi(*cfg[revisionKey])
	return n
}

// revision is that which the worker shows.
func (n *node) revision(name string) int { return revisionOf(n.stores.Configs.Snapshot(), name) }

// unsettled says what is not yet as it should be in a group at rest: everything
// that is configured runs once, in the state that is wanted, and every worker
// shows that.
func (s *sim) unsettled() []string {
	var wrong []string
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	truth := s.observer.stores.Configs.Snapshot()
	want := map[string]bool{}
	for name := range truth.Connectors() {
		target := truth.TargetState(name)
		units := []string{name}
		if !s.canRun(truth, name) {
			if at := s.running.at(name); len(at) > 0 {
				add("%s runs on %v, which lack its plugin", name, at)
			}
			continue
		}
		for _, id := range truth.Tasks(name) {
			units = append(units, id.String())
		}
		s.mu.Lock()
		tasks := s.connectors[name].tasks[revisionOf(truth, name)]
		s.mu.Unlock()
		if target == store.TargetStopped {
			tasks = 0
		}
		if target != store.TargetPaused && len(units)-1 != tasks {
			add("connector %s, which is to be %s, has %d tasks of %d", name, target, len(units)-1, tasks)
		}
		for _, u := range units {
			want[u] = true
			if at := s.running.at(u); target == store.TargetStarted && len(at) != 1 {
				add("%s runs on %v", u, at)
			}
		}
		for _, n := range s.up() {
			wrong = append(wrong, n.misshown(name, truth)...)
		}
	}
	for _, u := range s.running.all() {
		if !want[u] {
			add("%s runs on %v and is not configured", u, s.running.at(u))
		}
	}
	return wrong
}

// canRun tells whether some worker that is up has the plugin of the connector.
func (s *sim) canRun(truth *store.ConfigSnapshot, name string) bool {
	cfg := truth.Connector(name)
	return cfg != nil && (*cfg["connector.class"] == countingClass || slices.ContainsFunc(s.up(), func(n *node) bool { return n.able }))
}

// misshown says how the worker shows the connector wrongly.
func (n *node) misshown(name string, truth *store.ConfigSnapshot) []string {
	var wrong []string
	add := func(format string, args ...any) {
		wrong = append(wrong, n.id+" shows "+fmt.Sprintf(format, args...))
	}
	if got, want := n.revision(name), revisionOf(truth, name); got != want {
		add("revision %d of %s, which is %d", got, name, want)
	}
	state := map[store.TargetState]store.State{
		store.TargetStarted: store.Running, store.TargetPaused: store.Paused, store.TargetStopped: store.Stopped,
	}[truth.TargetState(name)]
	status, _ := n.herder.Status(name)
	if status.Connector.State != state {
		add("%s as %s, not %s", name, status.Connector.State, state)
	}
	// A late commit of a former leader may have left a paused one without tasks; it
	// is asked for them when it runs.
	if tasks := len(truth.Tasks(name)); len(status.Tasks) != tasks {
		add("%s with %d tasks of %d", name, len(status.Tasks), tasks)
	}
	shown := map[string]store.Status{name: status.Connector}
	for _, t := range status.Tasks {
		shown[store.TaskID{Connector: name, Task: t.ID}.String()] = t.Status
	}
	for unit, st := range shown {
		if unit != name && st.State != state {
			add("task %s as %s, not %s: %s", unit, st.State, state, st.Trace)
		}
		if at := n.sim.running.at(unit); state == store.Running && len(at) == 1 && at[0] != st.WorkerID {
			add("%s on %s, it runs on %v", unit, st.WorkerID, at)
		}
	}
	return wrong
}

// running notes where each connector and task runs.
type running struct {
	sim *sim

	mu     sync.Mutex                           // guards the following
	where  map[string]map[*node]<-chan struct{} // closed when it was told to stop
	counts map[string]int                       // of starts, by connector
	all_   int
}

func newRunning(s *sim) *running {
	return &running{sim: s, where: map[string]map[*node]<-chan struct{}{}, counts: map[string]int{}}
}

// start notes a start; told is closed when the instance is told to stop. Nobody else may
// run the same, unless it is a worker that stands still (invariant 2). The worker
// itself may have abandoned what it told to stop in vain.
func (r *running) start(told <-chan struct{}, unit string, n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if n.dead.Load() {
		return
	}
	connector, _, _ := strings.Cut(unit, "-")
	r.counts[connector]++
	r.all_++
	for other, before := range r.where[unit] {
		if other == n && !isClosed(before) || other != n && !other.zombie() && !n.zombie() {
			r.sim.errorf("%s is started on %s and runs on %s", unit, n.id, other.id)
		}
	}
	if r.where[unit] == nil {
		r.where[unit] = map[*node]<-chan struct{}{}
	}
	r.where[unit][n] = told
}

func isClosed(told <-chan struct{}) bool {
	select {
	case <-told:
		return true
	default:
		return false
	}
}

// stop notes the end of what was started with told.
func (r *running) stop(told <-chan struct{}, unit string, n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.where[unit][n] == told {
		r.drop(unit, n)
	}
}

func (r *running) drop(unit string, n *node) {
	delete(r.where[unit], n)
	if len(r.where[unit]) == 0 {
		delete(r.where, unit)
	}
}

// forget notes that a worker is dead.
func (r *running) forget(n *node) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for unit := range r.where {
		r.drop(unit, n)
	}
}

// starts counts the starts of a connector and its tasks; "" is all.
func (r *running) starts(connector string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if connector == "" {
		return r.all_
	}
	return r.counts[connector]
}

func (r *running) at(unit string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ids []string
	for n := range r.where[unit] {
		ids = append(ids, n.id)
	}
	slices.Sort(ids)
	return ids
}

func (r *running) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.where))
}

// check sees that nothing runs twice but for what workers that stood still have
// not noticed yet.
func (r *running) check() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for unit, nodes := range r.where {
		var ids []string
		for n := range nodes {
			if !n.zombie() {
				ids = append(ids, n.id)
			}
		}
		if len(ids) > 1 {
			slices.Sort(ids)
			r.sim.errorf("%s runs on %v", unit, ids)
		}
	}
}

// assignments are what the workers were told in each generation.
type assignments struct {
	sim *sim

	mu     sync.Mutex // guards the following
	owners map[int]map[string]string
	leader map[int]string
}

func newAssignments(s *sim) *assignments {
	return &assignments{sim: s, owners: map[int]map[string]string{}, leader: map[int]string{}}
}

// note sees that in one generation nothing is given to two workers, and all
// follow one leader (invariant 2).
func (a *assignments) note(n *node, got assign.Assignment) {
	a.mu.Lock()
	defer a.mu.Unlock()
	g := got.Generation
	if a.owners[g] == nil {
		a.owners[g] = map[string]string{}
		a.leader[g] = got.LeaderURL
	}
	if a.leader[g] != got.LeaderURL {
		a.sim.errorf("generation %d is led by %s and by %s", g, a.leader[g], got.LeaderURL)
	}
	units := slices.Clone(got.Held.Connectors)
	for _, id := range got.Held.Tasks {
		units = append(units, id.String())
	}
	for _, u := range units {
		if other, taken := a.owners[g][u]; taken && other != n.id {
			a.sim.errorf("%s is given to %s and to %s in generation %d", u, other, n.id, g)
		}
		a.owners[g][u] = n.id
	}
}

// observer reads what is stored; its network never fails.
type observer struct {
	sim    *sim
	stores *kafka.Stores
	data   *kgo.Client
	next   int64 // the offset of the data topic to read next
	// seen counts the records of each task: "c1-0" to number to count.
	seen map[string]map[int64]int
}

func newObserver(s *sim) *observer {
	o := &observer{sim: s, seen: map[string]map[int64]int{}}
	link := s.network.link()
	opts := link.opts()
	var err error
	if o.stores, err = kafka.New(kafka.Config{Worker: s.settings(), Log: logger("observer"), Opts: opts}); err != nil {
		s.t.Fatal(err)
	}
	if err := o.stores.Start(s.background()); err != nil {
		s.t.Fatal(err)
	}
	isolation := kgo.ReadUncommitted()
	if s.exactlyOnce {
		isolation = kgo.ReadCommitted()
	}
	o.data, err = kgo.NewClient(append(opts, kgo.SeedBrokers(s.broker), kgo.FetchIsolationLevel(isolation), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{dataTopic: {0: kgo.NewOffset().At(0)}}))...)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func (o *observer) close() {
	o.data.Close()
	if err := o.stores.Close(); err != nil {
		o.sim.t.Error(err)
	}
}

// checkOffsets sees that all records up to each committed offset are in Kafka
// (invariant 1), and with exactly-once support that none is there twice, not even
// of a worker that stood still (invariant 2).
func (o *observer) checkOffsets(ctx context.Context) {
	committed := map[string]int64{}
	for _, name := range o.sim.created() {
		offsets, err := o.stores.Offsets.List(ctx, name)
		if err != nil {
			o.sim.t.Fatal(err)
		}
		for _, offset := range offsets {
			unit, _ := offset.Partition.Lookup("unit")
			n, _ := offset.Offset.Lookup("n")
			committed[unit.Text()] = n.Int()
		}
	}
	if !o.read(ctx) {
		return // records that are committed are not shown yet
	}
	for unit, end := range committed {
		for n := int64(1); n <= end; n++ {
			if o.seen[unit][n] == 0 {
				o.sim.errorf("the offset %d of %s is committed, and record %d is not in Kafka", end, unit, n)
				break
			}
		}
	}
}

// read reads the data topic to its end. Behind an open transaction committed
// records are not shown; then it returns false.
func (o *observer) read(ctx context.Context) bool {
	admin := kadm.NewClient(o.data)
	ends, err := admin.ListEndOffsets(ctx, dataTopic)
	shown, errShown := admin.ListCommittedOffsets(ctx, dataTopic)
	if err := errors.Join(err, errShown, ends.Error(), shown.Error()); err != nil {
		o.sim.t.Fatal(err)
	}
	end, _ := ends.Lookup(dataTopic, 0)
	upTo := end
	if o.sim.exactlyOnce {
		upTo, _ = shown.Lookup(dataTopic, 0)
	}
	for o.next < upTo.Offset {
		fetches := o.data.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			o.sim.t.Fatal(err)
		}
		fetches.EachRecord(o.see)
	}
	return upTo.Offset >= end.Offset
}

func (o *observer) see(r *kgo.Record) {
	o.next = r.Offset + 1
	unit, number, data := strings.Cut(string(r.Value), ":")
	if r.Attrs.IsControl() || !data {
		return
	}
	n, _ := strconv.ParseInt(number, 10, 64)
	if o.seen[unit] == nil {
		o.seen[unit] = map[int64]int{}
	}
	if o.seen[unit][n]++; o.seen[unit][n] == 2 && o.sim.exactlyOnce {
		o.sim.errorf("record %d of %s is in Kafka twice", n, unit)
	}
}

// created returns the names of all connectors that ever were.
func (s *sim) created() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.connectors))
}
