package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// parseRecord reads "key value"; no value is a tombstone, and a leading dash
// stands for a record without a key.
func parseRecord(offset int, line string) Record {
	key, value, ok := strings.Cut(line, " ")
	r := Record{Offset: int64(offset), Key: []byte(key)}
	if key == "-" {
		r.Key = nil
	}
	if ok {
		r.Value = []byte(value)
	}
	return r
}

func lines(text string) []string {
	var out []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// foldConfigs returns the state after the lines and what was noted on the way.
func foldConfigs(text string) (*ConfigSnapshot, []string) {
	s := NewConfigSnapshot()
	var notes []string
	for i, line := range lines(text) {
		var news ConfigNews
		s, news = FoldConfig(s, parseRecord(i, line))
		switch {
		case news.Problem != "":
			notes = append(notes, fmt.Sprintf("%d: %s", i, news.Problem))
		case news.Restart != nil:
			notes = append(notes, fmt.Sprintf("%d: restart %+v", i, *news.Restart))
		case news.Level != nil:
			notes = append(notes, fmt.Sprintf("%d: level %+v", i, *news.Level))
		}
	}
	return s, notes
}

// show prints what the accessors say of every name.
func show(s *ConfigSnapshot) []string {
	out := []string{fmt.Sprintf("offset %d", s.Offset())}
	if k := s.SessionKey(); k != nil {
		out = append(out, fmt.Sprintf("session key %x %s %d", k.Key.Reveal(), k.Algorithm, k.Created))
	}
	for name := range s.entries.all() {
		line := fmt.Sprintf("%s: %s", name, showRaw(s.Connector(name)))
		if target := s.TargetState(name); target != "" {
			line += " " + string(target)
		}
		if s.Inconsistent(name) {
			line += " inconsistent"
		}
		if s.PendingFencing(name) {
			line += " pending"
		}
		if n := s.TaskCountRecord(name); n >= 0 {
			line += fmt.Sprintf(" fenced=%d", n)
		}
		if g := s.TaskGeneration(name); g >= 0 {
			line += fmt.Sprintf(" generation=%d", g)
		}
		if n := s.TaskCount(name); n != 0 {
			line += fmt.Sprintf(" count=%d", n)
		}
		var tasks strings.Builder
		for _, id := range s.Tasks(name) {
			fmt.Fprintf(&tasks, " %s=%s", id, showRaw(s.TaskConfig(id)))
		}
		line += tasks.String()
		if a := s.Applied(name); a != nil {
			line += " applied=" + showRaw(a)
		}
		out = append(out, line)
	}
	return out
}

func showRaw(m map[string]*string) string {
	if m == nil {
		return "-"
	}
	parts := []string{}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if m[k] == nil {
			parts = append(parts, k+"=null")
		} else {
			parts = append(parts, k+"="+*m[k])
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func TestFoldConfig(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, records, state, notes string }{
		{
			name: "a connector with tasks",
			records: `connector-a {"properties":{"x":"1","none":null}}
				task-a-0 {"properties":{"t":"0"}}
				task-a-1 {"properties":{"t":"1"}}
				commit-a {"tasks":2}`,
			state: `offset 4
				a: {none=null,x=1} STARTED pending generation=0 count=2 a-0={t=0} a-1={t=1} applied={none=null,x=1}`,
		},
		{
			name: "task configurations wait for the commit",
			records: `connector-a {"properties":{}}
				task-a-0 {"properties":{"t":"old"}}
				commit-a {"tasks":1}
				task-a-0 {"properties":{"t":"new"}}`,
			state: `offset 4
				a: {} STARTED pending generation=0 count=1 a-0={t=old} applied={}`,
		},
		{
			name: "compaction removed a task configuration",
			records: `connector-a {"properties":{}}
				task-a-1 {"properties":{"t":"1"}}
				commit-a {"tasks":2}`,
			state: `offset 3
				a: {} STARTED inconsistent pending count=2`,
		},
		{
			name: "an inconsistent connector is mended by a whole set",
			records: `connector-a {"properties":{}}
				task-a-1 {"properties":{"t":"1"}}
				commit-a {"tasks":2}
				task-a-0 {"properties":{"t":"0"}}
				task-a-1 {"properties":{"t":"1b"}}
				commit-a {"tasks":2}`,
			state: `offset 6
				a: {} STARTED pending generation=0 count=2 a-0={t=0} a-1={t=1b} applied={}`,
		},
		{
			name: "half a set after an incomplete one does not complete it",
			records: `connector-a {"properties":{}}
				task-a-1 {"properties":{"t":"1"}}
				commit-a {"tasks":2}
				task-a-0 {"properties":{"t":"0"}}
				commit-a {"tasks":2}`,
			state: `offset 5
				a: {} STARTED inconsistent pending count=2`,
		},
		{
			name: "tasks beyond the count are harmless",
			records: `connector-a {"properties":{}}
				task-a-7 {"properties":{"t":"7"}}
				task-a-0 {"properties":{"t":"0"}}
				commit-a {"tasks":1}`,
			state: `offset 4
				a: {} STARTED pending generation=0 count=1 a-0={t=0} applied={}`,
		},
		{
			name: "a commit without any task configuration has no generation",
			records: `connector-a {"properties":{}}
				commit-a {"tasks":0}`,
			state: `offset 2
				a: {} STARTED pending applied={}`,
		},
		{
			name: "a commit of none after tasks is a generation",
			records: `connector-a {"properties":{}}
				task-a-0 {"properties":{"t":"0"}}
				commit-a {"tasks":1}
				tasks-fencing-a {"task-count":1}
				commit-a {"tasks":0}`,
			state: `offset 5
				a: {} STARTED pending fenced=1 generation=1 applied={}`,
		},
		{
			name: "the task count record ends the wait for fencing",
			records: `connector-a {"properties":{}}
				commit-a {"tasks":0}
				tasks-fencing-a {"task-count":3}`,
			state: `offset 3
				a: {} STARTED fenced=3 applied={}`,
		},
		{
			name: "a commit of a connector that is gone drops everything of that name",
			records: `task-a-0 {"properties":{"t":"0"}}
				commit-a {"tasks":1}
				connector-a {"properties":{}}
				commit-a {"tasks":1}`,
			state: `offset 4
				a: {} STARTED inconsistent pending count=1`,
		},
		{
			name: "a tombstone keeps what Java keeps",
			records: `connector-a {"properties":{}}
				target-state-a {"state":"PAUSED","state.v2":"STOPPED"}
				task-a-0 {"properties":{"t":"0"}}
				commit-a {"tasks":1}
				tasks-fencing-a {"task-count":1}
				connector-a`,
			state: `offset 6
				a: - STOPPED fenced=1 generation=0`,
		},
		{
			name: "created again after a deletion",
			records: `connector-a {"properties":{"x":"1"}}
				task-a-0 {"properties":{"t":"0"}}
				commit-a {"tasks":1}
				connector-a
				target-state-a
				connector-a {"properties":{"x":"2"}}
				commit-a {"tasks":0}`,
			state: `offset 7
				a: {x=2} STARTED pending generation=0 applied={x=2}`,
		},
		{
			name:    "a target state comes before its connector",
			records: `target-state-a {"state":"PAUSED","state.v2":"STOPPED"}`,
			state: `offset 1
				a: - STOPPED`,
		},
		{
			name: "target states",
			records: `connector-old {"properties":{}}
				target-state-old {"state":"PAUSED"}
				connector-odd {"properties":{}}
				target-state-odd {"state":"PAUSED","state.v2":5}
				connector-new {"properties":{}}
				target-state-new {"state":"PAUSED","state.v2":"SLEEPING"}
				connector-null {"properties":{}}
				target-state-null {"state":null}
				connector-back {"properties":{}}
				target-state-back {"state":"PAUSED","state.v2":"PAUSED"}
				target-state-back`,
			state: `offset 11
				back: {} STARTED
				new: {} STARTED
				null: {} STARTED
				odd: {} PAUSED
				old: {} PAUSED`,
			notes: `5: the target state "SLEEPING" is not one of STARTED, PAUSED, STOPPED
				7: neither state.v2 nor state is a text`,
		},
		{
			name: "names with hyphens and of other kinds of records",
			records: `connector-a-b {"properties":{}}
				task-a-b-0 {"properties":{"t":"0"}}
				commit-a-b {"tasks":1}
				connector-task-x {"properties":{}}
				connector-target-state-y {"properties":{}}
				target-state-connector-z {"state":"PAUSED"}`,
			state: `offset 6
				a-b: {} STARTED pending generation=0 count=1 a-b-0={t=0} applied={}
				connector-z: - PAUSED
				target-state-y: {} STARTED
				task-x: {} STARTED`,
		},
		{
			name: "malformed records change nothing but the offset",
			records: `connector-a 5
				connector-a {"properties":[1]}
				connector-a {}
				task-a {"properties":{}}
				task-a-x {"properties":{}}
				task-a-0
				task-a-0 [1]
				connector-b {"properties":{}}
				commit-b
				commit-b {"tasks":"1"}
				commit-b {"tasks":-1}
				commit-b {"tasks":1.5}
				tasks-fencing-b {}
				session-key
				session-key {"key":"!","algorithm":"HmacSHA256","creation-timestamp":1}
				session-key {"key":"AQI=","algorithm":"HmacSHA256","creation-timestamp":"1"}
				restart-connector-b
				logger-cluster-x {"level":1}
				connector-new-kind-of-record
				new-kind-of-record {"a":1}
				- {"properties":{}}`,
			state: `offset 21
				b: {} STARTED
				new-kind-of-record: -`,
			notes: `0: the value is int64, not an object
				1: properties is list, not an object
				2: properties is null, not an object
				3: the key names no task
				4: the key names no task
				5: the value is null, not an object
				6: the value is list, not an object
				8: the value is null, not an object
				9: tasks is no number of tasks
				10: tasks is no number of tasks
				11: tasks is no number of tasks
				12: task-count is no integer
				13: the value is null, not an object
				14: it is no session key: key is base64, algorithm a text, creation-timestamp an integer
				15: it is no session key: key is base64, algorithm a text, creation-timestamp an integer
				16: the value is null, not an object
				17: level is no text
				19: the key is of no kind that is known here: a newer worker or a foreign program wrote it
				20: the key is of no kind that is known here: a newer worker or a foreign program wrote it`,
		},
		{
			name: "what is no JSON does not count",
			records: `connector-a {"properties":{}}
				connector-b {"properties":`,
			state: `offset 1
				a: {} STARTED`,
			notes: `1: the value is no JSON`,
		},
		{
			name:    "properties that are no texts are taken by their text",
			records: `connector-a {"properties":{"n":5,"b":true,"o":{"x":[1]}}}`,
			state: `offset 1
				a: {b=true,n=5,o={"x":[1]}} STARTED`,
		},
		{
			name: "session key, restart, level",
			records: `session-key {"key":"AQI=","algorithm":"HmacSHA256","creation-timestamp":17}
				restart-connector-a {"include-tasks":true,"only-failed":false}
				restart-connector-a {"only-failed":"yes"}
				logger-cluster-org.x {"level":"DEBUG"}`,
			state: `offset 4
				session key 0102 HmacSHA256 17`,
			notes: `1: restart {Connector:a OnlyFailed:false IncludeTasks:true}
				2: restart {Connector:a OnlyFailed:false IncludeTasks:false}
				3: level {Logger:org.x Level:DEBUG}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, notes := foldConfigs(tt.records)
			if diff := cmp.Diff(lines(tt.state), show(s)); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(strings.Join(lines(tt.notes), "\n"), strings.Join(notes, "\n")); diff != "" {
				t.Errorf("notes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNewConfigSnapshot(t *testing.T) {
	t.Parallel()
	s := NewConfigSnapshot()
	if s.Offset() != -1 || s.Len() != 0 || s.TaskGeneration("a") != -1 || s.TaskCountRecord("a") != -1 || s.TargetState("a") != "" {
		t.Errorf("%+v", s)
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	const before = `connector-a {"properties":{}}
		connector-b {"properties":{}}
		connector-c {"properties":{}}
		target-state-x {"state":"PAUSED"}`
	for _, tt := range []struct {
		name, records string
		want          ConfigChanges
	}{
		{"nothing", ``, ConfigChanges{}},
		{"the same configuration again", `connector-a {"properties":{}}`, ConfigChanges{Updated: []string{"a"}}},
		{"the same target state again", `target-state-a {"state":"STARTED"}`, ConfigChanges{}},
		{"another target state", `target-state-a {"state":"PAUSED"}`, ConfigChanges{Targets: []string{"a"}}},
		{"there and back", "target-state-a {\"state\":\"PAUSED\"}\ntarget-state-a {\"state\":\"STARTED\"}", ConfigChanges{Targets: []string{"a"}}},
		{"removed", "connector-a\ntarget-state-a", ConfigChanges{Removed: []string{"a"}}},
		{"removed and created", "connector-a\ntarget-state-a\nconnector-a {\"properties\":{}}", ConfigChanges{Updated: []string{"a"}}},
		{"created with a target state", "target-state-d {\"state\":\"PAUSED\"}\nconnector-d {\"properties\":{}}", ConfigChanges{Added: []string{"d"}}},
		{"created where a target state was", `connector-x {"properties":{}}`, ConfigChanges{Added: []string{"x"}}},
		{"created and removed", "connector-d {\"properties\":{}}\nconnector-d", ConfigChanges{}},
		{"a commit that changes nothing", `commit-b {"tasks":0}`, ConfigChanges{Tasks: []string{"b"}}},
		{"a commit of a connector that is gone", `commit-y {"tasks":1}`, ConfigChanges{}},
		{"session key", `session-key {"key":"AQI=","algorithm":"HmacSHA256","creation-timestamp":17}`, ConfigChanges{SessionKey: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			old, _ := foldConfigs(before)
			s := old
			for i, line := range lines(tt.records) {
				s, _ = FoldConfig(s, parseRecord(100+i, line))
			}
			if diff := cmp.Diff(tt.want, s.Changes(old)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestOutranks(t *testing.T) {
	t.Parallel()
	order := []RestartRequest{ // from the weakest
		{OnlyFailed: true}, {OnlyFailed: true, IncludeTasks: true}, {}, {IncludeTasks: true},
	}
	for i, a := range order {
		for j, b := range order {
			if got := a.Outranks(b); got != (i > j) {
				t.Errorf("%+v outranks %+v: %v", a, b, got)
			}
		}
	}
}

func TestFoldStatus(t *testing.T) {
	t.Parallel()
	const status = `{"state":%q,"trace":null,"worker_id":"w:1","generation":%d,"version":"1"}`
	running := func(generation int) string { return fmt.Sprintf(status, "RUNNING", generation) }
	for _, tt := range []struct {
		name, records, want, notes string
	}{
		{"the last one wins", "status-connector-a " + running(5) + "\nstatus-connector-a " + fmt.Sprintf(status, "FAILED", 2), "a FAILED 2", ""},
		{"a task", "status-task-a-b-12 " + running(5), "a-b-12 RUNNING 5", ""},
		{"given up by one that does not know", "status-task-a-0 " + running(5) + "\nstatus-task-a-0 " + fmt.Sprintf(status, "UNASSIGNED", 5), "a-0 RUNNING 5", ""},
		{"given up later", "status-task-a-0 " + running(5) + "\nstatus-task-a-0 " + fmt.Sprintf(status, "UNASSIGNED", 6), "a-0 UNASSIGNED 6", ""},
		{"a connector is given up whatever is known", "status-connector-a " + running(5) + "\nstatus-connector-a " + fmt.Sprintf(status, "UNASSIGNED", 5), "a UNASSIGNED 5", ""},
		{"a connector's tombstone forgets its tasks, not its topics", "status-task-a-0 " + running(5) + "\nstatus-task-b-0 " + running(5) +
			"\nstatus-topic-t:connector-a {\"topic\":{\"name\":\"t\",\"connector\":\"a\",\"task\":1,\"discoverTimestamp\":7}}\nstatus-connector-a", "a uses t 1 7\nb-0 RUNNING 5", ""},
		{"a task's tombstone", "status-task-a-0 " + running(5) + "\nstatus-task-a-0", "", ""},
		{"a topic's tombstone", "status-topic-t:connector-a {\"topic\":{\"name\":\"t\",\"connector\":\"a\",\"task\":1,\"discoverTimestamp\":7}}\nstatus-topic-t:connector-a", "", ""},
		{
			"malformed", "status-connector-\nstatus-task-a " + running(1) + "\nstatus-task-a-x " + running(1) + "\nstatus-connector-a {\nstatus-connector-a 5\n" +
				"status-connector-a {\"state\":\"SLEEPING\",\"worker_id\":\"w\",\"generation\":1}\nstatus-connector-a {\"state\":\"RUNNING\",\"worker_id\":\"w\",\"generation\":\"1\"}\n" +
				"status-topic-t {}\nstatus-topic-:connector-a {}\nstatus-topic-t:connector- {}\nstatus-topic-t:connector-a {\"topic\":[]}\nelse {}\n- {}", "",
			`0: the key names no connector
			1: the key names no task
			2: the key names no task
			3: the value is no JSON
			4: the value is int64, not an object
			5: the state is not one that is known here
			6: the value is no status: generation is an integer, the rest are texts
			7: the key names no topic of a connector
			8: the key names no topic of a connector
			9: the key names no topic of a connector
			10: the value is no use of a topic: task and discoverTimestamp are integers
			11: the key is of no kind that is known here: a newer worker or a foreign program wrote it
			12: the key is of no kind that is known here: a newer worker or a foreign program wrote it`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := NewStatusSnapshot()
			var notes []string
			for i, line := range lines(tt.records) {
				var problem string
				if s, problem = FoldStatus(s, parseRecord(i, line)); problem != "" {
					notes = append(notes, fmt.Sprintf("%d: %s", i, problem))
				}
			}
			var got []string
			for name, e := range s.entries.all() {
				if c, ok := s.Connector(name); ok {
					got = append(got, fmt.Sprintf("%s %s %d", name, c.State, c.Generation))
				}
				for id, task := range s.Tasks(name) {
					got = append(got, fmt.Sprintf("%s-%d %s %d", name, id, task.State, task.Generation))
				}
				for topic := range e.topics.all() {
					u, _ := s.Topic(name, topic)
					got = append(got, fmt.Sprintf("%s uses %s %d %d", u.Connector, u.Topic, u.Task, u.Discovered))
				}
			}
			if diff := cmp.Diff(tt.want, strings.Join(got, "\n")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(lines(tt.notes), notes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFoldOffset(t *testing.T) {
	t.Parallel()
	s := NewOffsetSnapshot()
	var notes []string
	for i, line := range lines(`["a",{"f":"1"}] {"n":1}
		["a",{"f":"2"}] {"n":2}
		["b",{"x":1,"y":2}] {"n":3}
		["b",{"y":2,"x":1}] {"n":4}
		["c",null] {"n":5}
		["d",{}] 7
		["a",{"f":"2"}]
		["a",5] {}
		["a"] {}
		"a" {}
		{ {}
		- {}`) {
		var problem string
		if s, problem = FoldOffset(s, parseRecord(i, line)); problem != "" {
			notes = append(notes, fmt.Sprintf("%d: %s", i, problem))
		}
	}
	if diff := cmp.Diff([]string{"a", "b", "c", "d"}, slices.Collect(s.Connectors())); diff != "" {
		t.Error(diff)
	}
	for name, want := range map[string]int{"a": 1, "b": 2, "c": 0, "x": 0} {
		if got, err := s.List(name); err != nil || len(got) != want {
			t.Errorf("%s has %v, %v; want %d", name, got, err, want)
		}
	}
	if _, err := s.List("d"); err == nil {
		t.Error("an offset that is no object is listed")
	}
	// The order of the entries counts.
	for key, want := range map[string]int64{`["b",{"x":1,"y":2}]`: 3, `["b",{"y":2,"x":1}]`: 4} {
		v, err := s.Lookup("b", []byte(key))
		if n, _ := v.Lookup("n"); err != nil || n.Int() != want {
			t.Errorf("%s: %v, %v", key, v, err)
		}
	}
	if v, err := s.Lookup("a", []byte(`["a",{"f":"2"}]`)); err != nil || !v.IsNull() {
		t.Errorf("after the tombstone: %v, %v", v, err)
	}
	want := `7: the partition of the key is int64, not an object
		8: the key is no list of a connector's name and a partition
		9: the key is no list of a connector's name and a partition
		10: the key is no JSON
		11: the key is no list of a connector's name and a partition`
	if diff := cmp.Diff(lines(want), notes); diff != "" {
		t.Error(diff)
	}
}
