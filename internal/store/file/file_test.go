package file

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/schema"
	"sluice/internal/store"
)

func object(key string, value schema.Value) schema.Value {
	return schema.MapValue([]schema.Entry{{Key: schema.StringValue(key), Value: value}})
}

func partition(name string) schema.Value { return object("filename", schema.StringValue(name)) }

func position(n int64) schema.Value { return object("position", schema.Int64Value(n)) }

func open(t *testing.T, path string) *Offsets {
	t.Helper()
	o, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// TestDecodeReadsJava reads files that java.io.ObjectOutputStream wrote, of maps
// with so many entries; the fifth value is null.
func TestDecodeReadsJava(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 13} {
		raw, err := os.ReadFile(fmt.Sprintf("testdata/java-%d.offsets", n))
		if err != nil {
			t.Fatal(err)
		}
		want := map[string][]byte{}
		for i := range n {
			want[fmt.Sprintf(`["c",{"filename":"f%d"}]`, i)] = fmt.Appendf(nil, `{"position":%d}`, i)
		}
		if n > 5 {
			want[`["c",{"filename":"f5"}]`] = nil
		}
		got, err := decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		// One entry leaves Java no choice of order: then the bytes are the same.
		if ours := encode(got); n < 2 && !bytes.Equal(raw, ours) || len(raw) != len(ours) {
			t.Errorf("%d entries: wrote\n%q, Java\n%q", n, ours, raw)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	whole := encode(map[string][]byte{"k": []byte("v"), "l": nil})
	for i := range whole {
		if _, err := decode(whole[:i]); err == nil {
			t.Errorf("the first %d bytes were accepted", i)
		}
	}
	for name, raw := range map[string][]byte{
		"text":          []byte("not a map"),
		"more":          append(bytes.Clone(whole), 0),
		"another class": bytes.Replace(bytes.Clone(whole), []byte("HashMap"), []byte("TreeMap"), 1),
		"huge array":    bytes.Replace(bytes.Clone(whole), []byte("\x00\x00\x00\x01k"), []byte("\x7f\xff\xff\xffk"), 1),
	} {
		if _, err := decode(raw); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(nil))
	f.Add(encode(map[string][]byte{"k": []byte("v"), "l": nil, "": {}}))
	for _, n := range []int{0, 1, 13} {
		raw, err := os.ReadFile(fmt.Sprintf("testdata/java-%d.offsets", n))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		entries, err := decode(raw)
		if err != nil {
			return
		}
		again, err := decode(encode(entries))
		if err != nil || !maps.EqualFunc(entries, again, func(a, b []byte) bool { return bytes.Equal(a, b) && (a == nil) == (b == nil) }) {
			t.Errorf("round trip of %q: %q, %v", entries, again, err)
		}
	})
}

func TestOffsetsOutliveTheStore(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "offsets")
	o := open(t, path)
	err := o.Write(t.Context(), "c", []store.Offset{{Partition: partition("a"), Offset: position(1)}, {Partition: partition("b"), Offset: position(2)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := o.Write(t.Context(), "d", []store.Offset{{Partition: partition("a"), Offset: position(9)}}); err != nil {
		t.Fatal(err)
	}
	if err := o.Write(t.Context(), "c", []store.Offset{{Partition: partition("b")}}); err != nil {
		t.Fatal(err)
	}
	if err := o.Close(); err != nil {
		t.Fatal(err)
	}
	o = open(t, path)
	got, err := o.Read(t.Context(), "c", []schema.Value{partition("b"), partition("a")})
	if err != nil || !got[0].IsNull() || !got[1].Equal(position(1)) {
		t.Errorf("read %v, %v", got, err)
	}
	list, err := o.List(t.Context(), "d")
	if err != nil || len(list) != 1 || !list[0].Partition.Equal(partition("a")) || !list[0].Offset.Equal(position(9)) {
		t.Errorf("list %v, %v", list, err)
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

func TestAFailedWriteChangesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "gone")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	o := open(t, filepath.Join(dir, "offsets"))
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := o.Write(t.Context(), "c", []store.Offset{{Partition: partition("a"), Offset: position(1)}}); err == nil {
		t.Fatal("a write into a missing folder succeeded")
	}
	list, err := o.List(t.Context(), "c")
	if err != nil || len(list) != 0 {
		t.Errorf("list %v, %v", list, err)
	}
}

func TestOpenRefusesAndKeepsAForeignFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "offsets")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v does not name the file", err)
	}
	if raw, err := os.ReadFile(path); err != nil || string(raw) != "mine" {
		t.Errorf("the file holds %q, %v", raw, err)
	}
}

func TestWritersAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "offsets")
	o := open(t, path)
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			name := fmt.Sprintf("c%d", i)
			for n := range int64(5) {
				if err := o.Write(t.Context(), name, []store.Offset{{Partition: partition("p"), Offset: position(n)}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	o = open(t, path)
	for i := range 8 {
		got, err := o.Read(t.Context(), fmt.Sprintf("c%d", i), []schema.Value{partition("p")})
		if err != nil || !got[0].Equal(position(4)) {
			t.Errorf("c%d: %v, %v", i, got, err)
		}
	}
}

// TestMissingFolder: the worker says so at start, not at the first offset.
func TestMissingFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "missing", "offsets")
	_, err := Open(path)
	if err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "offset.storage.file.filename") {
		t.Errorf("got %v", err)
	}
}
