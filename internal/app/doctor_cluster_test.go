package app

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

// TestDoctorOfAWrongCluster: internal topics that no worker starts on, and a group
// of consumers under the name of the workers' group.
func TestDoctorOfAWrongCluster(t *testing.T) {
	t.Parallel()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(c.ListenAddrs()...), kgo.ConsumerGroup("g"), kgo.ConsumeTopics("data"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	deletes := "delete"
	for topic, partitions := range map[string]int32{"g-configs": 2, "g-status": 5} {
		if _, err := kadm.NewClient(client).CreateTopic(t.Context(), partitions, 1, map[string]*string{"cleanup.policy": &deletes}, topic); err != nil {
			t.Fatal(err)
		}
	}
	if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "data"}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for client.PollFetches(t.Context()).NumRecords() == 0 { // it is a member then
		if t.Context().Err() != nil {
			t.Fatal(t.Context().Err())
		}
	}
	var out strings.Builder
	if err := New().Doctor(t.Context(), doctorFile(t, c, "offset.storage.replication.factor=1\n"), &out); !errors.Is(err, ErrNotWell) {
		t.Errorf("%v", err)
	}
	for _, want := range []string{
		"PROBLEM: it has cleanup.policy=delete and has to have cleanup.policy=compact",
		"PROBLEM: it has 2 partitions and has to have one",
		"PROBLEM: some of the internal topics exist and some do not",
		`PROBLEM: it is a group of type "consumer" with 1 member: give another group.id`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the report does not say %q:\n%s", want, &out)
		}
	}
	// Whoever does not own the group's topics is told where it looks.
	if err := New().Doctor(t.Context(), os.DevNull, &out); err == nil {
		t.Error("an empty file is well")
	}
}
