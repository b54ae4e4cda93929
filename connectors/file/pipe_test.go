//go:build unix

package file

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

// A named pipe neither holds up the open without a writer, nor the end of the
// task with one; positions go on counting over a restart.
func TestNamedPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	task := startSource(t, &fakeHost{offset: positionOf(10)}, sourceConfig(path), nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var b connect.Batch
	if err := task.Poll(ctx, &b); err != nil {
		t.Fatal(err)
	}
	if texts, _ := poll(t, task); texts != nil {
		t.Errorf("without a writer: %q", texts)
	}
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Poll(ctx, &b); err != nil || len(b.Records) > 0 {
		t.Errorf("ended: %v, %d records", err, len(b.Records))
	}
	if _, err := w.WriteString("a\nb\n"); err != nil {
		t.Fatal(err)
	}
	texts, positions := poll(t, task)
	if !cmp.Equal([]string{"a", "b"}, texts) || !cmp.Equal([]int64{12, 14}, positions) {
		t.Errorf("got %q %d", texts, positions)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSinkNamesFullDisk(t *testing.T) {
	t.Parallel()
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip(err)
	}
	task := plugins(nil, nil).Sinks[0].NewTask()
	if err := task.Start(t.Context(), &fakeHost{}, config.Map{fileKey: full}); err != nil {
		t.Fatal(err)
	}
	err := task.Put(t.Context(), recordsOf(schema.StringValue("x")))
	if err == nil || !strings.Contains(err.Error(), full) || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("error %v", err)
	}
	_ = task.Stop(t.Context())
}
