// Package hdfs is the HDFS sink connector, under the class name of Confluent: it
// writes the records of each topic partition to files of HDFS, each record to
// exactly one.
//
// Records go to temporary files below +tmp, one for each directory that the
// partitioner names. A commit closes them, writes to the write-ahead log (package
// wal) which names they get, and renames them; the names hold topic, partition and
// offsets. Where a task begins, or begins again after an error, it finishes what
// the log says, asks Kafka for the records behind the last file, and forgets
// everything else. So no error needs a road of its own, and one partition's trouble
// is none of the others.
//
// Start reading in task.go, which calls the partitions in partition.go; recover.go
// is their beginning, names.go knows directories and file names. What sinks to
// other stores would share (formats, partitioners, rotation) is in
// connectors/internal/storage; package dfs is the client.
package hdfs

import (
	"context"
	"maps"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connectors/hdfs/dfs"
)

const (
	pkg     = "io.confluent.connect.hdfs."
	version = "10.2.0"
)

// Plugins returns the connector.
func Plugins() plugin.Set {
	return plugin.Set{Sinks: []plugin.Sink{{
		Info:      plugin.Info{Class: pkg + "HdfsSinkConnector", Version: version, Config: definition()},
		TaskClass: pkg + "HdfsSinkTask",
		New:       func() connect.SinkConnector { return &connector{} },
		NewTask:   func() connect.SinkTask { return &task{dial: dfs.Dial} },
	}}}
}

// connector gives each task the whole configuration.
type connector struct{ cfg config.Map }

var (
	_ connect.SinkOffsetAlterer = (*connector)(nil)
	_ connect.ConfigValidator   = (*connector)(nil)
)

// Start implements connect.SinkConnector.
func (c *connector) Start(_ context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	if _, err := parseSettings(cfg); err != nil {
		return connect.Errorf("Couldn't start HdfsSinkConnector due to configuration error.: %w", err)
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

// AlterOffsets refuses offsets: where a task begins is in its log and in the names
// of its files, and offsets in Kafka are for monitoring alone.
func (c *connector) AlterOffsets(_ context.Context, _ config.Map, offsets map[connect.TopicPartition]*int64) (bool, error) {
	for p := range offsets {
		return false, connect.Errorf("the HDFS sink goes on behind its last file, whatever offset is set for %s-%d: to write records again, move away the partition's files below topics.dir and its folder below logs.dir", p.Topic, p.Partition)
	}
	return true, nil
}
