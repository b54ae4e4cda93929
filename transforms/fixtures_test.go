package transforms_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/convertertest"
	"sluice/transforms/all"
)

// fixture is a case that Kafka Connect 4.3.1 was recorded with.
type fixture struct {
	ID     string
	Class  string
	Config config.Map
	Input  record
	// Phase is where the case ended: configure, apply or test.
	Phase  string
	Output json.RawMessage
	Error  *convertertest.Failure
}

// record is a record in its recorded form.
type record struct {
	Kind                               string
	Topic                              *string
	Partition                          *int32
	Timestamp, Offset                  *int64
	KeySchema, Key, ValueSchema, Value json.RawMessage
	Headers                            []struct {
		Key           string
		Schema, Value json.RawMessage
	}
}

func (r *record) build(t *testing.T) *connect.Record {
	t.Helper()
	out := &connect.Record{
		Partition: connect.NoPartition, Timestamp: connect.NoTimestamp,
		Key: convertertest.Tagged(t, r.KeySchema, r.Key), Value: convertertest.Tagged(t, r.ValueSchema, r.Value),
	}
	if r.Topic != nil {
		out.Topic = *r.Topic
	}
	if r.Partition != nil {
		out.Partition = *r.Partition
	}
	if r.Timestamp != nil {
		out.Timestamp = *r.Timestamp
	}
	if r.Kind == "sink" {
		out.Origin = connect.Origin{Topic: out.Topic, Partition: out.Partition, Offset: *r.Offset}
	}
	for _, h := range r.Headers {
		out.Headers = append(out.Headers, connect.Header{Key: h.Key, Data: convertertest.Tagged(t, h.Schema, h.Value)})
	}
	return out
}

// fixtureFiles are in testdata, or below the directory that FIXTURES names.
func fixtureFiles(t *testing.T, pattern string) []string {
	t.Helper()
	dir := os.Getenv("FIXTURES")
	if dir == "" {
		dir = filepath.Join("testdata", "fixtures")
	}
	files, err := filepath.Glob(filepath.Join(dir, "transforms", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases %s in %s: %v", pattern, dir, err)
	}
	return files
}

func eachFixture(t *testing.T, pattern string, check func(*testing.T, fixture)) {
	t.Helper()
	for _, path := range fixtureFiles(t, pattern) {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var cases []fixture
		if err := json.Unmarshal(b, &cases); err != nil {
			t.Fatal(err)
		}
		if len(cases) == 0 {
			t.Fatalf("no cases in %s", path)
		}
		for _, c := range cases {
			t.Run(c.ID, func(t *testing.T) { t.Parallel(); check(t, c) })
		}
	}
}

func newTransform(t testing.TB, class string) connect.Transform {
	t.Helper()
	for _, p := range all.Plugins().Transforms {
		if p.Class == class {
			return p.New()
		}
	}
	t.Fatalf("no transformation %s", class)
	return nil
}

func newPredicate(t testing.TB, class string) connect.Predicate {
	t.Helper()
	for _, p := range all.Plugins().Predicates {
		if p.Class == class {
			return p.New()
		}
	}
	t.Fatalf("no predicate %s", class)
	return nil
}

// checkFailure compares an error with the recorded one. It reports whether the
// case ends here.
func checkFailure(t *testing.T, c fixture, phase string, err error) bool {
	t.Helper()
	if c.Error == nil || c.Phase != phase {
		if err != nil {
			t.Errorf("%s: got the error %v, want none here", phase, err)
		}
		return err != nil
	}
	if err == nil {
		t.Errorf("%s: got no error, want %s: %s", phase, c.Error.Class, c.Error.Message)
		return true
	}
	convertertest.CheckError(t, convertertest.Case{Error: c.Error}, err)
	got, want := err.Error(), c.Error.Message
	for _, cut := range []string{"org.apache.kafka.connect.transforms.InsertField$InsertionSpec@", "Timestamp missing on record: "} {
		if before, _, found := strings.Cut(want, cut); found {
			want = before
			got = got[:min(len(got), len(before))]
		}
	}
	if got != want {
		t.Errorf("%s: got the message\n%s\nwant\n%s", phase, got, want)
	}
	return true
}

func TestTransformsGiveWhatJavaGave(t *testing.T) {
	t.Parallel()
	eachFixture(t, "smt-*.json", func(t *testing.T, c fixture) {
		smt := newTransform(t, c.Class)
		if checkFailure(t, c, "configure", smt.Configure(c.Config)) {
			return
		}
		// The second time all is known that belongs to a schema.
		for range 2 {
			in := c.Input.build(t)
			keep, err := smt.Apply(in, nil)
			if checkFailure(t, c, "apply", err) {
				continue
			}
			checkOutput(t, c, in, keep)
		}
		if err := smt.Close(); err != nil {
			t.Error(err)
		}
	})
}

func checkOutput(t *testing.T, c fixture, got *connect.Record, keep bool) {
	t.Helper()
	if dropped := string(c.Output) == "null"; dropped || !keep {
		if dropped == keep {
			t.Errorf("kept: %v", keep)
		}
		return
	}
	var out record
	if err := json.Unmarshal(c.Output, &out); err != nil {
		t.Fatal(err)
	}
	want := out.build(t)
	if got.Topic != want.Topic || got.Partition != want.Partition || got.Timestamp != want.Timestamp {
		t.Errorf("got topic %q, partition %d, timestamp %d, want %q, %d, %d",
			got.Topic, got.Partition, got.Timestamp, want.Topic, want.Partition, want.Timestamp)
	}
	checkData(t, "key", got.Key, want.Key)
	checkData(t, "value", got.Value, want.Value)
	if len(got.Headers) != len(want.Headers) {
		t.Fatalf("got %d headers, want %d", len(got.Headers), len(want.Headers))
	}
	for i, h := range want.Headers {
		if got.Headers[i].Key != h.Key {
			t.Errorf("header %d is %q, want %q", i, got.Headers[i].Key, h.Key)
		}
		checkData(t, "header "+h.Key, got.Headers[i].Data, h.Data)
	}
}

// checkData compares schema and value, and the order of map entries too.
func checkData(t *testing.T, what string, got, want connect.Data) {
	t.Helper()
	if !got.Schema.Equal(want.Schema) {
		t.Errorf("%s: got the schema %s, want %s", what, convertertest.Describe(got.Schema), convertertest.Describe(want.Schema))
	}
	if !got.Value.Equal(want.Value) || got.Value.String() != want.Value.String() {
		t.Errorf("%s: got the %s %s, want the %s %s", what, got.Value.Kind(), got.Value, want.Value.Kind(), want.Value)
	}
	if st := got.Value.Struct(); st != nil && got.Schema != nil && !st.Schema.Equal(got.Schema) {
		t.Errorf("%s: the struct has the schema %s", what, convertertest.Describe(st.Schema))
	}
}

func TestPredicatesGiveWhatJavaGave(t *testing.T) {
	t.Parallel()
	eachFixture(t, "predicate-*.json", func(t *testing.T, c fixture) {
		p := newPredicate(t, c.Class)
		if checkFailure(t, c, "configure", p.Configure(c.Config)) {
			return
		}
		var want bool
		if err := json.Unmarshal(c.Output, &want); err != nil {
			t.Fatal(err)
		}
		in := c.Input.build(t)
		for range 2 {
			if got := p.Test(in); got != want {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestEveryClassIsRecorded holds that no class goes without cases.
func TestEveryClassIsRecorded(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, path := range fixtureFiles(t, "*.json") {
		_, name, _ := strings.Cut(strings.TrimSuffix(filepath.Base(path), ".json"), "-")
		names[name] = true
	}
	check := func(class string) {
		name, _, _ := strings.Cut(class[strings.LastIndexByte(class, '.')+1:], "$")
		if !names[name] {
			t.Errorf("%s has no cases", class)
		}
	}
	set := all.Plugins()
	for _, p := range set.Transforms {
		check(p.Class)
	}
	for _, p := range set.Predicates {
		check(p.Class)
	}
	if _, ok := set.Transforms[0].New().(interface {
		Apply(*connect.Record, *schema.Arena) (bool, error)
	}); !ok {
		t.Error("not a transformation")
	}
}
