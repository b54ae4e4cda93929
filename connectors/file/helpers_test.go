package file

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// fakeHost is the worker's side of a task: one committed offset, and the log.
type fakeHost struct {
	connect.SinkHost
	offset schema.Value
	log    bytes.Buffer
}

func (h *fakeHost) Logger() *slog.Logger { return slog.New(slog.NewTextHandler(&h.log, nil)) }

func (h *fakeHost) Partition(fields ...schema.Entry) *connect.SourcePartition {
	return &connect.SourcePartition{Fields: schema.MapValue(fields)}
}

// Transactions implements connect.SourceHost.
func (h *fakeHost) Transactions() connect.TransactionContext { return nil }

func (h *fakeHost) Offset(context.Context, *connect.SourcePartition) (schema.Value, error) {
	return h.offset, nil
}

func positionOf(n int64) schema.Value {
	return schema.MapValue([]schema.Entry{{Key: schema.StringValue(positionField), Value: schema.Int64Value(n)}})
}

func startSource(t *testing.T, host *fakeHost, cfg config.Map, stdin io.Reader) connect.SourceTask {
	t.Helper()
	task := plugins(stdin, nil).Sources[0].NewTask()
	if err := task.Start(t.Context(), host, cfg); err != nil {
		t.Fatal(err)
	}
	return task
}

// poll returns the texts and positions of one Poll.
func poll(t *testing.T, task connect.SourceTask) (texts []string, positions []int64) {
	t.Helper()
	var b connect.Batch
	if err := task.Poll(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	for _, r := range b.Records {
		p, ok := r.Origin.SourceOffset.Lookup(positionField)
		if !ok {
			t.Fatalf("offset %v has no position", r.Origin.SourceOffset)
		}
		texts, positions = append(texts, strings.Clone(r.Value.Value.Text())), append(positions, p.Int())
	}
	return texts, positions
}

func tempFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.txt")
	write(t, path, content)
	return path
}

func write(t *testing.T, path, content string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(content); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func sourceConfig(path string) config.Map { return config.Map{fileKey: path, topicKey: "t"} }
