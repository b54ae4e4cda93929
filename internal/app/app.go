// Package app builds the parts of a worker and joins them. It is the only place
// that knows more than one of them: the store, the worker, the herder, the REST
// API, and the embedded broker of `sluice dev`.
//
// Start order: broker (dev), listener, offsets, worker, herder, REST, connectors
// of the command line. Stop order: REST, herder with its connectors and tasks,
// offsets, broker.
package app

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"sluice/internal/herder"
	"sluice/internal/kafka"
	"sluice/internal/plugins"
	"sluice/internal/rest"
	"sluice/internal/store"
	"sluice/internal/store/file"
	"sluice/internal/telemetry"
	"sluice/internal/worker"
)

// ConnectVersion is the version of Kafka Connect that Sluice speaks.
const ConnectVersion = "4.3.1"

const (
	clusterWait  = 60 * time.Second // that a start waits for the Kafka cluster
	clusterRetry = time.Second / 2  // between two tries
	clusterSay   = 10 * time.Second // between two lines that say so
)

// ConnectorError is a connector of the command line that could not be created.
// The process then ends with exit code 3, as Java's.
type ConnectorError struct {
	File string
	Err  error
}

func (e *ConnectorError) Error() string { return "connector of " + e.File + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ConnectorError) Unwrap() error { return e.Err }

// standalone is what a worker in standalone mode is made from.
type standalone struct {
	workerFile
	registry   *plugins.Registry
	connectors []connectorFile
	embedded   bool
	// ready is called when REST answers and the connectors are created.
	ready func(url string, metrics *telemetry.Metrics)
}

// run starts the worker and blocks until ctx ends or a part of it fails.
func (s standalone) run(ctx context.Context) error {
	started := time.Now()
	server, err := rest.Listen(ctx, s.settings)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // Shutdown has closed it in the usual case.
	clusterID, err := s.clusterID(ctx)
	if err != nil {
		return err
	}
	offsets, err := file.Open(s.settings["offset.storage.file.filename"])
	if err != nil {
		return err
	}
	defer func() {
		if err := offsets.Close(); err != nil {
			s.log.Error("offsets could not be closed", "error", err)
		}
	}()
	transactional, err := s.openTransactional(ctx, offsets)
	if err != nil {
		return err
	}
	defer transactional.close(s.log)
	if path := s.settings["plugin.path"]; path != "" {
		reportPluginPath(ctx, path, s.registry, s.log)
	}
	measure, err := telemetry.ReadMetrics(s.settings)
	if err != nil {
		return err
	}
	measure.Version, measure.Connect, measure.Commit = Version(), ConnectVersion, commit()
	metrics := telemetry.NewMetrics(measure)
	relay := &relay{}
	runner, err := worker.New(worker.Config{
		ID: server.WorkerID, Settings: s.settings, Plugins: s.registry, Offsets: offsets,
		OpenOffsets: transactional.open, ExactlyOnce: transactional.exactlyOnce(),
		Listener: relay, Log: s.logger("worker"), Embedded: s.embedded, Metrics: metrics,
		Providers: s.providers, Secrets: s.secrets,
	})
	if err != nil {
		return err
	}
	h := herder.NewStandalone(herder.StandaloneConfig{
		WorkerID: server.WorkerID, Worker: runner, Plugins: s.registry, Settings: s.settings,
		Providers: s.providers, ClusterID: clusterID, Log: s.logger("herder"), Offsets: offsets, Consumed: runner, Levels: levels{s.levels},
		OpenOffsets: transactional.open, Fencer: transactional.fencer(runner),
	})
	relay.set(h)
	transactional.fencing.to.Store(h)
	return s.serve(ctx, h, metrics, server, started)
}

// serve runs the herder and the API until ctx ends, then stops them in order.
func (s standalone) serve(ctx context.Context, h *herder.Standalone, metrics *telemetry.Metrics, server *rest.Server, started time.Time) error {
	herderCtx, stopHerder := context.WithCancel(context.WithoutCancel(ctx))
	herderDone := make(chan error, 1)
	go func() { herderDone <- h.Run(herderCtx) }()

	serverDone := make(chan error, 1)
	go func() {
		serverDone <- server.Serve(rest.Config{
			Herder: h, Log: s.logger("rest"), Levels: s.levels, Version: ConnectVersion, Commit: commit(), OwnVersion: Version(),
			Metrics: metrics.Handler(), Stalled: metrics.Stalled,
		})
	}()

	err := s.create(ctx, h)
	if err == nil {
		h.Ready()
		s.log.Info("worker is ready", "url", server.URL, "worker_id", server.WorkerID, "took", time.Since(started).Round(time.Millisecond))
		if s.ready != nil {
			s.ready(server.URL, metrics)
		}
		select {
		case <-ctx.Done():
			s.log.Info("worker is stopping")
		case err = <-serverDone:
			err = fmt.Errorf("REST server: %w", err)
			serverDone <- err
		case err = <-herderDone:
			herderDone <- err
		}
	}
	stopREST, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	// Requests that were not answered in time are cut off: nothing else holds the stop.
	if shut := server.Shutdown(stopREST); shut != nil {
		s.log.Warn("requests were cut off", "error", shut)
	}
	if served := <-serverDone; served != nil && ctx.Err() == nil {
		s.log.Debug("REST server ended", "error", served)
	}
	stopHerder()
	if stopped := <-herderDone; stopped != nil && !errors.Is(stopped, context.Canceled) {
		err = errors.Join(err, stopped)
	}
	return err
}

// create makes the connectors of the command line.
func (s standalone) create(ctx context.Context, h herder.Herder) error {
	for _, c := range s.connectors {
		_, info, err := h.Put(ctx, c.name, c.config, c.initial, false)
		if err != nil {
			return &ConnectorError{c.path, err}
		}
		s.log.Info("connector is created", "connector", info.Name, "file", c.path)
	}
	return nil
}

// clusterID asks the Kafka cluster for its id. It waits for a broker, as long as
// the Java worker does, and says so.
func (f workerFile) clusterID(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, clusterWait)
	defer cancel()
	set := kafka.Settings{Role: kafka.AdminRole, Values: kafka.Merge(kafka.AdminRole, f.settings, nil, nil)}
	plan, err := set.Plan()
	if err != nil {
		return "", err
	}
	plan.Warn(f.log)
	client, err := kafka.NewClient(set, nil) // what it would say of each try is said below
	if err != nil {
		return "", err
	}
	defer client.Close()
	servers := f.settings["bootstrap.servers"]
	var said time.Time
	for {
		id, err := kafka.ClusterID(ctx, client)
		switch {
		case err == nil:
			return id, nil
		case ctx.Err() != nil || !kafka.Away(err):
			return "", fmt.Errorf("no Kafka cluster answers at bootstrap.servers=%s: %w (is the broker up, and are the security settings right?)", servers, err)
		case time.Since(said) >= clusterSay:
			said = time.Now()
			f.log.Warn("no Kafka cluster answers yet, waiting for one", "bootstrap.servers", servers, "at most", clusterWait, "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(clusterRetry):
		}
	}
}

// relay hands the worker's news to the herder, which is made after the worker.
// Nothing runs on the worker before the herder is there.
type relay struct {
	to atomic.Pointer[store.Listener]
}

func (r *relay) set(to store.Listener) { r.to.Store(&to) }

func (r *relay) ConnectorStatus(name string, s store.Status) { (*r.to.Load()).ConnectorStatus(name, s) }
func (r *relay) TaskStatus(id store.TaskID, s store.Status)  { (*r.to.Load()).TaskStatus(id, s) }
func (r *relay) TaskConfigsChanged(name string)              { (*r.to.Load()).TaskConfigsChanged(name) }
func (r *relay) TopicUsed(id store.TaskID, topic string)     { (*r.to.Load()).TopicUsed(id, topic) }
