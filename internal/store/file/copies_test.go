package file

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/schema"
	"sluice/internal/store"
)

// TestCopies has offsets changed by a worker that keeps them in the file, beside
// and after one that has copies there.
func TestCopies(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "offsets")
	f := open(t, path)
	write := func(s store.Offsets, connector, name string, offset schema.Value) {
		t.Helper()
		if err := s.Write(t.Context(), connector, []store.Offset{{Partition: partition(name), Offset: offset}}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(when string, offsets ...string) {
		t.Helper()
		changed, err := open(t, path).Copies().Changed("c") // as it is on the disk
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, o := range changed {
			got = append(got, o.Partition.String()+o.Offset.String())
		}
		if diff := cmp.Diff(offsets, got); diff != "" {
			t.Errorf("%s, changed are: %s", when, diff)
		}
	}
	entry := func(name string, offset schema.Value) string { return partition(name).String() + offset.String() }
	write(f, "c", "a", position(1))
	write(f, "c", "b", position(1))
	write(f, "other", "a", position(9))
	want("nothing was copied", entry("a", position(1)), entry("b", position(1)))
	write(f.Copies(), "c", "a", position(1))
	write(f.Copies(), "c", "b", position(2))
	want("all are copies")
	write(f, "c", "a", position(3))
	write(f, "c", "b", schema.Null())
	want("one was changed, one removed", entry("a", position(3)), entry("b", schema.Null()))
	write(f.Copies(), "c", "a", schema.Null())
	write(f.Copies(), "c", "b", schema.Null())
	want("copies were removed")
	if listed, err := f.List(t.Context(), "c"); err != nil || len(listed) != 0 {
		t.Errorf("listed are %v, %v", listed, err)
	}
	if listed, err := f.List(t.Context(), "other"); err != nil || len(listed) != 1 {
		t.Errorf("of another connector are listed %v, %v", listed, err)
	}
}
