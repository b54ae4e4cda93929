package hdfs

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/partition"
)

func TestDefinition(t *testing.T) {
	t.Parallel()
	def := definition()
	connecttest.CheckDef(t, def)
	connecttest.CheckConfig[own](t, def)
	connecttest.CheckConfig[storage.Settings](t, def)
	connecttest.CheckConfig[partition.Settings](t, def)
	for name, want := range map[string]any{
		"hdfs.url": nil, "store.url": nil, "hadoop.conf.dir": "", "hadoop.home": "", "topics.dir": "topics", "logs.dir": "logs",
		"topic.capture.groups.regex": nil, "format.class": avroClass, "storage.class": storageClass, "rotate.interval.ms": int64(-1),
		"rotate.schedule.interval.ms": int64(-1), "retry.backoff.ms": int64(5000), "shutdown.timeout.ms": int64(3000),
		"filename.offset.zero.pad.width": int32(10), "schema.compatibility": "NONE", "schemas.cache.config": int32(1000),
		"enhanced.avro.schema.support": true, "connect.meta.data": true, "parquet.codec": "snappy", "directory.delim": "/", "file.delim": "+",
		"partitioner.class": partition.Default, "partition.duration.ms": int64(-1), "path.format": "", "locale": "", "timezone": "",
		"timestamp.extractor": "Wallclock", "timestamp.field": "timestamp", "hdfs.authentication.kerberos": false, "connect.hdfs.principal": "",
		"connect.hdfs.keytab": "", "hdfs.namenode.principal": "", "kerberos.ticket.renew.period.ms": int64(3600000), "hive.integration": false,
		"hive.metastore.uris": "", "hive.conf.dir": "", "hive.home": "", "hive.database": "default", "hive.table.name": "${topic}",
	} {
		key, ok := def.Find(name)
		if !ok {
			t.Errorf("there is no key %s", name)
			continue
		}
		if !cmp.Equal(key.Default, want) || key.Required {
			t.Errorf("%s has the default %v, want %v", name, key.Default, want)
		}
	}
	if key, _ := def.Find("flush.size"); !key.Required {
		t.Error("flush.size is not required")
	}
}

// TestValidation: each mistake is said at a key that a user would change.
func TestValidation(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "core-site.xml", map[string]string{"hadoop.security.authentication": "Kerberos"})
	bad := t.TempDir()
	if err := os.WriteFile(filepath.Join(bad, "core-site.xml"), []byte("<configuration><property>"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := config.Map{"connector.class": "x", "store.url": "hdfs://node:8020", "flush.size": "3"}
	if got := errorsOf(good); len(got) > 0 {
		t.Errorf("a good configuration has errors: %v", got)
	}
	for _, tt := range []struct {
		set      []string
		key, has string
	}{
		{[]string{"store.url", ""}, "store.url", "Configuration store.url cannot be empty."},
		{[]string{"store.url", "s3://bucket"}, "store.url", "only hdfs://"},
		{[]string{"store.url", "hdfs:///x"}, "store.url", "fs.defaultFS"},
		{[]string{"flush.size", "0"}, "flush.size", "at least 1"},
		{[]string{"hive.integration", "true"}, "hive.integration", "does not register tables with Hive yet"},
		{[]string{"format.class", orcClass}, "format.class", "does not write ORC"},
		{[]string{"format.class", "com.example.Format"}, "format.class", "there are"},
		{[]string{"storage.class", "com.example.Storage"}, "storage.class", "HdfsStorage"},
		{[]string{"rotate.schedule.interval.ms", "1000"}, "timezone", "Timezone cannot be empty when using scheduled file rotation."},
		{[]string{"hdfs.authentication.kerberos", "true"}, "connect.hdfs.principal", "keytab"},
		{[]string{"hadoop.conf.dir", dir}, "hdfs.authentication.kerberos", "hadoop.security.authentication=kerberos"},
		{[]string{"hadoop.conf.dir", bad}, "hadoop.conf.dir", "cannot be read"},
		{[]string{"partitioner.class", "io.confluent.connect.storage.partitioner.FieldPartitioner"}, "partition.field.name", "cannot be null or empty"},
		{[]string{"partitioner.class", "io.confluent.connect.hdfs.partitioner.DailyPartitioner"}, "locale", "Locale cannot be empty."},
		{[]string{"partitioner.class", "io.confluent.connect.storage.partitioner.TimeBasedPartitioner"}, "partition.duration.ms", "needs to be a positive"},
		{[]string{"topics.dir", "a/${1}"}, "topics.dir", "topic.capture.groups.regex"},
		{[]string{"avro.codec", "lzo"}, "avro.codec", "lzo"},
		{[]string{"parquet.codec", "lzo"}, "parquet.codec", "lzo"},
	} {
		cfg := maps.Clone(good)
		for i := 0; i < len(tt.set); i += 2 {
			cfg[tt.set[i]] = tt.set[i+1]
		}
		got := errorsOf(cfg)
		if len(got) != 1 || !strings.Contains(got[tt.key], tt.has) {
			t.Errorf("%v: %v, want %q at %s", tt.set, got, tt.has, tt.key)
		}
		if err := (&connector{}).Start(t.Context(), nil, cfg); err == nil || !strings.HasPrefix(err.Error(), "Couldn't start HdfsSinkConnector due to configuration error.") {
			t.Errorf("%v: the connector starts with %v", tt.set, err)
		}
	}
}

func errorsOf(cfg config.Map) map[string]string {
	values := definition().Validate(cfg.Raw())
	(&connector{}).ValidateConfig(context.Background(), cfg, values)
	found := make(map[string]string)
	for _, v := range values {
		if len(v.Errors) > 0 {
			found[v.Name] = strings.Join(v.Errors, "; ")
		}
	}
	return found
}

func write(t *testing.T, dir, name string, properties map[string]string) {
	t.Helper()
	text := []byte("<?xml version=\"1.0\"?>\n<configuration>")
	for k, v := range properties {
		text = fmt.Appendf(text, "<property><name>%s</name><value>%s</value></property>", k, v)
	}
	if err := os.WriteFile(filepath.Join(dir, name), append(text, "</configuration>"...), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestURLs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ hdfs, store, want string }{
		{"hdfs://a:1", "", "hdfs://a:1"}, {"", "hdfs://b:2", "hdfs://b:2"}, {"hdfs://a:1", "hdfs://b:2", "hdfs://b:2"},
	} {
		cfg := config.Map{"flush.size": "1"}
		for key, value := range map[string]string{"hdfs.url": tt.hdfs, "store.url": tt.store} {
			if value != "" {
				cfg[key] = value
			}
		}
		s, err := parseSettings(cfg)
		if err != nil || s.cluster.URL != tt.want {
			t.Errorf("%v is %s, %v", cfg, s.cluster.URL, err)
		}
	}
}

func TestDirectories(t *testing.T) {
	t.Parallel()
	r := newRig(t, "topics.dir", "in/${topic}/x", "logs.dir", "w", "store.url", "hdfs://node/base/", "filename.offset.zero.pad.width", "2")
	r.fill(0, 3)
	r.mustStart()
	r.mustPut(3)
	files := r.cluster.Files()
	if _, ok := files["/base/in/t/x/t/partition=0/t+0+00+02.txt"]; !ok {
		t.Errorf("files: %v", maps.Keys(files))
	}
	if log := string(files["/base/w/t/0/log"]); !strings.Contains(log, "hdfs://node/base/in/t/x/t/partition=0/t+0+00+02.txt") {
		t.Errorf("the log is %q", log)
	}
}
