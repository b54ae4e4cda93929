package file

import (
	"bytes"
	"errors"
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

func recordsOf(values ...schema.Value) []connect.Record {
	out := make([]connect.Record, len(values))
	for i, v := range values {
		out[i].Value.Value = v
	}
	return out
}

func TestSink(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out.txt")
	write(t, path, "before\n")
	st := schema.NewStruct(&schema.Schema{Type: schema.StructType, Fields: []schema.Field{{Name: "a", Schema: &schema.Schema{Type: schema.Int32}}}})
	st.Values[0] = schema.Int32Value(1)
	task := plugins(nil, nil).Sinks[0].NewTask()
	if err := task.Start(t.Context(), &fakeHost{}, config.Map{fileKey: path}); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("ü", writeSize)
	if err := task.Put(t.Context(), recordsOf(
		schema.StringValue("é"), schema.Null(), schema.StructValue(st), schema.StringValue(long),
		schema.ListValue([]schema.Value{schema.Int8Value(1), schema.BooleanValue(true)}), positionOf(3),
	)); err != nil {
		t.Fatal(err)
	}
	// Readers see the lines before offsets are committed.
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	want := "before\né\nnull\nStruct{a=1}\n" + long + "\n[1, true]\n{position=3}\n"
	if string(got) != want {
		t.Errorf("file holds %d bytes, want %d", len(got), len(want))
	}
	consumed := connect.ConsumedOffsets{{Topic: "t"}: {Offset: 6}}
	if safe, err := task.PreCommit(t.Context(), consumed); err != nil || !cmp.Equal(consumed, safe) {
		t.Errorf("PreCommit = %v, %v", safe, err)
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSinkCannotOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "absent", "out.txt")
	task := plugins(nil, nil).Sinks[0].NewTask()
	err := task.Start(t.Context(), &fakeHost{}, config.Map{fileKey: path})
	if err == nil || err.Error() != "Couldn't find or create file '"+path+"' for FileStreamSinkTask" || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
	if err := task.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// fullDisk takes some bytes and then no more, until room is made.
type fullDisk struct {
	bytes.Buffer
	room int
}

func (f *fullDisk) Write(p []byte) (int, error) {
	n := min(len(p), f.room)
	f.room -= n
	f.Buffer.Write(p[:n])
	if n < len(p) {
		return n, syscall.ENOSPC
	}
	return n, nil
}

func TestSinkTellsWriteErrors(t *testing.T) {
	t.Parallel()
	disk := &fullDisk{room: 5}
	task := plugins(nil, disk).Sinks[0].NewTask()
	if err := task.Start(t.Context(), &fakeHost{}, config.Map{}); err != nil {
		t.Fatal(err)
	}
	check := func(err error) {
		t.Helper()
		if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "standard output") {
			t.Errorf("error %v", err)
		}
	}
	check(task.Put(t.Context(), recordsOf(schema.StringValue("abc"), schema.StringValue("def"))))
	_, err := task.PreCommit(t.Context(), nil)
	check(err)
	disk.room = 100
	if err := task.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := disk.String(); got != "abc\ndef\n" {
		t.Errorf("written %q", got)
	}
}

func BenchmarkSinkPut(b *testing.B) {
	task := plugins(nil, nil).Sinks[0].NewTask()
	if err := task.Start(b.Context(), &fakeHost{}, config.Map{fileKey: os.DevNull}); err != nil {
		b.Fatal(err)
	}
	values := make([]schema.Value, 500)
	for i := range values {
		values[i] = schema.StringValue(strings.Repeat("x", 99))
	}
	records := recordsOf(values...)
	b.ReportAllocs()
	b.SetBytes(100 * int64(len(records)))
	for b.Loop() {
		if err := task.Put(b.Context(), records); err != nil {
			b.Fatal(err)
		}
	}
}
