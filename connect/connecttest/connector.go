package connecttest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
)

// planner is what source and sink connectors have in common.
type planner interface {
	Start(ctx context.Context, host connect.ConnectorHost, cfg config.Map) error
	TaskConfigs(ctx context.Context, maxTasks int) ([]config.Map, error)
	Stop(ctx context.Context) error
}

// plan runs a connector and returns the configurations of its tasks.
func plan(t *testing.T, c planner, cfg config.Map, maxTasks int) []config.Map {
	t.Helper()
	host := &connectorHost{log: logger(t)}
	given := maps.Clone(cfg)
	must(t, "Start of the connector", func() error { return c.Start(t.Context(), host, given) })
	var configs []config.Map
	must(t, "TaskConfigs", func() (err error) {
		configs, err = c.TaskConfigs(t.Context(), maxTasks)
		return err
	})
	must(t, "Stop of the connector", func() error { return c.Stop(t.Context()) })
	if !maps.Equal(given, cfg) {
		t.Error("the connector changes the configuration that it is given")
	}
	if err := host.raised.Load(); err != nil {
		t.Errorf("the connector raises an error: %v", *err)
	}
	return configs
}

// checkPlan looks at the number of task configurations, and that they are the
// same each time: else every start of the connector restarts its tasks.
func checkPlan(t *testing.T, make func() planner, cfg config.Map) {
	t.Helper()
	for _, most := range []int{1, 2, 7} {
		first, again := plan(t, make(), cfg, most), plan(t, make(), cfg, most)
		if len(first) > most {
			t.Errorf("TaskConfigs(%d) returns %d configurations", most, len(first))
		}
		if !slices.EqualFunc(first, again, maps.Equal) {
			t.Errorf("TaskConfigs(%d) returns %v, and then %v", most, first, again)
		}
	}
	c := make()
	must(t, "Start of the connector", func() error { return c.Start(t.Context(), &connectorHost{log: logger(t)}, maps.Clone(cfg)) })
	must(t, "TaskConfigs", func() error {
		configs, err := c.TaskConfigs(t.Context(), 3)
		for _, m := range configs {
			clear(m) // the worker owns them
		}
		return err
	})
	must(t, "TaskConfigs", func() error {
		configs, err := c.TaskConfigs(t.Context(), 3)
		for _, m := range configs {
			if len(m) == 0 && len(cfg) > 0 {
				t.Error("TaskConfigs returns a map that it gave away before")
			}
		}
		return err
	})
	must(t, "Stop of the connector", func() error { return c.Stop(t.Context()) })
}

// checkConnectorEnds stops connectors that have not started, and starts them in
// contexts that have ended: errors are fine, hanging is not.
func checkConnectorEnds(t *testing.T, make func() planner, cfg config.Map) {
	t.Helper()
	never := make()
	_ = call(t, "Stop of a connector that did not start", func() error { return never.Stop(t.Context()) })
	late := make()
	ctx := ended(t)
	err := call(t, "Start of a connector whose context has ended", func() error {
		return late.Start(ctx, &connectorHost{log: logger(t)}, maps.Clone(cfg))
	})
	if err == nil {
		_ = call(t, "TaskConfigs whose context has ended", func() error {
			_, err := late.TaskConfigs(ctx, 1)
			return err
		})
	}
	_ = call(t, "Stop whose context has ended", func() error { return late.Stop(ctx) })
}
