package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"sluice/connect/config"
	"sluice/internal/group"
	"sluice/internal/group/assign"
	"sluice/internal/herder"
	"sluice/internal/plugins"
	"sluice/internal/rest"
	"sluice/internal/setting"
	"sluice/internal/store"
	"sluice/internal/store/kafka"
	"sluice/internal/telemetry"
	"sluice/internal/worker"
)

// Distributed runs a worker as connect-distributed does: settings from a worker
// properties file, connectors from REST, their configurations, offsets and
// statuses in topics of Kafka, and the work shared with the other workers of the
// group. It blocks until ctx ends.
func (p Program) Distributed(ctx context.Context, path string, logs io.Writer) error {
	f, err := readWorker(setting.Distributed, path, p.registry, logs)
	if err != nil {
		return err
	}
	return distributed{workerFile: f, registry: p.registry}.run(ctx)
}

// distributed is what a worker in distributed mode is made from.
type distributed struct {
	workerFile
	registry *plugins.Registry
}

// run starts the worker and blocks until ctx ends or a part of it fails.
//
// Start order: listener (503 until REST), internal topics (read to their ends),
// worker, herder, group, REST. Stop order: REST, herder with its connectors and tasks, group
// (the worker leaves it), internal topics.
func (d distributed) run(ctx context.Context) error {
	started := time.Now()
	server, err := rest.Listen(ctx, d.settings)
	if err != nil {
		return err
	}
	defer func() { _ = server.Close() }() // Shutdown has closed it in the usual case.
	server.Begin(d.logger("rest"), Version())
	id, err := d.clusterID(ctx)
	if err != nil {
		return err
	}
	stores, err := kafka.New(kafka.Config{Worker: d.settings, Log: d.log})
	if err != nil {
		return err
	}
	defer func() {
		if err := stores.Close(); err != nil {
			d.log.Error("the internal topics could not be closed", "error", err)
		}
	}()
	if err := stores.Start(ctx); err != nil {
		return fmt.Errorf("internal topics: %w", err)
	}
	if path := d.settings["plugin.path"]; path != "" {
		reportPluginPath(ctx, path, d.registry, d.log)
	}
	measure, err := telemetry.ReadMetrics(d.settings)
	if err != nil {
		return err
	}
	measure.Version, measure.Connect, measure.Commit = Version(), ConnectVersion, commit()
	metrics := telemetry.NewMetrics(measure)
	eos, err := kafka.ExactlyOnce(d.settings)
	if err != nil {
		return err
	}
	relay, news := &relay{}, &groupRelay{}
	var exactlyOnce *worker.ExactlyOnce
	if eos == kafka.Enabled {
		exactlyOnce = &worker.ExactlyOnce{Fencing: news}
	}
	runner, err := worker.New(worker.Config{
		ID: server.WorkerID, Settings: d.settings, Plugins: d.registry, Offsets: stores.Offsets, OpenOffsets: stores.OpenOffsets, ExactlyOnce: exactlyOnce,
		Listener: relay, Log: d.logger("worker"), Metrics: metrics, Providers: d.providers, Secrets: d.secrets,
	})
	if err != nil {
		return err
	}
	member, err := group.New(group.Config{
		Settings: d.settings, URL: server.URL, WorkerID: server.WorkerID, Configs: group.FromStore(stores.Configs, lacking), Plugins: d.registry.Classes(),
		Listener: news, Log: d.log, Metrics: metrics,
	})
	if err != nil {
		return err
	}
	h, err := herder.NewDistributed(herder.DistributedConfig{
		WorkerID: server.WorkerID, Worker: runner, Plugins: d.registry, Settings: d.settings, Providers: d.providers,
		ClusterID: id, Configs: stores.Configs, Statuses: stores.Statuses, Offsets: stores.Offsets, OpenOffsets: stores.OpenOffsets, Consumed: runner, Fencer: runner,
		Group: member, Peers: server.Peers(), Levels: levels{d.levels}, Log: d.logger("herder"),
	})
	if err != nil {
		return err
	}
	relay.set(h)
	news.to.Store(h)
	return d.serve(ctx, h, member, metrics, server, started)
}

// serve runs herder, group and API until ctx ends or one of them fails, then
// stops them in order.
func (d distributed) serve(ctx context.Context, h *herder.Distributed, member *group.Member, metrics *telemetry.Metrics, server *rest.Server, started time.Time) error {
	base, failed := context.WithCancelCause(ctx)
	defer failed(nil)
	herding := begin(ctx, failed, "herder", h.Run)
	joined := begin(ctx, failed, "group", member.Run)
	serving := begin(ctx, failed, "REST server", func(context.Context) error {
		return server.Serve(rest.Config{
			Herder: h, Log: d.logger("rest"), Levels: d.levels, Version: ConnectVersion, Commit: commit(), OwnVersion: Version(),
			Metrics: metrics.Handler(), Stalled: metrics.Stalled,
		})
	})
	d.log.Info("worker is ready", "url", server.URL, "worker_id", server.WorkerID, "took", time.Since(started).Round(time.Millisecond))
	<-base.Done()
	d.log.Info("worker is stopping")

	stopREST, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	// Requests that were not answered in time are cut off: nothing else holds the stop.
	if err := server.Shutdown(stopREST); err != nil {
		d.log.Warn("requests were cut off", "error", err)
	}
	return errors.Join(serving.stop(), herding.stop(), joined.stop())
}

// part is a part of the worker that runs until it is stopped.
type part struct {
	cancel context.CancelFunc
	done   chan error
}

// begin runs a part; its end before the stop ends the whole worker.
func begin(ctx context.Context, failed context.CancelCauseFunc, name string, run func(ctx context.Context) error) part {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := part{cancel, make(chan error, 1)}
	go func() {
		err := run(ctx)
		if err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
		failed(err)
		p.done <- err
	}()
	return p
}

// stop waits for the end of the part and returns its error.
func (p part) stop() error {
	p.cancel()
	return <-p.done
}

// groupRelay hands the news of the group and the questions of tasks to the herder,
// which is made after the member and the worker. Nothing happens in the group before the herder is there.
type groupRelay struct {
	to atomic.Pointer[herder.Distributed]
}

func (r *groupRelay) Assigned(a assign.Assignment)       { r.to.Load().Assigned(a) }
func (r *groupRelay) Revoked(w assign.Work, done func()) { r.to.Load().Revoked(w, done) }
func (r *groupRelay) Left()                              { r.to.Load().Left() }

// Fence and Verify implement worker.Fencing: no task runs before the herder does.
func (r *groupRelay) Fence(ctx context.Context, id store.TaskID) error {
	return r.to.Load().Fence(ctx, id)
}

func (r *groupRelay) Verify(ctx context.Context, id store.TaskID, start int) error {
	return r.to.Load().Verify(ctx, id, start)
}

// lacking is the group's question about plugins.
func lacking(classes []string) func(config.Raw) []string { return plugins.NamesOf(classes).Lacking }

// levels sets levels of loggers for the herder.
type levels struct{ *telemetry.Levels }

func (l levels) SetLevel(logger, level string) error {
	_, err := l.Set(logger, level, time.Now())
	return err
}
