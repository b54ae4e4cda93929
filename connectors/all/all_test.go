package all_test

import (
	"strings"
	"testing"

	"sluice/connect/plugin"
	"sluice/connectors/all"
)

func TestPluginsAreWhole(t *testing.T) {
	t.Parallel()
	set := all.Plugins()
	seen := map[string]bool{}
	check := func(i plugin.Info, taskClass string, made ...bool) {
		t.Helper()
		if seen[i.Class] {
			t.Errorf("%s is listed twice", i.Class)
		}
		seen[i.Class] = true
		if !strings.Contains(i.Class, ".") || !strings.Contains(taskClass, ".") || i.Version == "" || len(i.Config) == 0 {
			t.Errorf("%+v with tasks %q lacks something", i, taskClass)
		}
		for _, k := range i.Config {
			if k.Doc == "" {
				t.Errorf("%s: key %s has no text", i.Class, k.Name)
			}
		}
		for _, ok := range made {
			if !ok {
				t.Errorf("%s: a constructor makes nothing", i.Class)
			}
		}
	}
	for _, s := range set.Sources {
		check(s.Info, s.TaskClass, s.New() != nil, s.NewTask() != nil)
	}
	for _, s := range set.Sinks {
		check(s.Info, s.TaskClass, s.New() != nil, s.NewTask() != nil)
	}
	for _, want := range []string{
		"org.apache.kafka.connect.file.FileStreamSourceConnector",
		"org.apache.kafka.connect.file.FileStreamSinkConnector",
		"io.confluent.kafka.connect.datagen.DatagenConnector",
		"io.confluent.connect.jdbc.JdbcSinkConnector",
		"io.aiven.connect.jdbc.JdbcSinkConnector",
		"io.confluent.connect.hdfs.HdfsSinkConnector",
	} {
		if !seen[want] {
			t.Errorf("%s is not listed", want)
		}
	}
}
