package setting_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/internal/setting"
)

// java is a row of what DistributedConfig of 4.3.1 prints of itself.
type java struct{ Name, Type, Default, Importance string }

// TestTableIsJavas compares the table with the one that the Java class prints.
func TestTableIsJavas(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/java-4.3.1.json")
	if err != nil {
		t.Fatal(err)
	}
	var rows []java
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	want, got := make(map[string]java), make(map[string]java)
	for _, r := range rows {
		want[r.Name] = r
	}
	own := map[string]bool{"log.format": true, "rest.answers": true, "rest.mask.secrets": true, "rest.auth.jaas.config.file": true, "rest.max.request.bytes": true, "task.stall.timeout.ms": true}
	for _, k := range setting.Def(setting.Distributed) {
		if own[k.Name] {
			continue
		}
		shown, ok := config.Format(k.Default)
		switch {
		case k.Required:
			shown = ""
		case !ok:
			shown = "null"
		case shown == "":
			shown = `""`
		}
		got[k.Name] = java{k.Name, string(k.Type), shown, string(k.Importance)}
	}
	for name, w := range want {
		if w.Default == "" && w.Type == "LIST" && !got[name].required() {
			w.Default = `""` // Java prints an empty list as nothing
			want[name] = w
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("table (-Java +ours):\n%s", diff)
	}
}

func (j java) required() bool { return j.Default == "" }

func TestTablesAreSound(t *testing.T) {
	t.Parallel()
	connecttest.CheckDef(t, setting.Def(setting.Standalone))
	connecttest.CheckDef(t, setting.Def(setting.Distributed))
}

func standalone(more ...string) config.Map {
	m := config.Map{"bootstrap.servers": "h:1", "key.converter": "K", "value.converter": "V", "offset.storage.file.filename": "/o"}
	for i := 0; i+1 < len(more); i += 2 {
		m[more[i]] = more[i+1]
	}
	return m
}

func distributed(more ...string) config.Map {
	m := standalone(append([]string{
		"group.id", "g", "offset.storage.topic", "o", "config.storage.topic", "c", "status.storage.topic", "s",
	}, more...)...)
	delete(m, "offset.storage.file.filename")
	return m
}

func TestCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		mode setting.Mode
		m    config.Map
		want string
	}{
		{"standalone", setting.Standalone, standalone(), ""},
		{"distributed", setting.Distributed, distributed(), ""},
		{"nothing", setting.Standalone, config.Map{"key.converter": " "}, `Missing required configuration "bootstrap.servers" which has no default value.
Missing required configuration "key.converter" which has no default value.
Missing required configuration "value.converter" which has no default value.
Missing required configuration "offset.storage.file.filename" which has no default value.`},
		{"number", setting.Standalone, standalone("offset.flush.interval.ms", "1 min"), "Invalid value 1 min for configuration offset.flush.interval.ms: Not a number of type LONG"},
		{"number in a range", setting.Standalone, standalone("metrics.num.samples", "x"), "Invalid value x for configuration metrics.num.samples: Not a number of type INT"},
		{"range", setting.Standalone, standalone("metrics.num.samples", "0"), "Invalid value 0 for configuration metrics.num.samples: Value must be at least 1"},
		{"boolean", setting.Standalone, standalone("topic.creation.enable", "yes"), "Invalid value yes for configuration topic.creation.enable: Expected value to be either true or false"},
		{"exactly once", setting.Standalone, standalone("exactly.once.source.support", "Enabled", "worker.name", "w", "offset.storage.topic", "o"), ""},
		{
			"exactly once without a name", setting.Standalone, standalone("exactly.once.source.support", "enabled", "offset.storage.topic", "o"),
			`Missing required configuration "worker.name", which exactly.once.source.support=enabled needs: give a name that no other worker of the Kafka cluster has, and keep it: the next run fences this one by it.`,
		},
		{
			"exactly once without a topic", setting.Standalone, standalone("exactly.once.source.support", "enabled", "worker.name", "w"),
			`Missing required configuration "offset.storage.topic", which exactly.once.source.support=enabled needs: give a topic for the offsets, which are in the transactions of the records.`,
		},
		{"preparing is of groups", setting.Standalone, standalone("exactly.once.source.support", "preparing"), "Invalid value preparing for configuration exactly.once.source.support: String must be one of (case insensitive): DISABLED, ENABLED"},
		{"two", setting.Standalone, standalone("topic.creation.enable", "yes", "metrics.num.samples", "0"), `Invalid value 0 for configuration metrics.num.samples: Value must be at least 1
Invalid value yes for configuration topic.creation.enable: Expected value to be either true or false`},
		{"class", setting.Standalone, standalone("value.converter", "no.Such"), "Invalid value no.Such for configuration value.converter: Class no.Such could not be found."},
		{"list", setting.Standalone, standalone("bootstrap.servers", "a:1,"), "Configuration 'bootstrap.servers' values must not be empty."},
		{"repeated items", setting.Standalone, standalone("bootstrap.servers", "a:1,a:1"), ""},
		{"listeners", setting.Standalone, standalone("listeners", ""), "Invalid value for listeners, at least one URL is expected, ex: http://localhost:8080,https://localhost:8443."},
		{"discovery in lower case", setting.Standalone, standalone("plugin.discovery", "only_scan"), ""},
		{"header", setting.Standalone, standalone("response.http.headers.config", `add Cache-Control:no-cache,"set X-A:b, c"`), ""},
		{"header action", setting.Standalone, standalone("response.http.headers.config", "put X:1"), "Invalid header config action: 'put'. Expected one of [set, add, setDate, addDate]"},
		{"header form", setting.Standalone, standalone("response.http.headers.config", "set"), "Invalid format of header config 'set'. Expected: '[action] [header name]:[header value]'"},
		{"header pair", setting.Standalone, standalone("response.http.headers.config", "set X"), "Invalid format of header name and header value pair 'X'. Expected: '[header name]:[header value]'"},
		{"header name", setting.Standalone, standalone("response.http.headers.config", "set X Y:1"), "Invalid header name 'X Y'. The '[header name]' cannot contain whitespace"},
		{"log format", setting.Standalone, standalone("log.format", "xml"), "Invalid value xml for configuration log.format: String must be one of (case insensitive): TEXT, JSON"},
		{"partitions", setting.Distributed, distributed("status.storage.partitions", "0"), "Invalid value 0 for configuration status.storage.partitions: Number of partitions must be positive, or -1 to use the broker's default"},
		{"replicas", setting.Distributed, distributed("offset.storage.replication.factor", "-2"), "Invalid value -2 for configuration offset.storage.replication.factor: Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"},
		{"exactly once", setting.Distributed, distributed("exactly.once.source.support", "true"), "Invalid value true for configuration exactly.once.source.support: String must be one of: disabled, preparing, enabled"},
		{"signature", setting.Distributed, distributed("inter.worker.signature.algorithm", "HmacSHA512"), "Invalid value HmacSHA512 for configuration inter.worker.signature.algorithm: Signature algorithm must be present in inter.worker.verification.algorithms list"},
		{"protocol", setting.Distributed, distributed("connect.protocol", "v2"), "Invalid value v2 for configuration connect.protocol: Invalid Connect protocol compatibility"},
	}
	resolve := func(class string) (string, bool) { return class, !strings.Contains(class, "Such") }
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := setting.Check(tt.mode, tt.m, resolve); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	m := standalone(
		"offset.flush.intervall.ms", "1", "producer.acks", "all", "key.converter.schemas.enable", "false", "sasl.mechanism", "PLAIN", "ssl.protocol", "x",
		"config.providers.f.class", "F", "my.own", "1", "group.id", "left over", "offset.storage.replication.factor", "1", "retries", "3",
	)
	got := setting.Unknown(setting.Standalone, m, func(name string) bool { return name == "retries" })
	if diff := cmp.Diff([]string{"my.own", "offset.flush.intervall.ms"}, got); diff != "" {
		t.Error(diff)
	}
	if got := setting.Unknown(setting.Distributed, distributed("offset.storage.compression.type", "zstd", "offset.storage.file.filename", "/o"), func(string) bool { return false }); len(got) > 0 {
		t.Errorf("unknown in distributed mode: %v", got)
	}
}

func FuzzHeaders(f *testing.F) {
	for _, seed := range []string{"", "set X:1", `add "a,b",set Y:`, `"`, ",,", "set \x00:é"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, text string) {
		_ = setting.Check(setting.Standalone, standalone("response.http.headers.config", text), nil)
	})
}
