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
func TestFaults(t *testing.T) {
	r := &run{plan: readPlan(t), dir: t.TempDir(), recoveries: map[string][]time.Duration{}}
	t.Logf("SEED=%d, %s, %d workers", r.plan.seed, r.plan.during, r.plan.workers)
	r.cluster = startCluster(t, r.plan.workers, r.plan.java)
	r.cluster.answers()
	r.idle = r.settledGoroutines(t)
	for i := range calmPairs + changedPairs {
		p := newPair(t, r.dir, r.cluster.props["group.id"], i)
		p.create(t, r.cluster.urls[0])
		r.pairs = append(r.pairs, p)
	}
	r.recovered(t, "the start")
	r.breakThings(t)
	r.settle(t)
	r.audit(t)
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
	plan    plan
	dir     string
	cluster *cluster
	pairs   []*pair
	changes churn

	recoveries map[string][]time.Duration // by fault
	disturbed  time.Duration              // from a commit before each fault to the recovery, together
	idle       []float64                  // goroutines of each worker without connectors
	left       []float64                  // the same at the end
	peak       float64                    // resident bytes of the biggest worker
	kafka      totals
	files      totals
}

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
	s := schedule{random: random, all: faults()}
	for end := time.Now().Add(r.plan.during); time.Now().Before(end); {
		time.Sleep(seconds(random, 0, 2)) // the instants are the input of this test
		f, began := s.next(), time.Now()
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
	for _, p := range r.pairs[:calmPairs] {
		r.until(t, func() string {
			if at, of := lastNumber(p.out), lastNumber(p.in); at < of-linesPerSec {
				return fmt.Sprintf("after %s %s is at line %d of %d", after, p.out, at, of)
			}
			return ""
		})
		target := lastNumber(p.in)
		r.until(t, func() string {
			if at := lastNumber(p.out); at < target {
				return fmt.Sprintf("after %s %s is at line %d, not at %d", after, p.out, at, target)
			}
			return ""
		})
	}
}

// until waits until why returns "", and fails the test with the states of the
// connectors otherwise.
func (r *run) until(t *testing.T, why func() string) {
	t.Helper()
	for end := time.Now().Add(wait); ; {
		text := why()
		if text == "" {
			return
		}
		if time.Now().After(end) {
			states, err := kafkatest.Statuses(t.Context(), r.cluster.urls[0])
			t.Fatalf("%s; states: %+v, %v", text, states, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (r *run) noteMemory() {
	if r.plan.java {
		return
	}
	if values, err := r.cluster.memory(); err == nil {
		r.peak = max(r.peak, slices.Max(values))
	}
}

// settle puts every configuration and state back, and waits until all that was
// written has come out.
func (r *run) settle(t *testing.T) {
	t.Helper()
	url := r.cluster.urls[0]
	for _, p := range r.pairs {
		p.create(t, url)
		for _, name := range []string{p.source(), p.sink()} {
			kafkatest.Do(t, http.MethodPut, url+"/connectors/"+name+"/resume", nil)
		}
	}
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
		for where, a := range map[string]*audit{"Kafka": topic, "the file": file} {
			if a.lost() > 0 || a.disorder > 0 || a.foreign > 0 {
				t.Errorf("%s in %s: of %d lines %d are lost, %d out of order, and %d were never written", p.topic, where, p.written, a.lost(), a.disorder, a.foreign)
			}
		}
		// What REST changes repeats besides is not bounded by the faults.
		if i < calmPairs && (topic.repeated > bound || file.repeated-topic.repeated > bound) {
			t.Errorf("%s: %d repeats in Kafka and %d more in the file, more than the %d lines written while things were broken", p.topic, topic.repeated, file.repeated-topic.repeated, bound)
		}
		r.until(t, func() string { return p.offsets(t.Context(), r.cluster.urls[0], r.cluster.proxy.address()) })
	}
}

// settledGoroutines waits until the workers' goroutines are as few as they get.
func (r *run) settledGoroutines(t *testing.T) []float64 {
	t.Helper()
	if r.plan.java {
		return nil
	}
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

// leaveNothing deletes all connectors, after which each worker must have about as
// many goroutines as before the first, and ends the workers.
func (r *run) leaveNothing(t *testing.T) {
	t.Helper()
	for _, p := range r.pairs {
		for _, name := range []string{p.source(), p.sink()} {
			kafkatest.Do(t, http.MethodDelete, r.cluster.urls[0]+"/connectors/"+name, nil)
		}
	}
	if !r.plan.java {
		// The leader has clients of its own, and which worker leads has changed: the
		// busiest before is what counts. Connections of REST have goroutines, too.
		const spare = 8
		limit := slices.Max(r.idle) + spare
		r.until(t, func() string {
			var err error
			if r.left, err = r.cluster.goroutines(); err != nil {
				return err.Error()
			}
			if slices.Max(r.left) > limit {
				return fmt.Sprintf("%v goroutines are left, %v were there before", r.left, r.idle)
			}
			return ""
		})
	}
	for i := range r.cluster.workers {
		r.cluster.stop(i)
	}
}
