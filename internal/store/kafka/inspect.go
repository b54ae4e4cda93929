package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/kafka"
	"sluice/internal/store"
)

// Inspection is what the internal topics of a group hold at one moment.
type Inspection struct {
	ClusterID string
	Brokers   int
	Topics    []TopicReport // of configurations, statuses and offsets
	Configs   *store.ConfigSnapshot
	Statuses  *store.StatusSnapshot
	Offsets   *store.OffsetSnapshot
}

// TopicReport is what there is of one internal topic.
type TopicReport struct {
	Key, Name   string // Key is the setting that names it
	Exists      bool
	Partitions  int
	Replication int // the least of the partitions
	Records     int
	Problems    []string // why a worker would not start on it, or would not read all of it
}

// Inspect reads the internal topics of the group that the settings name, creates
// and changes nothing, and joins nothing. The error is about the settings or the
// cluster; what is wrong with a topic stands in its report.
func Inspect(ctx context.Context, cfg Config) (*Inspection, error) {
	eos, err := ExactlyOnce(cfg.Worker)
	if err != nil {
		return nil, err
	}
	admin, err := newClient(cfg, workerClient(cfg.Worker, "doctor")(kafka.AdminRole, nil))
	if err != nil {
		return nil, err
	}
	defer admin.Close()
	meta, err := kadm.NewClient(admin).BrokerMetadata(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the cluster at bootstrap.servers=%s: %w", cfg.Worker["bootstrap.servers"], err)
	}
	in := &Inspection{
		ClusterID: meta.Cluster, Brokers: len(meta.Brokers),
		Configs: store.NewConfigSnapshot(), Statuses: store.NewStatusSnapshot(), Offsets: store.NewOffsetSnapshot(),
	}
	for _, one := range []struct {
		kind      kind
		name      string
		committed bool
		fold      func(store.Record) string
	}{
		{configKind, "configs", eos == Enabled, func(r store.Record) string {
			next, news := store.FoldConfig(in.Configs, r)
			in.Configs = next
			return news.Problem
		}},
		{statusKind, "statuses", false, func(r store.Record) (problem string) {
			in.Statuses, problem = store.FoldStatus(in.Statuses, r)
			return problem
		}},
		{offsetKind, "offsets", eos == Enabled, func(r store.Record) (problem string) {
			in.Offsets, problem = store.FoldOffset(in.Offsets, r)
			return problem
		}},
	} {
		t, err := readTopic(cfg.Worker, one.kind, cfg.Log)
		if err != nil {
			return nil, err
		}
		in.Topics = append(in.Topics, inspectTopic(ctx, cfg, admin, t, one.name, one.committed, one.fold))
	}
	return in, nil
}

func inspectTopic(ctx context.Context, cfg Config, admin *kgo.Client, t topic, name string, committed bool, fold func(store.Record) string) TopicReport {
	report := TopicReport{Key: t.prefix + "topic", Name: t.name}
	problem := func(format string, args ...any) {
		report.Problems = append(report.Problems, fmt.Sprintf(format, args...))
	}
	details, err := kadm.NewClient(admin).ListTopics(ctx, t.name)
	if err == nil {
		err = details[t.name].Err
	}
	switch {
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return report
	case err != nil:
		problem("it cannot be described: %v", err)
		return report
	}
	report.Exists, report.Partitions = true, len(details[t.name].Partitions)
	report.Replication = details[t.name].Partitions.NumReplicas()
	policy, err := policyOf(ctx, admin, t.name)
	switch {
	case err != nil:
		problem("its configuration cannot be described, so that cleanup.policy is not known: %v", err)
	case policy != compact:
		problem("it has cleanup.policy=%s and has to have cleanup.policy=compact: a worker does not start on it", policy)
	}
	if t.kind == configKind && report.Partitions != 1 {
		problem("it has %d partitions and has to have one: a worker does not start on it", report.Partitions)
	}
	l, err := newReader(cfg, workerClient(cfg.Worker, "doctor-"+name), t, admin, committed)
	if err == nil {
		passed := map[string]int{}
		err = l.open(ctx, int32(report.Partitions), func(records []store.Record) {
			for _, r := range records {
				report.Records++
				if p := fold(r); p != "" {
					passed[p]++
				}
			}
		})
		err = errors.Join(err, l.Close()) // Close waits for the tail
		for p, n := range passed {
			problem("%d of its records are passed over: %s", n, p)
		}
	}
	if err != nil {
		problem("it cannot be read: %v", err)
	}
	return report
}
