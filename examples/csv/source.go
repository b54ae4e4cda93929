package csv

import (
	"context"
	"maps"
	"os"
	"strconv"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// sourceSettings are the keys of sourceDef.
type sourceSettings struct {
	Directory string `config:"directory"`
	Topic     string `config:"topic"`
	BatchRows int    `config:"batch.rows"`
}

// sourceConnector shares the files out among its tasks by their names.
type sourceConnector struct{ cfg config.Map }

// What else the connector can do, it says by further interfaces of connect.
var (
	_ connect.ConfigValidator     = (*sourceConnector)(nil)
	_ connect.SourceOffsetAlterer = (*sourceConnector)(nil)
	_ connect.ExactlyOnceSource   = (*sourceConnector)(nil)
)

func (c *sourceConnector) Start(_ context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	_, err := config.Decode[sourceSettings](sourceDef(), cfg)
	c.cfg = cfg
	return err
}

func (c *sourceConnector) TaskConfigs(_ context.Context, maxTasks int) ([]config.Map, error) {
	tasks := make([]config.Map, maxTasks)
	for i := range tasks {
		tasks[i] = maps.Clone(c.cfg)
		tasks[i][taskKey], tasks[i][tasksKey] = strconv.Itoa(i), strconv.Itoa(maxTasks)
	}
	return tasks, nil
}

func (c *sourceConnector) Stop(context.Context) error { return nil }

// ValidateConfig looks whether the directory can be read, before anything runs.
func (c *sourceConnector) ValidateConfig(_ context.Context, cfg config.Map, values config.Values) {
	checkDirectory(cfg, values)
}

func checkDirectory(cfg config.Map, values config.Values) {
	dir := values.Find(directoryKey)
	if len(dir.Errors) > 0 { // missing: the definition has said so
		return
	}
	if info, err := os.Stat(cfg[directoryKey]); err != nil || !info.IsDir() {
		values.AddError(directoryKey, config.InvalidValue(directoryKey, cfg[directoryKey], "must be a directory that the worker can read").Error())
	}
}

// AlterOffsets checks what a user wants to set by PATCH /connectors/NAME/offsets.
func (c *sourceConnector) AlterOffsets(_ context.Context, _ config.Map, offsets []connect.SourceOffset) (bool, error) {
	for _, o := range offsets {
		if _, ok := o.Partition.Lookup(fileField); !ok {
			return false, connect.Errorf("a partition must have the field %q, the name of a file", fileField)
		}
		if o.Offset.IsNull() {
			continue
		}
		if n, ok := o.Offset.Lookup(rowsField); !ok || n.Kind() != schema.KindInt64 || n.Int() < 0 {
			return false, connect.Errorf("an offset must have the field %q, the number of rows that are done, or be null", rowsField)
		}
	}
	return true, nil
}

// ExactlyOnceSupport says yes: the same offset always leads to the same rows.
func (c *sourceConnector) ExactlyOnceSupport(config.Map) connect.ExactlyOnceSupport {
	return connect.ExactlyOnceSupported
}
