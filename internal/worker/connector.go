package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/internal/kafka"
	"sluice/internal/plugins"
	"sluice/internal/store"
	"sluice/internal/telemetry"
	"sluice/internal/worker/pipeline"
)

// connectorLogger stands before the name of a connector in that of its logger, so
// that /admin/loggers sets levels for one connector and its tasks.
const connectorLogger = "sluice.connector."

// planner is what source and sink connectors have in common.
type planner interface {
	Start(ctx context.Context, host connect.ConnectorHost, cfg config.Map) error
	TaskConfigs(ctx context.Context, maxTasks int) ([]config.Map, error)
	Stop(ctx context.Context) error
}

// connector is a running connector. Its goroutine makes all calls of the
// plugin; others ask it through requests.
type connector struct {
	worker   *Worker
	name     string
	cfg      config.Map // as the user gave it, with references
	life     *life
	gate     *gate
	log      *slog.Logger
	metrics  *telemetry.Connector
	requests chan taskConfigsRequest
	raised   chan error // what RaiseError was given first

	// The rest is the goroutine's own.
	plugin    planner    // nil while it is not started
	resolved  config.Map // cfg as the plugin got it
	cancel    context.CancelCauseFunc
	taskClass string
	failed    error
}

type taskConfigsRequest struct {
	ctx      context.Context //nolint:containedctx // a message that carries its asker's
	maxTasks int
	reply    chan<- taskConfigsReply // has room
}

type taskConfigsReply struct {
	configs []config.Map
	err     error
}

func newConnector(w *Worker, name string, cfg config.Map, target store.TargetState, generation int) *connector {
	log := w.log.With(telemetry.NameKey, connectorLogger+name, "connector", name)
	base := store.Status{WorkerID: w.ID, Generation: generation, Version: w.version(cfg)}
	desc, _ := w.connectorInfo(cfg)
	metrics := w.Metrics.Connector(name, w.kind(cfg), desc.Class, desc.Version)
	started := false
	report := &reporter{base: base, tell: func(s store.Status) {
		metrics.State(string(s.State))
		if !started && (s.State == store.Running || s.State == store.Failed) {
			started = true
			w.Metrics.ConnectorStarted(s.State == store.Running)
		}
		w.Listener.ConnectorStatus(name, s)
	}}
	return &connector{
		metrics: metrics,
		worker:  w, name: name, cfg: maps.Clone(cfg), life: newLife(log, report), gate: newGate(target), log: log,
		requests: make(chan taskConfigsRequest), raised: make(chan error, 1),
	}
}

// version is that of the connector's plugin, "" where it is unknown.
func (w *Worker) version(cfg config.Map) string {
	info, _ := w.connectorInfo(cfg)
	return info.Version
}

// connectorInfo names the connector's plugin and the class of its tasks; both
// are empty where it is unknown.
func (w *Worker) connectorInfo(cfg config.Map) (info plugin.Info, taskClass string) {
	class := cfg["connector.class"]
	if p, ok := w.Plugins.Source(class); ok {
		return p.Info, p.TaskClass
	}
	p, _ := w.Plugins.Sink(class)
	return p.Info, p.TaskClass
}

// requireVersion checks connector.plugin.version.
func (w *Worker) requireVersion(cfg config.Map) error {
	const key = "connector.plugin.version"
	info, _ := w.connectorInfo(cfg)
	if err := plugins.Require(info.Class, info.Version, key, cfg[key]); err != nil {
		return &connect.Error{
			Class: connect.ConnectException, Cause: err,
			// The two are the wrong way round in Java too.
			Message: fmt.Sprintf("Failed to get class for connector %s, class %s", cfg["connector.class"], cfg["name"]),
		}
	}
	return nil
}

func (w *Worker) kind(cfg config.Map) telemetry.Kind {
	if _, ok := w.Plugins.Source(cfg["connector.class"]); ok {
		return telemetry.Source
	}
	return telemetry.Sink
}

// run obeys the target state and answers requests until the life ends.
func (c *connector) run() error {
	if target, _ := c.gate.get(); target != store.TargetStarted {
		// Java builds these settings before it looks at the target state.
		if err := c.checkTopicPlan(); err != nil {
			c.fail(err)
			return c.idle()
		}
	}
	for {
		target, changed := c.gate.get()
		c.obey(target)
		for again := true; again; {
			select {
			case <-c.life.soft.Done():
				return c.halt()
			case <-changed:
				again = false
			case err := <-c.raised:
				c.fail(err)
			case r := <-c.requests:
				configs, err := c.taskConfigs(r.ctx, r.maxTasks)
				r.reply <- taskConfigsReply{configs, err}
			}
		}
	}
}

func (c *connector) obey(target store.TargetState) {
	switch {
	case target == store.TargetStarted && c.plugin == nil && c.failed == nil:
		if err := pipeline.Guard(c.start); err != nil {
			if c.life.soft.Err() == nil {
				c.fail(err)
			}
			return
		}
		c.life.report.send(store.Running, "")
		c.worker.Listener.TaskConfigsChanged(c.name)
	case target == store.TargetStopped:
		// Whatever has failed, the connector is stopped now and can be resumed.
		if err := c.halt(); err != nil {
			c.log.Error("connector does not stop cleanly", "error", err)
		}
		c.failed = nil
		c.life.report.send(store.Stopped, "")
	case target == store.TargetPaused && c.failed == nil:
		if err := c.halt(); err != nil {
			c.fail(err)
			return
		}
		c.life.report.send(store.Paused, "")
	}
}

// idle is the life of a connector that cannot even be made.
func (c *connector) idle() error {
	for {
		select {
		case <-c.life.soft.Done():
			return nil
		case r := <-c.requests:
			r.reply <- taskConfigsReply{nil, connect.Errorf("connector %s has failed: %w", c.name, c.failed)}
		}
	}
}

// checkTopicPlan refuses a source connector that says how to create topics in a
// way that its tasks could not obey, whatever its target state is.
func (c *connector) checkTopicPlan() error {
	if _, source := c.worker.Plugins.Source(c.cfg["connector.class"]); !source || !c.worker.settings.createTopics || len(kafka.WithPrefix(c.cfg, kafka.TopicPrefix)) == 0 {
		return nil
	}
	cfg, err := c.worker.resolve(c.log, c.cfg)
	if err != nil {
		return nil //nolint:nilerr // The start says so.
	}
	if _, err := kafka.ReadTopicPlan(cfg); err != nil {
		return connect.ClassErrorf(connect.ConfigException, "%w", err)
	}
	return nil
}

func (c *connector) start() (err error) {
	if err := c.checkTopicPlan(); err != nil {
		return err
	}
	if c.resolved, err = c.worker.resolve(c.log, c.cfg); err != nil {
		return err
	}
	if err := c.worker.requireVersion(c.resolved); err != nil {
		return err
	}
	class := c.resolved["connector.class"]
	if p, ok := c.worker.Plugins.Source(class); ok {
		c.plugin, c.taskClass = p.New(), p.TaskClass
	} else if p, ok := c.worker.Plugins.Sink(class); ok {
		c.plugin, c.taskClass = p.New(), p.TaskClass
	} else {
		return plugins.Unknown("connector", "connector.class", class)
	}
	var ctx context.Context
	ctx, c.cancel = context.WithCancelCause(c.life.soft)
	return c.plugin.Start(ctx, connectorHost{c, c.resolved}, maps.Clone(c.resolved))
}

// halt stops the plugin where it runs.
func (c *connector) halt() error {
	if c.plugin == nil {
		return nil
	}
	plugin := c.plugin
	c.plugin = nil
	c.cancel(errStopped)
	ctx, cancel := context.WithTimeout(c.life.hard, connectorGrace)
	defer cancel()
	return pipeline.Guard(func() error { return plugin.Stop(ctx) })
}

func (c *connector) fail(err error) {
	if c.failed != nil {
		return
	}
	c.failed = err
	text := pipeline.Trace(err)
	c.log.Error("connector failed", "trace", text)
	c.life.report.send(store.Failed, text)
}

// TaskConfigs asks the running connector for the configurations of its tasks,
// each with task.class. It waits for the plugin until ctx ends. Too many of
// them is a ConnectException, unless tasks.max.enforce is false.
func (w *Worker) TaskConfigs(ctx context.Context, name string, maxTasks int) ([]config.Map, error) {
	w.mu.Lock()
	c, ok := w.connectors[name]
	w.mu.Unlock()
	if !ok {
		return nil, connect.Errorf("connector %s does not run on this worker", name)
	}
	reply := make(chan taskConfigsReply, 1)
	waiting := func() error {
		return fmt.Errorf("wait for the task configurations of connector %s: %w", name, context.Cause(ctx))
	}
	select {
	case c.requests <- taskConfigsRequest{ctx, maxTasks, reply}:
	case <-c.life.done:
		return nil, connect.Errorf("connector %s has stopped", name)
	case <-ctx.Done():
		return nil, waiting()
	}
	select {
	case r := <-reply:
		return r.configs, r.err
	case <-c.life.hard.Done():
		return nil, connect.Errorf("connector %s has stopped", name)
	case <-ctx.Done():
		return nil, waiting()
	}
}

func (c *connector) taskConfigs(ctx context.Context, maxTasks int) (configs []config.Map, err error) {
	switch {
	case c.failed != nil:
		return nil, connect.Errorf("connector %s has failed: %w", c.name, c.failed)
	case c.plugin == nil:
		return nil, connect.Errorf("connector %s is not started", c.name)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(c.life.soft, func() { cancel(errStopped) })()
	err = pipeline.Guard(func() (err error) {
		configs, err = c.plugin.TaskConfigs(ctx, maxTasks)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(configs) > maxTasks {
		enforce, err := config.Parse("tasks.max.enforce", cmp.Or(c.resolved["tasks.max.enforce"], "true"), config.Boolean)
		if err != nil {
			return nil, connect.ClassErrorf(connect.ConfigException, "%w", err)
		}
		if enforce == true {
			err := tooManyTasks(c.name, len(configs), maxTasks)
			c.fail(err)
			return nil, err
		}
		c.log.Warn("connector has generated more tasks than tasks.max allows", "tasks", len(configs), "tasks.max", maxTasks)
	}
	for i, m := range configs {
		with := maps.Clone(m)
		if with == nil {
			with = make(config.Map, 1)
		}
		with["task.class"] = c.taskClass
		for _, key := range []string{"topics", "topics.regex"} {
			if value, ok := c.resolved[key]; ok {
				with[key] = value
			}
		}
		refer(c.cfg, c.resolved, with)
		configs[i] = with
	}
	return configs, nil
}

// tooManyTasks is TooManyTasksException of Java; clients match the text.
func tooManyTasks(name string, generated, most int) error {
	return connect.ClassErrorf("org.apache.kafka.connect.runtime.TooManyTasksException",
		"The connector %s has generated %d tasks, which is greater than %d, the maximum number of tasks it is configured to create. "+
			"This behaviour should be considered a bug and is disallowed. If necessary, it can be permitted by reconfiguring the connector with '%s' set to false; "+
			"however, this option will be removed in a future release of Kafka Connect.", name, generated, most, "tasks.max.enforce")
}

// connectorHost is what the plugin sees of the worker.
type connectorHost struct {
	c   *connector
	cfg config.Map // resolved
}

func (h connectorHost) Logger() *slog.Logger { return h.c.log }

func (h connectorHost) RequestTaskReconfiguration() {
	if h.c.life.soft.Err() == nil {
		h.c.worker.Listener.TaskConfigsChanged(h.c.name)
	}
}

func (h connectorHost) RaiseError(err error) {
	if err == nil {
		err = errors.New("the connector has raised an error without a text")
	}
	select {
	case h.c.raised <- err:
	default: // the first one counts
	}
}

func (h connectorHost) Offsets(ctx context.Context, partitions []schema.Value) ([]schema.Value, error) {
	offsets, err := h.c.worker.OpenOffsets(ctx, h.c.name, h.cfg)
	if err != nil {
		return nil, err
	}
	read, err := offsets.Read(ctx, h.c.name, partitions)
	return read, errors.Join(err, offsets.Close())
}
