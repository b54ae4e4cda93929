package kafka

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTopicPlan(t *testing.T) {
	t.Parallel()
	conn := map[string]string{
		"name":                  "x",
		"topic.creation.groups": "compacted, highly_parallel ,default,compacted",
		"topic.creation.default.replication.factor":   "3",
		"topic.creation.default.partitions":           "5",
		"topic.creation.default.include":              "ignored",
		"topic.creation.highly_parallel.include":      "hpc.*,parallel.*",
		"topic.creation.highly_parallel.exclude":      ".*internal, .*metadata,.*config.*",
		"topic.creation.highly_parallel.partitions":   "100",
		"topic.creation.compacted.include":            "configurations.*,hpc.compact",
		"topic.creation.compacted.replication.factor": "-1",
		"topic.creation.compacted.cleanup.policy":     "compact",
	}
	p, err := ReadTopicPlan(conn)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		topic, group string
		partitions   int32
		factor       int16
		configs      map[string]string
	}{
		{"hpc-1", "highly_parallel", 100, 3, map[string]string{}},
		{"hpc-metadata", "default", 5, 3, map[string]string{}},
		{"hpc.compact", "compacted", 5, -1, map[string]string{"cleanup.policy": "compact"}}, // the first group counts
		{"my-hpc", "default", 5, 3, map[string]string{}},                                    // the whole name must match
		{"configurations", "compacted", 5, -1, map[string]string{"cleanup.policy": "compact"}},
	} {
		want := NewTopic{Name: tt.topic, Partitions: tt.partitions, ReplicationFactor: tt.factor, Configs: tt.configs}
		got, group := p.For(tt.topic)
		if diff := cmp.Diff(want, got); diff != "" || group != tt.group {
			t.Errorf("%s: group %s, want %s %s", tt.topic, group, tt.group, diff)
		}
	}
	if p, err := ReadTopicPlan(map[string]string{"name": "x", "topic": "y"}); p != nil || err != nil {
		t.Errorf("without a key: %v %v", p, err)
	}
}

func TestTopicPlanRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ key, value, want string }{
		{"topic.creation.default.partitions", "", `Missing required configuration "topic.creation.default.partitions" which has no default value.`},
		{"topic.creation.default.partitions", "0", "Invalid value 0 for configuration partitions: Number of partitions must be positive, or -1 to use the broker's default"},
		{"topic.creation.g.replication.factor", "-2", "Invalid value -2 for configuration replication.factor: Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default"},
		{"topic.creation.g.partitions", "many", "Invalid value many for configuration topic.creation.g.partitions: Not a number of type INT"},
		{"topic.creation.g.include", "a(", "Invalid value [a(] for configuration include: Syntax error in regular expression: "},
	} {
		conn := map[string]string{
			"topic.creation.groups": "g", "topic.creation.default.replication.factor": "1", "topic.creation.default.partitions": "1",
		}
		if tt.value == "" {
			delete(conn, tt.key)
		} else {
			conn[tt.key] = tt.value
		}
		if _, err := ReadTopicPlan(conn); err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%s=%s: %v, want %s", tt.key, tt.value, err, tt.want)
		}
	}
}
