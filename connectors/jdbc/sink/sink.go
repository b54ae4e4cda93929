// Package sink is the JDBC sink connector, under the class names of Confluent
// (release 10.10) and of Aiven (release 6.10): it writes the fields of records to
// the columns of tables, by insert, upsert or update, and deletes the rows of
// tombstones.
//
// A Put is one transaction. Its records are first sorted into runs that share a
// table, schemas and kind of statement (run.go), and the tables are created or
// altered where they must be (table.go); then the runs are written in order, by
// the fastest way that has the effect of one statement for each record (write.go,
// postgres.go). What the database refuses is tried again as a whole, and when no
// tries are left one record at a time, so that the bad ones can be named and
// handed to the dead letter queue (isolate.go).
//
// Start reading in task.go. The package knows no driver but that of PostgreSQL,
// whose COPY and pipelines it uses; all others are behind package dialect.
package sink

import (
	"context"
	"maps"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connectors/jdbc/dialect"
)

const (
	confluentVersion = "10.10.0"
	aivenVersion     = "6.10.0"
)

// Plugins returns the connector under both of its class names.
func Plugins() plugin.Set {
	return plugin.Set{Sinks: []plugin.Sink{
		describe("io.confluent.connect.jdbc", confluentVersion, false),
		describe("io.aiven.connect.jdbc", aivenVersion, true),
	}}
}

func describe(pkg, version string, aiven bool) plugin.Sink {
	return plugin.Sink{
		Info:      plugin.Info{Class: pkg + ".JdbcSinkConnector", Version: version, Config: definition(aiven)},
		TaskClass: pkg + ".sink.JdbcSinkTask",
		New:       func() connect.SinkConnector { return &connector{aiven: aiven} },
		NewTask:   func() connect.SinkTask { return &task{aiven: aiven, open: dialect.Open} },
	}
}

// connector gives each task the whole configuration.
type connector struct {
	aiven bool
	cfg   config.Map
}

var (
	_ connect.SinkOffsetAlterer = (*connector)(nil)
	_ connect.ConfigValidator   = (*connector)(nil)
)

// Start implements connect.SinkConnector.
func (c *connector) Start(_ context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	if _, err := parseSettings(cfg, c.aiven); err != nil {
		return err
	}
	c.cfg = cfg
	return nil
}

// TaskConfigs implements connect.SinkConnector.
func (c *connector) TaskConfigs(_ context.Context, maxTasks int) ([]config.Map, error) {
	tasks := make([]config.Map, maxTasks)
	for i := range tasks {
		tasks[i] = maps.Clone(c.cfg)
	}
	return tasks, nil
}

// Stop implements connect.SinkConnector.
func (c *connector) Stop(context.Context) error { return nil }

// AlterOffsets accepts all offsets: nothing is kept beside Kafka.
func (c *connector) AlterOffsets(context.Context, config.Map, map[connect.TopicPartition]*int64) (bool, error) {
	return true, nil
}
