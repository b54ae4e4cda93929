package storage_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/compat"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	connecttest.CheckConfig[storage.Settings](t, config.Join(
		storage.ConnectorKeys("a.Avro", "a.Avro", "a.Avro"), storage.CommonKeys("s.Store", "s.Store"),
		config.Def{storage.TopicsDir(""), storage.CaptureGroups(6), storage.ParquetCodec("a.Parquet", "Connector", 20)}))
}

type times struct{ clock bool }

func (t times) Wallclock() bool { return t.clock }

func (t times) Timestamp(r *connect.Record, now int64) (int64, error) {
	if t.clock {
		return now, nil
	}
	return r.Timestamp, nil
}

func versioned(version int32) *schema.Schema {
	s := schema.StructOf("S", schema.Field{Name: "f", Schema: schema.OptionalOf(schema.Int32)})
	s.Version = &version
	return s
}

// TestRotation plays records and batches: each record is "time" or
// "time:version"; "|" ends a batch; "@n" sets the clock. What comes out are the
// records, with / where the files before are committed.
func TestRotation(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, script, want string
		policy             storage.Policy
	}{
		{"flush size over batches", "1 2 | 3 4 5 | | 6", "1 2 3 / 4 5 6", storage.Policy{FlushSize: 3}},
		{"flush size of one", "1 2 |", "1 / 2 /", storage.Policy{FlushSize: 1}},
		{"record time", "100 150 199 200 299 300 |", "100 150 199 / 200 299 / 300", storage.Policy{FlushSize: 99, Interval: 100 * time.Millisecond}},
		{"record time waits for records", "100 @9999 | | 150 |", "100 150", storage.Policy{FlushSize: 99, Interval: 100 * time.Millisecond}},
		{"record time going back", "500 100 599 600 |", "500 100 599 / 600", storage.Policy{FlushSize: 99, Interval: 100 * time.Millisecond}},
		{"a commit by size begins the span anew with the next batch", "100 101 | 250 251 |", "100 101 / 250 251 /", storage.Policy{FlushSize: 2, Interval: 100 * time.Millisecond}},
		{"records without a time", "- 100 - 200 |", "- 100 - / 200", storage.Policy{FlushSize: 99, Interval: 100 * time.Millisecond}},
		{"clock", "@50 1 @149 2 | @150 | 3 @250 |", "1 / 2 3 /", storage.Policy{FlushSize: 99, Interval: 100 * time.Millisecond, Extractor: times{clock: true}}},
		{"clock with records", "@50 1 @149 2 @150 3 |", "1 / 2 3", storage.Policy{FlushSize: 99, Interval: 100 * time.Millisecond, Extractor: times{clock: true}}},
		{"nothing is open when the span ends", "@500 1 @550 2 @600 3 |", "1 2 / 3", storage.Policy{FlushSize: 99, Interval: 100 * time.Millisecond, Extractor: times{clock: true}}},
		{"schedule", "@3599999 1 | @3600000 | 2 @7200000 3 |", "1 / 2 / 3", storage.Policy{FlushSize: 99, Schedule: time.Hour, Zone: time.UTC}},
		// Midnight in Berlin is 23:00 UTC: five hours from it are 04:00, 09:00, 14:00, 19:00, 23:00.
		{"schedule from midnight", "1 @14399999 | @14400000 | @68400000 2 @82799999 | @82800000 |", "1 / 2 /", storage.Policy{FlushSize: 99, Schedule: 5 * time.Hour, Zone: berlin}},
		{"every change of schema", "1:1 2:1 3:2 4:1 |", "1:1 2:1 / 3:2 / 4:1", storage.Policy{FlushSize: 99}},
		{"backward", "1:1 2:2 3:1 4:3 |", "1:1 / 2:2 3:1>2 / 4:3", storage.Policy{FlushSize: 99, Compatibility: compat.Backward}},
		{"full is backward", "1:1 2:2 3:1 |", "1:1 / 2:2 3:1>2", storage.Policy{FlushSize: 99, Compatibility: compat.Full}},
		{"old and new in turn", "1:2 2:1 3:2 4:1 5:3 6:2 |", "1:2 2:1>2 3:2 4:1>2 / 5:3 6:2>3", storage.Policy{FlushSize: 99, Compatibility: compat.Backward}},
		{"data without a schema under a compatibility", "1 2 | 3 |", "1 2 / 3", storage.Policy{FlushSize: 2, Compatibility: compat.Backward}},
		{"forward", "1:2 2:1 3:2 |", "1:2 / 2:1 3:2>1", storage.Policy{FlushSize: 99, Compatibility: compat.Forward}},
		{"a schema stays over commits", "1:2 | 2:1 |", "1:2 / 2:1>2 /", storage.Policy{FlushSize: 1, Compatibility: compat.Backward}},
		{"the schema of a committed file", "=5 1:2 2:6 |", "1:2>5 / 2:6", storage.Policy{FlushSize: 99, Compatibility: compat.Backward}},
		{"a version is needed", "1:0 2:1 |", "1:0 Schema version required for BACKWARD compatibility", storage.Policy{FlushSize: 99, Compatibility: compat.Backward}},
		{"mixed with data without a schema", "1 2:1 |", "1 Switch between schema-based and schema-less data is not supported", storage.Policy{FlushSize: 99}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.policy.Extractor == nil {
				tt.policy.Extractor = times{}
			}
			if diff := cmp.Diff(strings.TrimSpace(tt.want), play(t, tt.policy, tt.script)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func play(t *testing.T, p storage.Policy, script string) string {
	t.Helper()
	now := int64(0)
	r := storage.NewRotation(p, now)
	scan := func(text string, number any) {
		if _, err := fmt.Sscan(text, number); err != nil {
			t.Fatalf("%s in the script: %v", text, err)
		}
	}
	versions := map[string]*schema.Schema{}
	schemaOf := func(version string) *schema.Schema {
		if versions[version] == nil {
			var n int32
			scan(version, &n)
			versions[version] = versioned(n)
			if n == 0 {
				versions[version].Version = nil
			}
		}
		return versions[version]
	}
	var out []string
	commit := func() { out = append(out, "/"); r.Rotated(now) }
	for word := range strings.FieldsSeq(script) {
		switch {
		case word == "|":
			if r.Due(now) {
				commit()
			}
			continue
		case word[0] == '@':
			scan(word[1:], &now)
			if word == "@500" { // a long pause before the first record
				r.Reset(0)
			}
			continue
		case word[0] == '=':
			if !r.WantsSchema() {
				t.Error("the schema of a committed file does not count")
			}
			r.SetSchema(schemaOf(word[1:]))
			continue
		}
		rec := &connect.Record{Timestamp: connect.NoTimestamp}
		at, version, ok := strings.Cut(word, ":")
		if ok {
			rec.Value.Schema = schemaOf(version)
		}
		if at != "-" {
			scan(at, &rec.Timestamp)
		}
		for {
			rotate, err := r.Next(rec, now)
			if err != nil {
				return strings.Join(append(out, err.Error()), " ")
			}
			if !rotate {
				break
			}
			commit()
		}
		if s := r.Schema(); s != rec.Value.Schema && s.Version != nil {
			word += fmt.Sprintf(">%d", *s.Version)
		}
		r.Wrote()
		out = append(out, word)
	}
	return strings.Join(out, " ")
}
