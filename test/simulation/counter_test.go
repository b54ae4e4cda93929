//go:build synctests

package simulation

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

const (
	countingClass = "test.CountingSourceConnector"
	rareClass     = "test.RareSourceConnector" // the same, which not all workers have
	dataTopic     = "t"
	revisionKey   = "revision"
)

// counting is a source connector whose tasks count: task 1 of connector c1 writes
// the records "c1-1:1", "c1-1:2" and so on.
func counting(n *node, rare bool) plugin.Set {
	var set plugin.Set
	for class, has := range map[string]bool{countingClass: true, rareClass: rare} {
		if !has {
			continue
		}
		set.Sources = append(set.Sources, plugin.Source{
			Info: plugin.Info{Class: class, Version: "1", Config: config.Def{
				{Name: revisionKey, Type: config.String, Importance: config.High, Doc: "Which configuration of the connector this is."},
			}},
			TaskClass: "test.CountingSourceTask",
			New:       func() connect.SourceConnector { return &counterPlan{node: n} },
			NewTask:   func() connect.SourceTask { return &counter{node: n} },
		})
	}
	return set
}

type counterPlan struct {
	node *node
	name string
	told <-chan struct{} // names the instance, and is closed when it is told to stop
}

func (c *counterPlan) Start(ctx context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	c.node.awake() //nolint:contextcheck // what stands still is not told anything
	c.name = cfg["name"]
	c.told = ctx.Done()
	c.node.sim.running.start(c.told, c.name, c.node)
	return nil
}

// TaskConfigs makes as many tasks as it may.
func (c *counterPlan) TaskConfigs(_ context.Context, most int) ([]config.Map, error) {
	c.node.awake() //nolint:contextcheck // what stands still is not told anything
	out := make([]config.Map, most)
	for i := range out {
		out[i] = config.Map{"unit": fmt.Sprintf("%s-%d", c.name, i), "of": strconv.Itoa(most)}
	}
	return out, nil
}

func (c *counterPlan) Stop(context.Context) error {
	c.node.awake() //nolint:contextcheck // what stands still is not told anything
	c.node.sim.running.stop(c.told, c.name, c.node)
	return nil
}

func (*counterPlan) ExactlyOnceSupport(config.Map) connect.ExactlyOnceSupport {
	return connect.ExactlyOnceSupported
}

type counter struct {
	node      *node
	unit      string
	told      <-chan struct{} // as above
	partition *connect.SourcePartition
	at        int64
}

func (c *counter) Start(ctx context.Context, host connect.SourceHost, cfg config.Map) error {
	c.node.awake() //nolint:contextcheck // what stands still is not told anything
	c.unit = cfg["unit"]
	c.told = ctx.Done()
	c.node.sim.running.start(c.told, c.unit, c.node)
	c.partition = host.Partition(schema.Entry{Key: schema.StringValue("unit"), Value: schema.StringValue(c.unit)})
	offset, err := host.Offset(ctx, c.partition)
	if at, ok := offset.Lookup("n"); ok {
		c.at = at.Int()
	}
	return err
}

// Poll gives two records a second.
func (c *counter) Poll(ctx context.Context, into *connect.Batch) error {
	select {
	case <-ctx.Done():
		return nil
	case <-time.After(time.Second):
	}
	c.node.awake() //nolint:contextcheck // what stands still is not told anything
	for range 2 {
		c.at++
		r := into.Add()
		r.Topic = dataTopic
		r.Value.Value = schema.StringValue(fmt.Sprintf("%s:%d", c.unit, c.at))
		r.Origin.SourcePartition = c.partition
		r.Origin.SourceOffset = schema.MapValue([]schema.Entry{{Key: schema.StringValue("n"), Value: schema.Int64Value(c.at)}})
	}
	return nil
}

// Stop has something to finish, but nothing more when it is abandoned: the worker
// has said so then, and others may run the same.
func (c *counter) Stop(ctx context.Context) error {
	c.node.awake() //nolint:contextcheck // what stands still is not told anything
	select {
	case <-time.After(50 * time.Millisecond):
	case <-ctx.Done():
	}
	c.node.sim.running.stop(c.told, c.unit, c.node)
	return nil
}
