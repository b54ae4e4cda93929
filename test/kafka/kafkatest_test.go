//go:build integration

package kafkatest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// TestJavaMovesAFile proves the tool itself: the broker takes what the Java
// worker reads from a file, and a stopped worker has stored its offsets.
func TestJavaMovesAFile(t *testing.T) {
	t.Parallel()
	bootstrap, topic, dir := Broker(t), Name(t), t.TempDir()
	in, source := filepath.Join(dir, "in.txt"), filepath.Join(dir, "source.properties")
	offsets := filepath.Join(dir, "offsets")
	write(t, in, []byte("one\ntwo\n"))
	write(t, source, Properties(map[string]string{
		"name": topic, "connector.class": "FileStreamSource", "file": in, "topic": topic,
	}))
	java := JavaConnect(t, map[string]string{"offset.storage.file.filename": offsets}, source)

	java.Wait(t, "/connectors/"+topic)
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var got []string
	for len(got) < 2 {
		fetches := client.PollFetches(ctx)
		if ctx.Err() != nil {
			t.Fatalf("after a minute the topic holds %q", got)
		}
		fetches.EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
	}
	if got[0] != "one" || got[1] != "two" {
		t.Errorf("the topic holds %q", got)
	}
	java.Stop(t)
	stored, err := os.ReadFile(offsets)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(stored, []byte(`"position":8`)) {
		t.Errorf("the offsets file lacks the position: %q", stored)
	}
}

func write(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}
