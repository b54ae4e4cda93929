package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// looks is how often an answer is asked for to know its latency.
	looks = 300
	// idleSpan is how long the CPU of an idle worker is watched.
	idleSpan = 20 * time.Second
)

// clusterProps are the properties of a distributed worker of a cluster of its own.
func (b *bench) clusterProps() map[string]string {
	b.seq++
	name := fmt.Sprintf("bench-cluster-%d-%d", os.Getpid(), b.seq)
	return map[string]string{
		"bootstrap.servers": b.cluster.bootstrap, "plugin.path": b.plugins, "group.id": name,
		"key.converter": stringConverter, "value.converter": stringConverter,
		"config.storage.topic": name + "-configs", "config.storage.replication.factor": "1",
		"offset.storage.topic": name + "-offsets", "offset.storage.replication.factor": "1",
		"status.storage.topic": name + "-status", "status.storage.replication.factor": "1",
		"scheduled.rebalance.max.delay.ms": "0",
	}
}

// measureMany makes n connectors one after the other on one distributed worker,
// and looks at the worker at rest and at a new one that finds them all.
func measureMany(n int) func(ctx context.Context, b *bench, k kind, _ scenario) (sample, error) {
	return func(ctx context.Context, b *bench, k kind, _ scenario) (out sample, err error) {
		dir, err := b.dir()
		if err != nil {
			return out, err
		}
		topic := b.topic()
		if err := b.cluster.create(ctx, topic); err != nil {
			return out, err
		}
		props := b.clusterProps()
		w, err := k.startCluster(ctx, dir, b.nextPort(ctx), props)
		if err != nil {
			return out, err
		}
		defer func() { w.stop() }()
		if _, err := w.ready(ctx); err != nil {
			return out, err
		}
		if out.created, err = createAll(ctx, b, w, dir, topic, n); err != nil {
			return out, err
		}
		if err := w.atRest(ctx, &out); err != nil {
			return out, err
		}
		if err := w.latencies(ctx, connectorName(n/2), &out); err != nil {
			return out, err
		}
		w.stop()
		if w, err = k.startCluster(ctx, dir, b.nextPort(ctx), props); err != nil {
			return out, err
		}
		if err := w.allRunning(ctx, n, ""); err != nil {
			return out, err
		}
		out.restart = time.Since(w.began)
		return out, b.cluster.remove(ctx, topic)
	}
}

func connectorName(i int) string { return "many-" + strconv.Itoa(i) }

// createAll makes n file sources, each with one line, and waits until all run
// and the line of each is in Kafka.
func createAll(ctx context.Context, b *bench, w *worker, dir, topic string, n int) (time.Duration, error) {
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, connectorName(i)), []byte(connectorName(i)+"\n"), 0o600); err != nil {
			return 0, err
		}
	}
	from := time.Now()
	for i := range n {
		cfg := source(connectorName(i), filepath.Join(dir, connectorName(i)), topic)
		if err := w.create(ctx, connectorName(i), cfg); err != nil {
			return 0, err
		}
	}
	if err := w.allRunning(ctx, n, ""); err != nil {
		return 0, err
	}
	for {
		got, err := b.cluster.end(ctx, topic)
		if err != nil {
			return 0, err
		}
		if got >= int64(n) {
			return time.Since(from), nil
		}
		if err := w.pause(ctx, 5*time.Millisecond); err != nil {
			return 0, fmt.Errorf("%d of %d connectors have produced: %w", got, n, err)
		}
	}
}

// atRest measures memory and CPU of a worker whose connectors have nothing to do.
func (w *worker) atRest(ctx context.Context, out *sample) error {
	if err := w.pause(ctx, settle); err != nil {
		return err
	}
	var err error
	if out.idle, _, err = w.memory(); err != nil {
		return err
	}
	before, err := w.cpu()
	if err != nil {
		return err
	}
	from := time.Now()
	if err := w.pause(ctx, idleSpan); err != nil {
		return err
	}
	after, err := w.cpu()
	out.idleCPU = 100 * (after - before).Seconds() / time.Since(from).Seconds()
	return err
}

// latencies measures how soon the two most asked for answers come.
func (w *worker) latencies(ctx context.Context, name string, out *sample) error {
	var err error
	if out.list50, out.list99, err = w.latency(ctx, "/connectors?expand=status&expand=info"); err != nil {
		return err
	}
	out.status50, out.status99, err = w.latency(ctx, "/connectors/"+url.PathEscape(name)+"/status")
	return err
}

func (w *worker) latency(ctx context.Context, path string) (p50, p99 time.Duration, err error) {
	var took []time.Duration
	for range looks {
		from := time.Now()
		if _, err := w.body(ctx, path); err != nil {
			return 0, 0, err
		}
		took = append(took, time.Since(from))
	}
	slices.Sort(took)
	return took[looks/2], took[looks*99/100], nil
}

// allRunning waits until n connectors with one task each run, none of them on
// the worker whose id ends with gone.
func (w *worker) allRunning(ctx context.Context, n int, gone string) error {
	type state struct {
		State    string `json:"state"`
		WorkerID string `json:"worker_id"`
	}
	for {
		var all map[string]struct {
			Status struct {
				Connector state   `json:"connector"`
				Tasks     []state `json:"tasks"`
			} `json:"status"`
		}
		running := 0
		if err := w.get(ctx, "/connectors?expand=status", &all); err == nil {
			for _, c := range all {
				good := func(s state) bool {
					return s.State == "RUNNING" && (gone == "" || !strings.HasSuffix(s.WorkerID, gone))
				}
				if good(c.Status.Connector) && len(c.Status.Tasks) == 1 && good(c.Status.Tasks[0]) {
					running++
				}
			}
		}
		if running == n {
			return nil
		}
		if err := w.pause(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d connectors run: %w", running, n, err)
		}
	}
}

// members and spread are the size of the cluster that loses a member, and of its work.
const (
	members = 3
	spread  = 12
)

// measureLoss kills one of three workers, then stops another in order, and
// measures until all connectors run elsewhere.
func measureLoss(ctx context.Context, b *bench, k kind, _ scenario) (out sample, err error) {
	topic := b.topic()
	if err := b.cluster.create(ctx, topic); err != nil {
		return out, err
	}
	props := b.clusterProps()
	props["session.timeout.ms"] = "10000"
	var workers []*worker
	defer func() {
		for _, w := range workers {
			w.stop()
		}
	}()
	var dir string
	for range members {
		if dir, err = b.dir(); err != nil {
			return out, err
		}
		w, err := k.startCluster(ctx, dir, b.nextPort(ctx), props)
		if err != nil {
			return out, err
		}
		workers = append(workers, w)
		if _, err := w.ready(ctx); err != nil {
			return out, err
		}
	}
	last := workers[members-1]
	if _, err := createAll(ctx, b, last, dir, topic, spread); err != nil {
		return out, err
	}
	if err := last.pause(ctx, settle); err != nil { // rebalances end
		return out, err
	}
	out.killed, err = until(ctx, last, workers[0], func() error { return workers[0].cmd.Process.Kill() })
	if err != nil {
		return out, err
	}
	if err := last.pause(ctx, settle); err != nil {
		return out, err
	}
	out.left, err = until(ctx, last, workers[1], workers[1].terminate)
	return out, errors.Join(err, b.cluster.remove(ctx, topic))
}

// until ends a worker and waits for its work to run elsewhere.
func until(ctx context.Context, seen, victim *worker, end func() error) (time.Duration, error) {
	from := time.Now()
	if err := end(); err != nil {
		return 0, err
	}
	u, err := url.Parse(victim.url)
	if err != nil {
		return 0, err
	}
	err = seen.allRunning(ctx, spread, ":"+u.Port())
	return time.Since(from), err
}
