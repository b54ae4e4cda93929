package worker

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/store"
)

func TestConsumedOffsets(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ctx := deadline(t)
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	admin := kadm.NewClient(cl)
	if _, err := admin.CreateTopics(ctx, 2, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	cfg := config.Map{"consumer.override.group.id": "mine", "admin.override.client.id": "x"}
	at := func(p int32) connect.TopicPartition { return connect.TopicPartition{Topic: "t", Partition: p} }
	read := func(want map[connect.TopicPartition]int64) {
		t.Helper()
		got, err := r.ConsumedOffsets(ctx, "k", cfg)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Error(err, diff)
		}
	}
	alter := func(offsets map[connect.TopicPartition]*int64) error {
		return r.AlterConsumedOffsets(ctx, "k", cfg, offsets)
	}

	read(map[connect.TopicPartition]int64{}) // no such group yet
	if err := r.ResetConsumedOffsets(ctx, "k", cfg); err != nil {
		t.Errorf("reset of a group that is not there: %v", err)
	}
	if err := alter(map[connect.TopicPartition]*int64{at(0): new(int64(3)), at(1): new(int64(4))}); err != nil {
		t.Fatal(err)
	}
	read(map[connect.TopicPartition]int64{at(0): 3, at(1): 4})
	if other, err := r.ConsumedOffsets(ctx, "k", nil); err != nil || len(other) != 0 {
		t.Errorf("the group connect-k has %v, %v", other, err)
	}
	if err := alter(map[connect.TopicPartition]*int64{at(0): nil, at(1): new(int64(5))}); err != nil {
		t.Fatal(err)
	}
	read(map[connect.TopicPartition]int64{at(1): 5})
	for _, p := range []connect.TopicPartition{at(2), at(-1), {Topic: "none"}} {
		if err := alter(map[connect.TopicPartition]*int64{p: new(int64(1)), at(0): new(int64(1))}); err == nil {
			t.Errorf("an offset of %v is taken", p)
		}
	}
	read(map[connect.TopicPartition]int64{at(1): 5}) // all or none

	// A member of the group is in the way of every change.
	member, err := kgo.NewClient(kgo.SeedBrokers(r.addr), kgo.ConsumerGroup("mine"), kgo.ConsumeTopics("t"))
	if err != nil {
		t.Fatal(err)
	}
	defer member.Close()
	for members := 0; members == 0; {
		groups, err := admin.DescribeGroups(ctx, "mine")
		if err != nil {
			t.Fatal(err)
		}
		members = len(groups["mine"].Members)
	}
	if err := r.ResetConsumedOffsets(ctx, "k", cfg); !errors.Is(err, store.ErrGroupInUse) {
		t.Errorf("reset of a group with members: %v", err)
	}
	if err := alter(map[connect.TopicPartition]*int64{at(1): new(int64(6))}); !errors.Is(err, store.ErrGroupInUse) {
		t.Errorf("change of a group with members: %v", err)
	}
	if err := alter(map[connect.TopicPartition]*int64{at(1): nil}); !errors.Is(err, store.ErrGroupInUse) {
		t.Errorf("removal from a group with members: %v", err)
	}
	member.Close()
	if err := r.ResetConsumedOffsets(ctx, "k", cfg); err != nil {
		t.Error(err)
	}
	read(map[connect.TopicPartition]int64{})
}
