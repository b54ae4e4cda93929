package hdfs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/schema"
)

// versions returns a value of the first or second version of a schema.
func versions(version int32) connect.Data {
	s := &schema.Schema{Type: schema.StructType, Name: "row", Version: &version, Fields: []schema.Field{{Name: "n", Schema: &schema.Schema{Type: schema.Int32}}}}
	if version > 1 {
		none := schema.StringValue("none")
		s.Fields = append(s.Fields, schema.Field{Name: "more", Schema: &schema.Schema{Type: schema.String, Default: &none}})
	}
	row := schema.NewStruct(s)
	row.Values[0] = schema.Int32Value(7)
	if version > 1 {
		row.Values[1] = schema.StringValue("x")
	}
	return connect.Data{Schema: s, Value: schema.StructValue(row)}
}

// TestBackward: records of an old version are projected to the newest file's
// schema, by the next task too.
func TestBackward(t *testing.T) {
	t.Parallel()
	r := newRig(t, "format.class", avroClass, "schema.compatibility", "BACKWARD", "flush.size", "3")
	for _, version := range []int32{1, 2, 1, 2, 1, 1, 1, 1} {
		r.add(0, versions(version))
	}
	r.mustStart()
	r.mustPut(4)
	r.kill()
	r.mustStart()
	r.mustPut(100)
	want := []string{
		"partition=0/t+0+0000000000+0000000000.avro", "partition=0/t+0+0000000001+0000000003.avro", "partition=0/t+0+0000000004+0000000006.avro",
	}
	if diff := cmp.Diff(want, r.names()); diff != "" {
		t.Error(diff)
	}
	files := r.cluster.Files()
	for i, name := range want {
		if has := strings.Contains(string(files["/topics/t/"+name]), `"more"`); has != (i > 0) {
			t.Errorf("%s has the field of the second version: %v", name, has)
		}
	}
	if r.host.errant != nil {
		t.Errorf("reported: %q", r.host.errant)
	}
}

// TestNoCompatibility: every other schema begins a new file.
func TestNoCompatibility(t *testing.T) {
	t.Parallel()
	r := newRig(t, "format.class", parquetClass, "flush.size", "3")
	for _, version := range []int32{1, 2, 1, 1, 1, 1} {
		r.add(0, versions(version))
	}
	r.mustStart()
	r.mustPut(100)
	want := []string{
		"partition=0/t+0+0000000000+0000000000.parquet", "partition=0/t+0+0000000001+0000000001.parquet", "partition=0/t+0+0000000002+0000000004.parquet",
	}
	if diff := cmp.Diff(want, r.names()); diff != "" {
		t.Error(diff)
	}
}

// TestTombstones: a null value between values with a schema is a bad record; among
// values without one JSON has a word for it.
func TestTombstones(t *testing.T) {
	t.Parallel()
	r := newRig(t, "format.class", jsonClass)
	r.fill(0, 1)
	r.add(0, connect.Data{})
	r.fill(0, 2)
	r.add(1, connect.Data{})
	r.add(1, connect.Data{Value: schema.StringValue("x")})
	r.add(1, connect.Data{})
	r.mustStart()
	r.mustPut(100)
	if len(r.host.errant) != 1 || !strings.Contains(r.host.errant[0], "t-0@1") {
		t.Errorf("reported: %q", r.host.errant)
	}
	if diff := cmp.Diff([]string{`"0@0"`, `"0@2"`, `"0@3"`, "null", `"x"`, "null"}, r.lines()); diff != "" {
		t.Error(diff)
	}
}
