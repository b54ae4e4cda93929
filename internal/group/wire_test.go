package group

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fixtureDirs are the folders with recorded bytes, ours and that of the variable
// FIXTURES, which holds other cases in the same form.
func fixtureDirs() []string {
	dirs := []string{"testdata"}
	if more := os.Getenv("FIXTURES"); more != "" {
		dirs = append(dirs, more)
	}
	return dirs
}

// fixtures reads a file of every fixture folder that has it.
func fixtures[T any](t *testing.T, name string) []T {
	t.Helper()
	var all []T
	for _, dir := range fixtureDirs() {
		list, ok := readFixture[T](t, filepath.Join(dir, name))
		if !ok && dir == "testdata" {
			t.Fatalf("no fixture %s", name)
		}
		all = append(all, list...)
	}
	return all
}

func readFixture[T any](t *testing.T, path string) ([]T, bool) {
	t.Helper()
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil, false
	}
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	if err := json.Unmarshal(text, &list); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return list, true
}

type unitsJSON struct {
	Connector string  `json:"connector"`
	Tasks     []int32 `json:"tasks"`
}

type assignmentJSON struct {
	Version      int16       `json:"version"`
	Error        int16       `json:"error"`
	Leader       string      `json:"leader"`
	LeaderURL    string      `json:"leader_url"`
	ConfigOffset int64       `json:"config_offset"`
	Assigned     []unitsJSON `json:"assigned"`
	Revoked      []unitsJSON `json:"revoked"`
	Delay        int32       `json:"delay"`
}

type metadataJSON struct {
	Version      int16           `json:"version"`
	URL          string          `json:"url"`
	ConfigOffset int64           `json:"config_offset"`
	Allocation   *assignmentJSON `json:"allocation"`
}

func (a assignmentJSON) assignment() assignment {
	list := func(in []unitsJSON) []units {
		if in == nil {
			return nil
		}
		out := []units{}
		for _, u := range in {
			out = append(out, units{u.Connector, u.Tasks})
		}
		return out
	}
	return assignment{a.Version, a.Error, a.Leader, a.LeaderURL, a.ConfigOffset, list(a.Assigned), list(a.Revoked), a.Delay}
}

func (m metadataJSON) metadata() metadata {
	out := metadata{version: m.Version, url: m.URL, configOffset: m.ConfigOffset}
	if m.Allocation != nil {
		a := m.Allocation.assignment()
		out.holds = &a
	}
	return out
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var bare = cmp.AllowUnexported(assignment{}, metadata{}, units{})

func TestAssignmentFixtures(t *testing.T) {
	t.Parallel()
	cases := fixtures[struct {
		ID, Hex string
		Decoded assignmentJSON
	}](t, "groups/codec-assignment.json")
	if len(cases) < 10 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		raw := unhex(t, c.Hex)
		got, err := readAssignment(raw)
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		if diff := cmp.Diff(c.Decoded.assignment(), got, bare); diff != "" {
			t.Errorf("%s is read wrong (-want +got):\n%s", c.ID, diff)
		}
		if again := got.appendTo(nil); !bytes.Equal(again, raw) {
			t.Errorf("%s is written as %x, want %x", c.ID, again, raw)
		}
	}
}

func TestMetadataFixtures(t *testing.T) {
	t.Parallel()
	cases := fixtures[struct {
		ID, Hex string
		Decoded metadataJSON
	}](t, "groups/codec-metadata.json")
	if len(cases) < 10 {
		t.Fatalf("only %d cases", len(cases))
	}
	for _, c := range cases {
		raw := unhex(t, c.Hex)
		got, err := readMetadata(raw)
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		if diff := cmp.Diff(c.Decoded.metadata(), got, bare); diff != "" {
			t.Errorf("%s is read wrong (-want +got):\n%s", c.ID, diff)
		}
		if again := got.bytes(); !bytes.Equal(again, raw) {
			t.Errorf("%s is written as %x, want %x", c.ID, again, raw)
		}
	}
}

// TestWireEdges reads what fixtures do not hold.
func TestWireEdges(t *testing.T) {
	t.Parallel()
	full := assignment{version: v2, leader: "m", leaderURL: "http://h/", assigned: []units{{"c", []int32{-1, 0}}}, revoked: []units{}, delay: 7}
	b := full.appendTo(nil)
	t.Run("missing fields at the end", func(t *testing.T) {
		t.Parallel()
		got, err := readAssignment(b[:len(b)-8])
		want := full
		want.revoked, want.delay = nil, 0
		if err != nil || !cmp.Equal(want, got, bare) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("cut inside a field", func(t *testing.T) {
		t.Parallel()
		for n := range b[:len(b)-9] {
			if n == len(assignment{version: v2, leader: "m", leaderURL: "http://h/"}.appendTo(nil))-12 {
				continue // the end of the fields that must be there
			}
			if _, err := readAssignment(b[:n]); err == nil {
				t.Errorf("%d of %d bytes are read without an error", n, len(b))
			}
		}
	})
	t.Run("null lists", func(t *testing.T) {
		t.Parallel()
		null := assignment{version: v1, leader: "m"}
		got, err := readAssignment(null.appendTo(nil))
		if err != nil || !cmp.Equal(null, got, bare) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a version of the future", func(t *testing.T) {
		t.Parallel()
		future := full
		future.version = 9
		got, err := readAssignment(append(future.appendTo(nil), 1, 2, 3))
		if err != nil || !cmp.Equal(future, got, bare) {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a negative version", func(t *testing.T) {
		t.Parallel()
		if _, err := readMetadata(metadata{version: -1}.bytes()); err == nil {
			t.Error("version -1 is read without an error")
		}
	})
}

// TestMetadataSaysPlugins has what Java does not know behind what it reads.
func TestMetadataSaysPlugins(t *testing.T) {
	t.Parallel()
	held := assignment{version: v2, leader: "m", assigned: []units{{"c", []int32{-1, 0}}}, revoked: []units{}}
	for _, classes := range [][]string{nil, {}, {"a"}, {"a.b.Cast$Key", "a.b.Cast$Value", "a.c.Long", "b", "ä"}, {strings.Repeat("x", 300), strings.Repeat("x", 301)}} {
		for _, m := range []metadata{{version: v0, url: "http://h:1/"}, {version: v1}, {version: v2, holds: &held}} {
			plain := m.bytes()
			m.plugins = classes
			b := m.bytes()
			if !bytes.HasPrefix(b, plain) {
				t.Errorf("%x does not begin with %x", b, plain)
			}
			got, err := readMetadata(b)
			if err != nil || !cmp.Equal(m, got, bare) {
				t.Errorf("%x is read as %+v, %v, want %+v", b, got, err, m)
			}
			for cut := len(plain); cut < len(b); cut++ {
				if got, err := readMetadata(b[:cut]); err != nil || got.plugins != nil {
					t.Errorf("cut after %d of %d bytes it is read as %+v, %v", cut, len(b), got, err)
				}
			}
		}
	}
	foreign, err := readMetadata(append(metadata{version: v2}.bytes(), "another's bytes"...))
	if err != nil || foreign.plugins != nil {
		t.Errorf("foreign bytes are read as %+v, %v", foreign, err)
	}
}

func FuzzReadMetadata(f *testing.F) {
	f.Add(metadata{version: v2, url: "http://h:1/", plugins: []string{"a.B", "a.C"}}.bytes())
	f.Add(metadata{version: v0, url: "http://h:1/", configOffset: 3}.bytes())
	f.Add(metadata{version: v2, url: "http://h:1/", configOffset: -1}.bytes())
	held := assignment{version: v2, leader: "m", assigned: []units{{"c", []int32{-1, 0}}}, revoked: []units{}}
	f.Add(metadata{version: v2, holds: &held}.bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readMetadata(b)
		if err != nil {
			return
		}
		again, err := readMetadata(m.bytes())
		if err != nil || !cmp.Equal(m, again, bare) {
			t.Errorf("%x is read as %+v, and written and read again as %+v, %v", b, m, again, err)
		}
	})
}

func FuzzReadAssignment(f *testing.F) {
	f.Add(assignment{version: v0, leader: "m", assigned: []units{{"c", []int32{0}}}}.appendTo(nil))
	f.Add(assignment{version: v1, err: configMismatch, leader: "m", assigned: []units{}, revoked: []units{{"c", nil}}, delay: 5}.appendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := readAssignment(b)
		if err != nil {
			return
		}
		again, err := readAssignment(a.appendTo(nil))
		if err != nil || !cmp.Equal(a, again, bare) {
			t.Errorf("%x is read as %+v, and written and read again as %+v, %v", b, a, again, err)
		}
		work(a.assigned)
	})
}
