package store_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/store"
)

// captured is a record that a Java worker wrote, or the broker's mark of the end
// of a transaction.
type captured struct {
	Partition int32
	Offset    int64
	Timestamp int64
	KeyHex    *string
	ValueHex  *string
	Control   string
}

// fixtures calls the test for each captured topic of a kind, from testdata and
// from the directory named by FIXTURES, which has other cases of the same form.
func fixtures(t *testing.T, kind string, test func(t *testing.T, records []store.Record)) {
	t.Helper()
	dirs := []string{filepath.Join("testdata", "fixtures")}
	if dir := os.Getenv("FIXTURES"); dir != "" {
		dirs = append(dirs, dir)
	}
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "topics", "*-"+kind+".json"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no captured topics of %s in %s: %v", kind, dir, err)
		}
		for _, path := range paths {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				test(t, load(t, path))
			})
		}
	}
}

// load returns the records without control records, oldest first.
func load(t *testing.T, path string) []store.Record {
	t.Helper()
	var all []captured
	readJSON(t, path, &all)
	// They stand partition by partition; between partitions time decides.
	slices.SortStableFunc(all, func(a, b captured) int { return int(a.Timestamp - b.Timestamp) })
	var records []store.Record
	for _, c := range all {
		if c.Control != "" {
			continue
		}
		records = append(records, store.Record{Partition: c.Partition, Offset: c.Offset, Key: unhex(t, c.KeyHex), Value: unhex(t, c.ValueHex)})
	}
	return records
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func unhex(t *testing.T, text *string) []byte {
	t.Helper()
	if text == nil {
		return nil
	}
	b, err := hex.DecodeString(*text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestConfigFixtures folds what Java wrote and writes it again: the bytes are the
// same, but for the order of properties.
func TestConfigFixtures(t *testing.T) {
	t.Parallel()
	fixtures(t, "configs", func(t *testing.T, records []store.Record) {
		s := store.NewConfigSnapshot()
		for _, r := range records {
			next, news := store.FoldConfig(s, r)
			if news.Problem != "" {
				t.Errorf("offset %d, key %s: %s", r.Offset, r.Key, news.Problem)
			}
			if next.Offset() != r.Offset+1 {
				t.Errorf("the config offset after %d is %d", r.Offset, next.Offset())
			}
			again := rewrite(t, next, news, r)
			if !bytes.Equal(again.Key, r.Key) || !bytes.Equal(again.Value, sorted(t, r.Value)) || (again.Value == nil) != (r.Value == nil) {
				t.Errorf("offset %d is written as\n%s %s, want\n%s %s", r.Offset, again.Key, again.Value, r.Key, r.Value)
			}
			s = next
		}
		for name := range s.Connectors() {
			if s.Inconsistent(name) || s.TargetState(name) == "" {
				t.Errorf("%s is inconsistent: %v, target state %q", name, s.Inconsistent(name), s.TargetState(name))
			}
		}
	})
}

// rewrite makes the record again from what its fold has shown.
func rewrite(t *testing.T, s *store.ConfigSnapshot, news store.ConfigNews, r store.Record) store.Record {
	t.Helper()
	key := string(r.Key)
	name := func(prefix string) string { return strings.TrimPrefix(key, prefix) }
	switch {
	case strings.HasPrefix(key, "target-state-") && r.Value == nil:
		return store.TargetStateRecord(name("target-state-"), "")
	case strings.HasPrefix(key, "target-state-"):
		return store.TargetStateRecord(name("target-state-"), s.TargetState(name("target-state-")))
	case strings.HasPrefix(key, "connector-"):
		return store.ConnectorRecord(name("connector-"), s.Connector(name("connector-")))
	case strings.HasPrefix(key, "task-"):
		// Not committed yet: a commit on the side shows it.
		i := strings.LastIndexByte(key, '-')
		id := store.TaskID{Connector: key[len("task-"):i], Task: int(key[i+1] - '0')}
		side, _ := store.FoldConfig(s, store.ConnectorRecord(id.Connector, config.Raw{}))
		side, _ = store.FoldConfig(side, store.CommitRecord(id.Connector, 0))
		return store.TaskRecord(id, side.TaskConfig(id))
	case strings.HasPrefix(key, "commit-"):
		return store.CommitRecord(name("commit-"), s.TaskCount(name("commit-")))
	case strings.HasPrefix(key, "tasks-fencing-"):
		return store.TaskCountRecord(name("tasks-fencing-"), s.TaskCountRecord(name("tasks-fencing-")))
	case news.Restart != nil:
		return store.RestartRecord(*news.Restart)
	case news.Level != nil:
		return store.LoggerLevelRecord(*news.Level)
	case s.SessionKey() != nil:
		return store.SessionKeyRecord(*s.SessionKey())
	}
	t.Fatalf("the fold of %s shows nothing", key)
	return store.Record{}
}

// sorted returns the value with its properties in order.
func sorted(t *testing.T, value []byte) []byte {
	t.Helper()
	var v struct{ Properties map[string]*string }
	if !bytes.HasPrefix(value, []byte(`{"properties"`)) {
		return value
	}
	if err := json.Unmarshal(value, &v); err != nil {
		t.Fatal(err)
	}
	return store.ConnectorRecord("x", v.Properties).Value
}

// TestStatusFixtures is TestConfigFixtures for the status topic.
func TestStatusFixtures(t *testing.T) {
	t.Parallel()
	fixtures(t, "status", func(t *testing.T, records []store.Record) {
		s := store.NewStatusSnapshot()
		for _, r := range records {
			next, problem := store.FoldStatus(s, r)
			if problem != "" {
				t.Errorf("offset %d of partition %d, key %s: %s", r.Offset, r.Partition, r.Key, problem)
			}
			// Alone, so that it is not passed over in favour of a newer status.
			alone, _ := store.FoldStatus(store.NewStatusSnapshot(), r)
			again := rewriteStatus(t, alone, r)
			if !bytes.Equal(again.Key, r.Key) || !bytes.Equal(again.Value, r.Value) || (again.Value == nil) != (r.Value == nil) {
				t.Errorf("offset %d is written as\n%s %s, want\n%s %s", r.Offset, again.Key, again.Value, r.Key, r.Value)
			}
			s = next
		}
	})
}

func rewriteStatus(t *testing.T, s *store.StatusSnapshot, r store.Record) store.Record {
	t.Helper()
	key := string(r.Key)
	if name, ok := strings.CutPrefix(key, "status-connector-"); ok {
		if status, ok := s.Connector(name); ok {
			return store.ConnectorStatusRecord(name, &status)
		}
		return store.ConnectorStatusRecord(name, nil)
	}
	if rest, ok := strings.CutPrefix(key, "status-task-"); ok {
		i := strings.LastIndexByte(rest, '-')
		id := store.TaskID{Connector: rest[:i], Task: int(rest[i+1] - '0')}
		if status, ok := s.Task(id); ok {
			return store.TaskStatusRecord(id, &status)
		}
		return store.TaskStatusRecord(id, nil)
	}
	topic, connector, ok := strings.Cut(strings.TrimPrefix(key, "status-topic-"), ":connector-")
	if !ok {
		t.Fatalf("unknown key %s", key)
	}
	if status, ok := s.Topic(connector, topic); ok {
		return store.TopicRecord(status)
	}
	return store.TopicTombstone(connector, topic)
}

// TestOffsetFixtures is TestConfigFixtures for the offset topic. Keys keep the
// order of their entries.
func TestOffsetFixtures(t *testing.T) {
	t.Parallel()
	fixtures(t, "offsets", func(t *testing.T, records []store.Record) {
		s := store.NewOffsetSnapshot()
		for _, r := range records {
			next, problem := store.FoldOffset(s, r)
			if problem != "" {
				t.Errorf("offset %d of partition %d, key %s: %s", r.Offset, r.Partition, r.Key, problem)
			}
			s = next
			// With a value in any case, so that the partition is listed.
			alone, _ := store.FoldOffset(store.NewOffsetSnapshot(), store.Record{Key: r.Key, Value: []byte("{}")})
			for name := range alone.Connectors() {
				offset, err := s.Lookup(name, r.Key)
				listed, errL := alone.List(name)
				if err != nil || errL != nil || len(listed) != 1 {
					t.Fatalf("%v, %v, %v", err, errL, listed)
				}
				again, err := store.OffsetRecord(name, store.Offset{Partition: listed[0].Partition, Offset: offset})
				if err != nil || !bytes.Equal(again.Key, r.Key) || !bytes.Equal(again.Value, r.Value) || (again.Value == nil) != (r.Value == nil) {
					t.Errorf("offset %d is written as\n%s %s, want\n%s %s (%v)", r.Offset, again.Key, again.Value, r.Key, r.Value, err)
				}
			}
		}
	})
}

// step is a REST call of the script that was captured, with Java's answer and the
// number of config records after it.
type step struct {
	Step, Method, Path string
	Status             int
	Response           json.RawMessage
	After              int `json:"config_records_after"`
}

// TestStatesThatJavaShows replays the script: after each call the folded state is
// what Java answered.
func TestStatesThatJavaShows(t *testing.T) {
	t.Parallel()
	dir := filepath.Join("testdata", "fixtures", "topics")
	var steps []step
	readJSON(t, filepath.Join(dir, "plain-steps.json"), &steps)
	records := load(t, filepath.Join(dir, "plain-configs.json"))
	states := []*store.ConfigSnapshot{store.NewConfigSnapshot()}
	for _, r := range records {
		next, _ := store.FoldConfig(states[len(states)-1], r)
		states = append(states, next)
	}
	looked := 0
	for _, s := range steps {
		looked += look(t, s, states[s.After])
	}
	if looked < 15 {
		t.Errorf("only %d answers were compared", looked)
	}
}

// look compares one answer and returns 1 if there was something to compare.
func look(t *testing.T, s step, state *store.ConfigSnapshot) int {
	t.Helper()
	name := strings.TrimPrefix(s.Path, "/connectors/")
	name, action, _ := strings.Cut(name, "/")
	var answer struct {
		Name   string
		Config map[string]string
		Tasks  []store.TaskID
	}
	switch {
	case s.Step == "list":
		expanded(t, s.Response, state)
	case s.Status == 201 || s.Method == http.MethodPut && action == "config" || s.Method == http.MethodPatch && action == "config":
		if err := json.Unmarshal(s.Response, &answer); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(config.Map(answer.Config), state.Connector(answer.Name).Map()); diff != "" {
			t.Errorf("%s: %s", s.Step, diff)
		}
	case s.Method == http.MethodDelete && action == "":
		if state.Contains(name) || state.TargetState(name) != "" {
			t.Errorf("%s: %s is still there", s.Step, name)
		}
	case action == "pause" && state.TargetState(name) != store.TargetPaused,
		action == "resume" && state.TargetState(name) != store.TargetStarted,
		action == "stop" && (state.TargetState(name) != store.TargetStopped || state.TaskCount(name) != 0):
		t.Errorf("%s: the target state is %s with %d tasks", s.Step, state.TargetState(name), state.TaskCount(name))
	case action == "pause", action == "resume", action == "stop":
	default:
		return 0
	}
	return 1
}

// expanded compares the answer of GET /connectors?expand=status&expand=info.
func expanded(t *testing.T, answer []byte, state *store.ConfigSnapshot) {
	t.Helper()
	var want map[string]struct {
		Status struct {
			Connector struct{ State, Version string }
			Tasks     []struct {
				ID             int
				State, Version string
				Worker         string `json:"worker_id"`
				Trace          string
			}
		}
		Info struct {
			Config map[string]string
			Tasks  []store.TaskID
		}
	}
	if err := json.Unmarshal(answer, &want); err != nil {
		t.Fatal(err)
	}
	if state.Len() != len(want) {
		t.Errorf("%d connectors, want %d", state.Len(), len(want))
	}
	statuses := store.NewStatusSnapshot()
	for _, r := range load(t, filepath.Join("testdata", "fixtures", "topics", "plain-status.json")) {
		statuses, _ = store.FoldStatus(statuses, r)
	}
	if diff := cmp.Diff(slices.Collect(state.Connectors()), slices.Collect(statuses.Connectors())); diff != "" {
		t.Errorf("connectors with a status: %s", diff)
	}
	for name, w := range want {
		if diff := cmp.Diff(config.Map(w.Info.Config), state.Connector(name).Map()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		tasks := state.Tasks(name)
		if len(tasks) != len(w.Info.Tasks) || len(tasks) > 0 && !slices.Equal(tasks, w.Info.Tasks) {
			t.Errorf("%s has the tasks %v, want %v", name, tasks, w.Info.Tasks)
		}
		status, _ := statuses.Connector(name)
		if string(status.State) != w.Status.Connector.State || status.Version != w.Status.Connector.Version {
			t.Errorf("%s: %+v, want %+v", name, status, w.Status.Connector)
		}
		for _, task := range w.Status.Tasks {
			got, _ := statuses.Task(store.TaskID{Connector: name, Task: task.ID})
			if string(got.State) != task.State || got.Trace != task.Trace || got.WorkerID != task.Worker || got.Version != task.Version {
				t.Errorf("%s-%d: %+v, want %+v", name, task.ID, got, task)
			}
		}
	}
}

// TestOffsetsThatJavaShows looks at the offsets that are left when the script has
// ended, and at one before its tombstone.
func TestOffsetsThatJavaShows(t *testing.T) {
	t.Parallel()
	s := store.NewOffsetSnapshot()
	most := map[string]int{}
	for _, r := range load(t, filepath.Join("testdata", "fixtures", "topics", "plain-offsets.json")) {
		s, _ = store.FoldOffset(s, r)
		for name := range s.Connectors() {
			offsets, err := s.List(name)
			if err != nil {
				t.Fatal(err)
			}
			most[name] = max(most[name], len(offsets))
		}
	}
	if most["a-tick"] != 3 {
		t.Errorf("a-tick had offsets of %d partitions, want 3", most["a-tick"])
	}
	got, err := s.List("a-src")
	if err != nil || len(got) != 1 {
		t.Fatal(got, err)
	}
	position, _ := got[0].Offset.Lookup("position")
	file, _ := got[0].Partition.Lookup("filename")
	if position.Int() != 14 || file.Text() != "/tmp/wiredata/wire-a-in.txt" {
		t.Errorf("%v: %v", file.Text(), position.Int())
	}
	if reset, err := s.List("a-tick"); err != nil || len(reset) != 0 {
		t.Errorf("after the reset: %v, %v", reset, err)
	}
	key, err := store.OffsetKey("a-src", schema.MapValue([]schema.Entry{{Key: schema.StringValue("filename"), Value: file}}))
	if err != nil || string(key) != `["a-src",{"filename":"/tmp/wiredata/wire-a-in.txt"}]` {
		t.Errorf("key %s, %v", key, err)
	}
}
