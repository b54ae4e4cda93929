//go:build integration

package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

const (
	calmPairs    = 2 // nobody changes them: recovery is measured on them
	changedPairs = 2
	linesPerSec  = 1000            // what kafkatest.WriteLines writes into each file
	commitGap    = 2 * time.Second // commits of offsets are never further apart in a cluster that works
)

// TestFaults breaks workers, broker and connections in the order that the seed
// decides, changes connectors all along, and then counts: no line is lost, first
// occurrences are in order, repeats are no more than what was written between a
// commit before a fault and the recovery, offsets fit files and topics, every
// orderly stop ends with exit code 0, and no goroutine is left.
func TestFaults(t *testing.T) { breakAll(t, readPlan(t)) }

// TestFaultsExactlyOnce is the short form with exactly-once delivery: no line is
// committed twice.
func TestFaultsExactlyOnce(t *testing.T) {
	breakAll(t, plan{seed: 1845, during: 20 * time.Second, workers: 2, exactlyOnce: true})
}

func breakAll(t *testing.T, p plan) {
	t.Helper()
	r := &run{plan: p, recoveries: map[string][]time.Duration{}}
	t.Logf("SEED=%d, %s, %d workers, exactly once: %t, Java: %q", r.plan.seed, r.plan.during, r.plan.workers, r.plan.exactlyOnce, r.plan.kinds)
	r.cluster = startCluster(t, r.plan)
	r.cluster.answers()
	r.operator = operator{urls: r.cluster.urls, restarts: map[string]int{}, reasons: map[string]int{}}
	r.idle, r.idleConns = r.settledGoroutines(t), r.cluster.proxy.count()
	in, out := t.TempDir(), t.TempDir()
	if r.cluster.files != nil {
		out = r.cluster.files.path
	}
	for i := range calmPairs + changedPairs {
		p := newPair(t, in, out, r.cluster.props["group.id"], i, r.plan.exactlyOnce)
		p.create(t, r.cluster.urls[0])
		r.pairs = append(r.pairs, p)
	}
	r.recovered(t, "the start")
	r.breakThings(t)
	r.settle(t)
	r.audit(t)
	r.judge(t)
	r.leaveNothing(t)
	text := r.table()
	t.Log("\n" + text)
	if r.plan.report != "" && !t.Failed() {
		if err := kafkatest.ReplaceSection(r.plan.report, r.section(), text); err != nil {
			t.Error(err)
		}
	}
}

// run is one run of TestFaults.
type run struct {
	plan     plan
	cluster  *cluster
	pairs    []*pair
	changes  churn
	operator operator
	fault    string    // the last one
	settling bool      // all is to run as at the start
	restored time.Time // when that was seen to last

	recoveries map[string][]time.Duration // by fault
	never      []string                   // faults after which Java recovered only when its workers were started anew
	hung       int                        // transactions that the broker has forgotten
	disturbed  time.Duration              // from a commit before each fault to the recovery, together
	idle, left []float64                  // goroutines of each worker of ours before the first connector, and after the last
	idleConns  int                        // connections to the broker before the first connector
	leftConns  int                        // and after the last
	memory     []float64                  // resident bytes of the biggest worker of ours after each fault
	kafka      totals
	files      totals
}

// ours tells whether what is counted is judged: Java alone is only looked at.
func (r *run) ours() bool { return r.plan.kinds != "all" }

// totals are the audits of all pairs together.
type totals struct{ written, lost, repeated, disorder, torn, foreign int }

func (s *totals) add(a *audit) {
	s.written += len(a.seen)
	s.lost += a.lost()
	s.repeated += a.repeated
	s.disorder += a.disorder
	s.torn += a.torn
	s.foreign += a.foreign
}

func (r *run) breakThings(t *testing.T) {
	t.Helper()
	random := rand.New(rand.NewPCG(r.plan.seed, 1))
	r.changes = churn{urls: r.cluster.urls, pairs: r.pairs[calmPairs:], random: rand.New(rand.NewPCG(r.plan.seed, 2))}
	r.changes.begin(t.Context())
	defer r.changes.end()
	s := schedule{random: random, all: append(faults(), diskFaults(r.cluster)...)}
	for end := time.Now().Add(r.plan.during); time.Now().Before(end); {
		time.Sleep(seconds(random, 0, 2)) // the instants are the input of this test
		f, began := s.next(), time.Now()
		r.fault = f.name
		f.inject(r.cluster, random)
		over := time.Now()
		r.recovered(t, f.name)
		r.recoveries[f.name] = append(r.recoveries[f.name], time.Since(over))
		r.disturbed += time.Since(began) + commitGap
		t.Logf("%-60s took %5.1f s, recovery %5.1f s", f.name, over.Sub(began).Seconds(), time.Since(over).Seconds())
		r.noteMemory()
	}
}

// recovered waits until every line that was in the files of the calm pairs when it
// was called has come out.
func (r *run) recovered(t *testing.T, after string) {
	t.Helper()
	targets := make([]int, calmPairs)
	for i, p := range r.pairs[:calmPairs] {
		targets[i] = lastNumber(p.in)
	}
	behind := func() string {
		for i, p := range r.pairs[:calmPairs] {
			if at := lastNumber(p.out); at < targets[i] {
				return fmt.Sprintf("after %s %s is at line %d, not at %d", after, p.out, at, targets[i])
			}
		}
		return ""
	}
	if text := r.comesRight(t, behind); text != "" && !r.ours() {
		t.Log(text)
		r.never = append(r.never, after)
		for i := range r.cluster.workers {
			r.cluster.stop(i)
			r.cluster.start(i)
		}
	}
	r.until(t, behind)
}

// until waits until why returns "", and fails the test with the states of the
// connectors otherwise.
func (r *run) until(t *testing.T, why func() string) {
	t.Helper()
	if text := r.comesRight(t, why); text != "" {
		_, states := r.operator.statuses(t.Context())
		t.Fatalf("%s; states: %+v", text, states)
	}
}

// comesRight waits until why returns "", while the operator does what people do. It
// returns the last text where that takes too long.
func (r *run) comesRight(t *testing.T, why func() string) string {
	t.Helper()
	var calm []string
	for _, p := range r.pairs[:min(calmPairs, len(r.pairs))] {
		calm = append(calm, p.source(), p.sink())
	}
	hang := time.Now().Add(hangsAfter)
	for end := time.Now().Add(wait); ; {
		text := why()
		if text == "" || time.Now().After(end) {
			return text
		}
		r.operator.look(t, r.fault, calm)
		if r.plan.exactlyOnce && time.Now().After(hang) {
			r.hung += endHanging(t.Context(), t, r.cluster.proxy.address())
			hang = time.Now().Add(hangsAfter)
		}
		if r.settling && time.Since(r.restored) > time.Second {
			r.restored = time.Now()
			r.restore(t)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (r *run) noteMemory() {
	if values, err := r.cluster.memory(); err == nil && len(values) > 0 {
		r.memory = append(r.memory, slices.Max(values))
	}
}

// settle puts every configuration and state back, and waits until all that was
// written has come out.
func (r *run) settle(t *testing.T) {
	t.Helper()
	url := r.cluster.urls[0]
	for _, p := range r.pairs {
		p.create(t, url)
	}
	r.settling = true
	defer func() { r.settling = false }()
	for _, p := range r.pairs {
		p.written = p.lines.Finish()
	}
	for _, p := range r.pairs {
		r.until(t, func() string {
			if at := lastNumber(p.out); at != p.written-1 {
				return fmt.Sprintf("%s is at line %d of %d", p.out, at, p.written)
			}
			return ""
		})
	}
	r.until(t, func() string {
		statuses, err := kafkatest.Statuses(t.Context(), url)
		if err != nil {
			return err.Error()
		}
		return allRunning(statuses, 2*len(r.pairs))
	})
}

// restore makes what is deleted and resumes what is stopped: a request that was
// given up may have been carried out late.
func (r *run) restore(t *testing.T) {
	t.Helper()
	url, statuses := r.operator.statuses(t.Context())
	if url == "" {
		return
	}
	for _, p := range r.pairs {
		for name, config := range p.configs() {
			s, there := statuses[name]
			switch {
			case !there:
				_, _ = kafkatest.Call(t.Context(), http.MethodPut, url+"/connectors/"+name+"/config", config) // again in a second
			case s.Connector.State == "PAUSED" || s.Connector.State == "STOPPED":
				_, _ = kafkatest.Call(t.Context(), http.MethodPut, url+"/connectors/"+name+"/resume", nil) // as above
			}
		}
	}
}

// allRunning says what keeps n connectors from RUNNING with their tasks.
func allRunning(statuses map[string]kafkatest.Status, n int) string {
	if len(statuses) != n {
		return fmt.Sprintf("%d of %d connectors are there", len(statuses), n)
	}
	for name, s := range statuses {
		if len(s.Tasks) == 0 {
			return name + " has no tasks"
		}
		for _, i := range append([]kafkatest.Instance{s.Connector}, s.Tasks...) {
			if i.State != "RUNNING" {
				return fmt.Sprintf("%s is %s on %s: %s", name, i.State, i.WorkerID, i.Trace)
			}
		}
	}
	return ""
}

func (r *run) audit(t *testing.T) {
	t.Helper()
	bound := int(r.disturbed.Seconds() * linesPerSec)
	for i, p := range r.pairs {
		topic, err := p.topicAudit(t.Context(), r.cluster.proxy.address())
		if err != nil {
			t.Fatal(err)
		}
		file, err := p.fileAudit()
		if err != nil {
			t.Fatal(err)
		}
		r.kafka.add(topic)
		r.files.add(file)
		r.until(t, func() string { return p.offsets(t.Context(), r.cluster.urls[0], r.cluster.proxy.address()) })
		if !r.ours() {
			continue
		}
		for where, a := range map[string]*audit{"Kafka": topic, "the file": file} {
			if a.lost() > 0 || a.disorder > 0 || a.foreign > 0 {
				t.Errorf("%s in %s: of %d lines %d are lost, %d out of order, and %d were never written", p.topic, where, p.written, a.lost(), a.disorder, a.foreign)
			}
		}
		// The offsets of a transaction that the broker has half committed are gone.
		if r.plan.exactlyOnce && topic.repeated > 0 && r.hung == 0 {
			t.Errorf("%s: %d lines are committed more than once", p.topic, topic.repeated)
		}
		// What REST changes repeats besides is not bounded by the faults.
		if i < calmPairs && (topic.repeated > bound || file.repeated-topic.repeated > bound) {
			t.Errorf("%s: %d repeats in Kafka and %d more in the file, more than the %d lines written while things were broken", p.topic, topic.repeated, file.repeated-topic.repeated, bound)
		}
	}
}

// judge holds our workers to what they must do without a person, and to memory
// that stays.
func (r *run) judge(t *testing.T) {
	t.Helper()
	if r.plan.kinds == "" {
		for fault, n := range r.operator.restarts {
			if fault != sinksDiskFull { // which no task can mend
				t.Errorf("%d tasks had to be restarted after %q", n, fault)
			}
		}
	}
	const few, allowed, spare = 8, 1.3, 20e6
	if n := len(r.memory); n >= few {
		if first, second := median(r.memory[:n/2]), median(r.memory[n/2:]); second > first*allowed+spare {
			t.Errorf("resident memory grew from %.0f to %.0f MB", first/1e6, second/1e6)
		}
	}
}

func median(values []float64) float64 {
	values = slices.Sorted(slices.Values(values))
	return values[len(values)/2]
}

// settledGoroutines waits until the workers' goroutines are as few as they get.
func (r *run) settledGoroutines(t *testing.T) []float64 {
	t.Helper()
	var least []float64
	for range 20 {
		now, err := r.cluster.goroutines()
		if err != nil {
			t.Fatal(err)
		}
		if least == nil {
			least = now
		}
		for i, n := range now {
			least[i] = min(least[i], n)
		}
		time.Sleep(100 * time.Millisecond)
	}
	return least
}

// leaveNothing stops all connectors, which must end, and deletes them. After that
// each worker must have about as many goroutines and connections as before the
// first one, and ends.
func (r *run) leaveNothing(t *testing.T) {
	t.Helper()
	url := r.cluster.urls[0]
	for _, method := range []string{http.MethodPut, http.MethodDelete} {
		path := map[string]string{http.MethodPut: "/stop", http.MethodDelete: ""}[method]
		for _, p := range r.pairs {
			for _, name := range []string{p.source(), p.sink()} {
				kafkatest.Do(t, method, url+"/connectors/"+name+path, nil)
			}
		}
		r.until(t, func() string {
			_, statuses := r.operator.statuses(t.Context())
			for name, s := range statuses {
				if method == http.MethodDelete || s.Connector.State != "STOPPED" || len(s.Tasks) > 0 {
					return fmt.Sprintf("%s is not stopped or deleted: %+v", name, s)
				}
			}
			return ""
		})
	}
	// The leader has clients of its own, and which worker leads has changed: the
	// busiest before is what counts. Connections of REST have goroutines, too. A
	// client may have more than one connection to the broker, and Java's do.
	const spare = 8
	r.until(t, func() string {
		var err error
		if r.left, err = r.cluster.goroutines(); err != nil {
			return err.Error()
		}
		if len(r.left) > 0 && slices.Max(r.left) > slices.Max(r.idle)+spare {
			return fmt.Sprintf("%v goroutines are left, %v were there before", r.left, r.idle)
		}
		if r.leftConns = r.cluster.proxy.count(); r.leftConns > r.idleConns+spare {
			return fmt.Sprintf("%d connections to the broker are left, %d were there before", r.leftConns, r.idleConns)
		}
		return ""
	})
	for i := range r.cluster.workers {
		r.cluster.stop(i)
	}
}
