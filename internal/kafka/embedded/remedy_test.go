package embedded

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/kversion"
)

// A compacted topic keeps every live key, however old, and however the topic
// came to be compacted.
func TestCompactedTopicKeepsLiveKeys(t *testing.T) {
	t.Parallel()
	compact := new("compact")
	ways := map[string]func(*testing.T, *kadm.Client){
		"created": func(t *testing.T, adm *kadm.Client) {
			createTopic(t, adm, "c", map[string]*string{"cleanup.policy": compact})
		},
		"created with retention": func(t *testing.T, adm *kadm.Client) {
			createTopic(t, adm, "c", map[string]*string{"cleanup.policy": compact, "retention.ms": new("1"), "retention.bytes": new("1")})
		},
		"altered": func(t *testing.T, adm *kadm.Client) {
			createTopic(t, adm, "c", nil)
			alter(t, adm, kadm.AlterConfig{Name: "cleanup.policy", Value: compact})
		},
		"retention altered": func(t *testing.T, adm *kadm.Client) {
			createTopic(t, adm, "c", map[string]*string{"cleanup.policy": compact})
			alter(t, adm, kadm.AlterConfig{Name: "retention.ms", Value: new("1")})
		},
		"retention deleted": func(t *testing.T, adm *kadm.Client) {
			createTopic(t, adm, "c", map[string]*string{"cleanup.policy": compact})
			alter(t, adm, kadm.AlterConfig{Op: kadm.DeleteConfig, Name: "retention.ms"})
		},
		"all configs replaced": func(t *testing.T, adm *kadm.Client) {
			createTopic(t, adm, "c", nil)
			resp, err := adm.AlterTopicConfigsState(deadline(t), []kadm.AlterConfig{{Name: "cleanup.policy", Value: compact}}, "c")
			if err != nil || resp[0].Err != nil {
				t.Fatal(err, resp)
			}
		},
	}
	for name, make := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := start(t, Config{Dir: t.TempDir()})
			cl := client(t, b.Addr())
			make(t, kadm.NewClient(cl))
			monthOld := time.Now().Add(-30 * 24 * time.Hour)
			for i := range 300 { // three values for each of 100 keys
				r := &kgo.Record{Topic: "c", Key: fmt.Appendf(nil, "k%02d", i%100), Value: fmt.Append(nil, i), Timestamp: monthOld}
				if err := cl.ProduceSync(deadline(t), r).FirstErr(); err != nil {
					t.Fatal(err)
				}
			}
			b.cluster.Compact()
			b.cluster.ApplyRetention()
			got := consume(t, b.Addr(), "c", 100)
			for _, live := range numbers(300)[200:] {
				if !slices.Contains(got, live) {
					t.Fatalf("value %s is gone, %d are left", live, len(got))
				}
			}
		})
	}
}

func alter(t *testing.T, adm *kadm.Client, c kadm.AlterConfig) {
	t.Helper()
	resp, err := adm.AlterTopicConfigs(deadline(t), []kadm.AlterConfig{c}, "c")
	if err != nil || resp[0].Err != nil {
		t.Fatal(err, resp)
	}
}

// The control for the test above: without the remedy, retention of a topic
// that is not compacted does take old records away.
func TestRetentionOfOtherTopicsWorks(t *testing.T) {
	t.Parallel()
	b := start(t, Config{Dir: t.TempDir()})
	cl := client(t, b.Addr())
	createTopic(t, kadm.NewClient(cl), "d", map[string]*string{"cleanup.policy": new("delete"), "retention.ms": new("1000")})
	old := &kgo.Record{Topic: "d", Value: []byte("x"), Timestamp: time.Now().Add(-time.Hour)}
	for range 2 {
		if err := cl.ProduceSync(deadline(t), old).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	b.cluster.ApplyRetention()
	if got := b.cluster.PartitionInfo("d", 0).LogStartOffset; got == 0 {
		t.Error("no record was deleted")
	}
}

func TestMetadataCreatesTopics(t *testing.T) {
	t.Parallel()
	b := start(t, Config{Dir: t.TempDir(), Partitions: 3})
	cl := client(t, b.Addr())
	tests := []struct {
		topic   string
		allow   bool
		version int16
		code    int16
		parts   int
	}{
		{"allowed", true, 9, 0, 3},
		{"refused", false, 9, kerr.UnknownTopicOrPartition.Code, 0},
		{"old-client", false, 2, 0, 3}, // had no way to refuse
		{"not/legal", true, 9, kerr.UnknownTopicOrPartition.Code, 0},
		{"..", true, 9, kerr.UnknownTopicOrPartition.Code, 0},
	}
	for _, tt := range tests {
		t.Run(tt.topic, func(t *testing.T) {
			req := kmsg.NewPtrMetadataRequest()
			req.Version = tt.version
			req.AllowAutoTopicCreation = tt.allow
			rt := kmsg.NewMetadataRequestTopic()
			rt.Topic = &tt.topic
			req.Topics = append(req.Topics, rt)
			cl := cl
			if tt.version < 4 {
				cl = client(t, b.Addr(), kgo.MaxVersions(kversion.V0_10_1()))
			}
			resp, err := req.RequestWith(deadline(t), cl)
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Topics[0]; got.ErrorCode != tt.code || len(got.Partitions) != tt.parts {
				t.Errorf("code %d, %d partitions; want %d, %d", got.ErrorCode, len(got.Partitions), tt.code, tt.parts)
			}
		})
	}
}

func TestCreateTopicsAnswers(t *testing.T) {
	t.Parallel()
	b := start(t, Config{Dir: t.TempDir(), Partitions: 2})
	cl := client(t, b.Addr())
	type answer struct {
		Code       int16
		Message    string // a part of it
		Partitions int32
		Source     int8
	}
	tests := []struct {
		topic    string
		parts    int32
		replicas int16
		config   *string
		want     answer
	}{
		{"default", -1, -1, nil, answer{Partitions: 2}},
		{"default", -1, -1, nil, answer{Code: kerr.TopicAlreadyExists.Code, Message: "Topic 'default'", Partitions: -1}},
		{"configured", 4, 1, new("1000"), answer{Partitions: 4, Source: 1}},
		{"zero", 0, 1, nil, answer{Code: kerr.InvalidPartitions.Code, Message: "partitions 0 of topic zero", Partitions: -1}},
		{"three", 1, 3, nil, answer{Code: kerr.InvalidReplicationFactor.Code, Message: "factor 3 of topic three", Partitions: -1}},
		{"not legal", 1, 1, nil, answer{Code: kerr.InvalidTopicException.Code, Message: `"not legal" is not legal`, Partitions: -1}},
	}
	for _, tt := range tests {
		req := kmsg.NewPtrCreateTopicsRequest()
		rt := kmsg.NewCreateTopicsRequestTopic()
		rt.Topic, rt.NumPartitions, rt.ReplicationFactor = tt.topic, tt.parts, tt.replicas
		if tt.config != nil {
			rc := kmsg.NewCreateTopicsRequestTopicConfig()
			rc.Name, rc.Value = "retention.ms", tt.config
			rt.Configs = append(rt.Configs, rc)
		}
		req.Topics = append(req.Topics, rt)
		resp, err := req.RequestWith(deadline(t), cl)
		if err != nil {
			t.Fatal(err)
		}
		got := resp.Topics[0]
		have := answer{Code: got.ErrorCode, Partitions: got.NumPartitions}
		if got.ErrorMessage != nil && strings.Contains(*got.ErrorMessage, tt.want.Message) {
			have.Message = tt.want.Message
		}
		if len(got.Configs) > 0 {
			have.Source = got.Configs[0].Source
		}
		if diff := cmp.Diff(tt.want, have); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.topic, diff)
		}
	}
}
