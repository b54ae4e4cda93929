//go:build integration

package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "sluice/test/kafka"
)

// TestOffsetsFileIsSharedWithJava lets the Java worker and ours take turns with
// one connector and one offsets file: each goes on where the other one stopped.
func TestOffsetsFileIsSharedWithJava(t *testing.T) {
	bootstrap := kafkatest.Broker(t)
	dir := t.TempDir()
	in, topic := filepath.Join(dir, "in.txt"), kafkatest.Name(t)
	connector := filepath.Join(dir, "source.properties")
	write(t, connector, "name=shared\nconnector.class=org.apache.kafka.connect.file.FileStreamSourceConnector\ntasks.max=1\ntopic="+topic+"\nfile="+in+"\n")
	settings := map[string]string{
		"bootstrap.servers": bootstrap, "offset.storage.file.filename": filepath.Join(dir, "offsets"), "offset.flush.interval.ms": "500",
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics(topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	var want, got []string
	turn := func(who string, start func(t *testing.T)) {
		t.Run(fmt.Sprintf("%d %s", len(want)/20, who), func(t *testing.T) {
			f, err := os.OpenFile(in, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for range 20 {
				line := fmt.Sprintf("line %d of %s", len(want), who)
				want = append(want, line)
				if _, err := f.WriteString(line + "\n"); err != nil {
					t.Fatal(err)
				}
			}
			start(t)
			for len(got) < len(want) {
				fetches := client.PollFetches(t.Context())
				if err := fetches.Err(); err != nil {
					t.Fatal(err)
				}
				fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("records (-want +got):\n%s", diff)
			}
		}) // the worker is stopped in order, and stores its offsets
	}
	java := func(t *testing.T) { kafkatest.JavaConnect(t, settings, connector) }
	ours := func(t *testing.T) { kafkatest.Sluice(t, settings, connector) }
	turn("Java", java)
	turn("Sluice", ours)
	turn("Java", java)
	turn("Sluice", ours)
	raw, err := os.ReadFile(settings["offset.storage.file.filename"])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), `["shared",{"filename":"`+in+`"}]`) {
		t.Errorf("the file does not hold the key of the connector: %q", raw)
	}
}
