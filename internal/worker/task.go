package worker

import (
	"context"
	"fmt"
	"log/slog"
	"maps"

	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/plugins"
	"sluice/internal/store"
	"sluice/internal/telemetry"
	"sluice/internal/worker/pipeline"
)

// task is a task of either kind; its goroutine makes all calls of the plugin.
type task struct {
	worker  *Worker
	id      store.TaskID
	conn    config.Map // of the connector
	cfg     config.Map // of the task
	life    *life
	gate    *gate
	log     *slog.Logger
	metrics *telemetry.Task
	start   int                 // the number that the start was given
	topics  map[string]struct{} // those told to the listener; the task goroutine's own
}

func newTask(w *Worker, id store.TaskID, conn, cfg config.Map, target store.TargetState, generation int) *task {
	log := w.log.With(telemetry.NameKey, connectorLogger+id.Connector, "connector", id.Connector, "task", id.Task)
	base := store.Status{WorkerID: w.ID, Generation: generation, Version: w.version(conn)}
	metrics := w.Metrics.Task(id.Connector, id.Task, w.kind(conn))
	started := false
	report := &reporter{base: base, tell: func(s store.Status) {
		metrics.State(string(s.State))
		if !started && (s.State == store.Running || s.State == store.Failed) {
			started = true
			w.Metrics.TaskStarted(s.State == store.Running)
		}
		w.Listener.TaskStatus(id, s)
	}}
	return &task{
		metrics: metrics,
		worker:  w, id: id, start: generation, conn: maps.Clone(conn), cfg: maps.Clone(cfg),
		life: newLife(log, report), gate: newGate(target), log: log, topics: make(map[string]struct{}),
	}
}

func (t *task) run() error {
	if !t.awaitStart() {
		return nil
	}
	var err error
	if t.conn, err = t.worker.resolve(t.log, t.conn); err != nil {
		return err
	}
	if t.cfg, err = t.worker.resolve(t.log, t.cfg); err != nil {
		return err
	}
	if err := t.worker.requireVersion(t.conn); err != nil {
		return err
	}
	class := t.conn["connector.class"]
	if p, ok := t.worker.Plugins.Source(class); ok {
		return runSource(t, p.NewTask())
	}
	if p, ok := t.worker.Plugins.Sink(class); ok {
		return runSink(t, p.NewTask())
	}
	return plugins.Unknown("connector", "connector.class", class)
}

// awaitStart waits while the target is not to run; false means that the task
// is to stop.
func (t *task) awaitStart() bool {
	for {
		target, changed := t.gate.get()
		if target == store.TargetStarted {
			return t.life.soft.Err() == nil
		}
		t.life.report.send(store.Paused, "")
		select {
		case <-changed:
		case <-t.life.soft.Done():
			return false
		}
	}
}

// use tells the listener of a topic once.
func (t *task) use(topic string) (first bool) {
	if _, known := t.topics[topic]; known {
		return false
	}
	t.topics[topic] = struct{}{}
	t.worker.Listener.TopicUsed(t.id, topic)
	return true
}

// stopPlugin calls Stop with the time that a task has.
func (t *task) stopPlugin(stop func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(t.life.hard, t.worker.settings.taskGrace)
	defer cancel()
	if err := pipeline.Guard(func() error { return stop(ctx) }); err != nil {
		return fmt.Errorf("stop the task: %w", err)
	}
	return nil
}

func (t *task) newPipeline() (*pipeline.Pipeline, error) {
	p, err := pipeline.New(pipeline.Config{
		ID: t.id, Plugins: t.worker.Plugins, Worker: t.worker.Settings, Connector: t.conn, Log: t.log, Errors: &t.metrics.Errors,
	})
	if err != nil {
		return nil, err
	}
	info := p.Info()
	desc, taskClass := t.worker.connectorInfo(t.conn)
	info.ConnectorClass, info.ConnectorVersion = desc.Class, desc.Version
	info.TaskClass, info.TaskVersion = taskClass, desc.Version
	t.metrics.Describe(info)
	return p, nil
}

// openQueue opens the dead letter queue where the connector names one. It
// waits for a broker. release ends the tie to the life of the task.
func (t *task) openQueue(p *pipeline.Pipeline) (release func() bool, err error) {
	if !p.WantsQueue() {
		return func() bool { return true }, nil
	}
	producer, _, err := t.worker.client(kafka.ProducerRole, config.Map{"client.id": "connector-dlq-producer-" + t.id.String()}, t.conn, kafka.ProducerOverride)
	if err != nil {
		return nil, err
	}
	admin, _, err := t.worker.client(kafka.AdminRole, config.Map{"client.id": "connector-dlq-adminclient-" + t.id.String()}, t.conn, kafka.AdminOverride)
	if err != nil {
		return nil, err
	}
	cfg := pipeline.QueueConfig{Producer: producer, Admin: admin, Log: quiet(t.log), Opts: t.worker.Opts}
	if t.worker.Embedded {
		cfg.Replication = -1 // it has one broker
	}
	if err := t.awaitBroker(func() error { return p.OpenQueue(t.life.soft, cfg) }); err != nil {
		return nil, err
	}
	return context.AfterFunc(t.life.hard, p.AbandonQueue), nil
}

// awaitBroker calls open until a broker answers it, or the task is to stop.
func (t *task) awaitBroker(open func() error) error {
	for wait := pollRetry; ; wait = min(2*wait, pollRetryMax) {
		err := open()
		if err == nil || !kafka.Away(err) || t.life.soft.Err() != nil {
			return err
		}
		t.log.Warn("no broker answers, the task waits for one", "error", err)
		sleep(t.life.soft, wait)
	}
}
