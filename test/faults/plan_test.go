//go:build integration

package faults

import (
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

// plan is what a run is asked for by the environment.
type plan struct {
	seed        uint64
	during      time.Duration
	workers     int
	kinds       kinds
	exactlyOnce bool
	report      string // the document to write the table into, if any
}

// kinds says which workers are Java's: none, "mixed", which is every second one, or
// "all".
type kinds string

func (k kinds) java(worker int) bool { return k == "all" || k == "mixed" && worker%2 == 1 }

// readPlan takes SEED, FAULTS_TIME, FAULTS_WORKERS, FAULTS_JAVA (1 or mixed),
// FAULTS_EOS and FAULTS_REPORT; without them a run is short and always the same.
func readPlan(t *testing.T) plan {
	t.Helper()
	p := plan{seed: kafkatest.Seed(t, 15), during: 30 * time.Second, workers: 2, exactlyOnce: os.Getenv("FAULTS_EOS") != "", report: os.Getenv("FAULTS_REPORT")}
	switch text := os.Getenv("FAULTS_JAVA"); text {
	case "":
	case "mixed":
		p.kinds = "mixed"
	case "1":
		p.kinds = "all"
	default:
		t.Fatalf("JAVA is %q: give 1 or mixed", text)
	}
	var err error
	if s := os.Getenv("FAULTS_TIME"); s != "" {
		if p.during, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	if s := os.Getenv("FAULTS_WORKERS"); s != "" {
		if p.workers, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// fault is a way to break things. It returns when it is over and what is broken
// can recover.
type fault struct {
	name   string
	inject func(c *cluster, r *rand.Rand)
}

func seconds(r *rand.Rand, from, to float64) time.Duration {
	return time.Duration((from + r.Float64()*(to-from)) * float64(time.Second))
}

const sinksDiskFull = "the disk of the sinks' files full"

// diskFaults are those of full disks. A FileStreamSink of Java loses what it
// writes to one without a word, so a mixed group has none of these.
func diskFaults(c *cluster) []fault {
	if c.data == nil {
		return nil
	}
	out := []fault{{"the broker's disk full, its end, and its start", func(c *cluster, r *rand.Rand) {
		c.fill(c.data)
		time.Sleep(seconds(r, 1, 4))
		if _, err := kafkatest.Run(c.t.Context(), "kill", c.broker); err != nil { // it may have ended itself
			c.t.Fatal(err)
		}
		c.free(c.data)
		c.startBroker(restart)
	}}}
	if c.kinds != "mixed" {
		out = append(out, fault{sinksDiskFull, func(c *cluster, r *rand.Rand) {
			c.fill(c.files)
			time.Sleep(seconds(r, 2, 6))
			c.free(c.files)
		}})
	}
	return out
}

// faults are all of the others.
func faults() []fault {
	return []fault{
		{"kill -9 of a worker", func(c *cluster, r *rand.Rand) {
			i, pause := r.IntN(len(c.workers)), seconds(r, 0, 3)
			c.workers[i].Kill()
			time.Sleep(pause) // the outage is the fault, here and below
			c.start(i)
		}},
		{"kill -9 of all workers", func(c *cluster, r *rand.Rand) {
			for _, w := range c.workers {
				w.Kill()
			}
			time.Sleep(seconds(r, 0, 1))
			for i := range c.workers {
				c.start(i)
			}
		}},
		{"orderly restart of a worker", func(c *cluster, r *rand.Rand) {
			i := r.IntN(len(c.workers))
			c.stop(i)
			c.start(i)
		}},
		{"freeze (SIGSTOP) for less than a session", func(c *cluster, r *rand.Rand) { c.freeze(r.IntN(len(c.workers)), seconds(r, 1, 5)) }},
		{"freeze (SIGSTOP) for more than a session", func(c *cluster, r *rand.Rand) { c.freeze(r.IntN(len(c.workers)), seconds(r, 7, 10)) }},
		{"kill -9 and start of the broker", func(c *cluster, r *rand.Rand) { c.restartBroker("kill", seconds(r, 0, 2)) }},
		{"orderly restart of the broker", func(c *cluster, r *rand.Rand) { c.restartBroker("stop", 0) }},
		{"all connections closed, three times", func(c *cluster, r *rand.Rand) {
			for range 3 {
				c.proxy.closeAll()
				time.Sleep(seconds(r, 0, 1))
			}
		}},
		{"broker out of reach", func(c *cluster, r *rand.Rand) {
			c.proxy.refuseAll(true)
			time.Sleep(seconds(r, 1, 8))
			c.proxy.refuseAll(false)
		}},
		{"all bytes held back, then passed", func(c *cluster, r *rand.Rand) {
			c.proxy.hold(true)
			time.Sleep(seconds(r, 1, 8))
			c.proxy.hold(false)
		}},
		{"all bytes held back, then dropped with their connections", func(c *cluster, r *rand.Rand) {
			c.proxy.hold(true)
			time.Sleep(seconds(r, 1, 5))
			c.proxy.closeAll()
			c.proxy.hold(false)
		}},
		{"every piece delayed by up to 100 ms", func(c *cluster, r *rand.Rand) {
			c.proxy.slow(seconds(r, 0.01, 0.1))
			time.Sleep(seconds(r, 3, 6))
			c.proxy.slow(0)
		}},
		{"messages cut in the middle", func(c *cluster, r *rand.Rand) {
			c.proxy.tearAll(true)
			time.Sleep(seconds(r, 0.2, 2))
			c.proxy.tearAll(false)
		}},
	}
}

// schedule hands out the faults in rounds, each round in an order of its own, so
// that a long run has all of them about equally often.
type schedule struct {
	random *rand.Rand
	all    []fault
	round  []fault
}

func (s *schedule) next() fault {
	if len(s.round) == 0 {
		s.round = slices.Clone(s.all)
		s.random.Shuffle(len(s.round), func(i, j int) { s.round[i], s.round[j] = s.round[j], s.round[i] })
	}
	f := s.round[0]
	s.round = s.round[1:]
	return f
}
