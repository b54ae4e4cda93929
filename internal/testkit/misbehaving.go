// Package testkit holds what tests of several packages share. Nothing else may
// import it.
package testkit

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
)

// Classes of the connectors that misbehave.
const (
	SourceClass = "test.MisbehavingSourceConnector"
	SinkClass   = "test.MisbehavingSinkConnector"
)

// FaultKey is the key that says where a connector misbehaves and how, as a list
// of place=fault, such as "start=hang,stop=panic". Places are start, taskConfigs,
// validate, stop and alterOffsets of the connector, and task.start, poll, put,
// preCommit and task.stop of its tasks. The faults:
//
//	hang    ignores its context and returns when the kit is released
//	slow    takes a minute, or until its context ends
//	panic   panics
//	leak    starts a goroutine that ends when the kit is released, and goes on
//	error   fails
//	many    plans one task too many (taskConfigs alone)
const FaultKey = "fault"

// Misbehaving makes connectors that hang, panic, leak or answer slowly. Every
// test has its own; at its end it must call Release.
type Misbehaving struct {
	release chan struct{}
	leaks   sync.WaitGroup
}

// NewMisbehaving returns a kit.
func NewMisbehaving() *Misbehaving { return &Misbehaving{release: make(chan struct{})} }

// Release lets all that hangs return, and waits for what was leaked.
func (m *Misbehaving) Release() {
	close(m.release)
	m.leaks.Wait()
}

// Plugins returns the connectors. They need no key but those of every connector.
func (m *Misbehaving) Plugins() plugin.Set {
	def := config.Def{
		{Name: FaultKey, Type: config.List, Default: []string{}, Importance: config.High, Doc: "Where the connector misbehaves, and how."},
	}
	return plugin.Set{
		Sources: []plugin.Source{{
			Info: plugin.Info{Class: SourceClass, Version: "1.0", Config: def}, TaskClass: "test.MisbehavingSourceTask",
			New: func() connect.SourceConnector { return &source{connector{m: m}} }, NewTask: func() connect.SourceTask { return &task{m: m} },
		}},
		Sinks: []plugin.Sink{{
			Info: plugin.Info{Class: SinkClass, Version: "1.0", Config: def}, TaskClass: "test.MisbehavingSinkTask",
			New: func() connect.SinkConnector { return &sink{connector{m: m}} }, NewTask: func() connect.SinkTask { return &sinkTask{task{m: m}} },
		}},
	}
}

// at does what the configuration says of the place.
func (m *Misbehaving) at(ctx context.Context, cfg config.Map, place string) error {
	for fault := range strings.SplitSeq(cfg[FaultKey], ",") {
		where, how, _ := strings.Cut(strings.TrimSpace(fault), "=")
		if where != place {
			continue
		}
		switch how {
		case "hang":
			<-m.release
		case "slow":
			select {
			case <-time.After(time.Minute):
			case <-ctx.Done():
				return ctx.Err()
			case <-m.release:
			}
		case "panic":
			panic("the connector panics in " + place) //nolint:forbidigo // That is its purpose.
		case "leak":
			m.leaks.Go(func() { <-m.release })
		case "error":
			return connect.Errorf("the connector fails in %s", place)
		case "many":
		default:
			return fmt.Errorf("%s has the value %q: the fault %q is not one of hang, slow, panic, leak, error, many", FaultKey, cfg[FaultKey], how)
		}
	}
	return nil
}

type connector struct {
	m   *Misbehaving
	cfg config.Map
}

func (c *connector) Start(ctx context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	c.cfg = cfg
	return c.m.at(ctx, cfg, "start")
}

func (c *connector) TaskConfigs(ctx context.Context, most int) ([]config.Map, error) {
	configs := []config.Map{{FaultKey: c.cfg[FaultKey]}}
	if strings.Contains(c.cfg[FaultKey], "taskConfigs=many") {
		for range most {
			configs = append(configs, configs[0])
		}
	}
	return configs, c.m.at(ctx, c.cfg, "taskConfigs")
}

func (c *connector) Stop(ctx context.Context) error { return c.m.at(ctx, c.cfg, "stop") }

func (c *connector) ValidateConfig(ctx context.Context, cfg config.Map, values config.Values) {
	if err := c.m.at(ctx, cfg, "validate"); err != nil {
		values.AddError(FaultKey, err.Error())
	}
}

type source struct{ connector }

func (s *source) AlterOffsets(ctx context.Context, cfg config.Map, _ []connect.SourceOffset) (bool, error) {
	return true, s.m.at(ctx, cfg, "alterOffsets")
}

type sink struct{ connector }

func (s *sink) AlterOffsets(ctx context.Context, cfg config.Map, _ map[connect.TopicPartition]*int64) (bool, error) {
	return true, s.m.at(ctx, cfg, "alterOffsets")
}

type task struct {
	m   *Misbehaving
	cfg config.Map
}

func (t *task) Start(ctx context.Context, _ connect.SourceHost, cfg config.Map) error {
	t.cfg = cfg
	return t.m.at(ctx, cfg, "task.start")
}

func (t *task) Poll(ctx context.Context, _ *connect.Batch) error {
	if err := t.m.at(ctx, t.cfg, "poll"); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

func (t *task) Stop(ctx context.Context) error { return t.m.at(ctx, t.cfg, "task.stop") }

type sinkTask struct{ task }

func (t *sinkTask) Start(ctx context.Context, _ connect.SinkHost, cfg config.Map) error {
	t.cfg = cfg
	return t.m.at(ctx, cfg, "task.start")
}

func (t *sinkTask) Put(ctx context.Context, _ []connect.Record) error {
	return t.m.at(ctx, t.cfg, "put")
}

func (t *sinkTask) PreCommit(ctx context.Context, consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	return consumed, t.m.at(ctx, t.cfg, "preCommit")
}
