package store

import (
	"bytes"
	"testing"
)

// The fuzz targets below hold what is true of every topic: a fold never panics,
// never changes the state before it, and what it shows can be written again.

func FuzzFoldConfig(f *testing.F) {
	for _, line := range []string{
		`connector-a {"properties":{"x":"1"}}`, `connector-a`, `task-a-0 {"properties":{}}`, `commit-a {"tasks":1}`,
		`target-state-a {"state":"PAUSED","state.v2":"STOPPED"}`, `tasks-fencing-a {"task-count":2}`,
		`session-key {"key":"AQI=","algorithm":"HmacSHA256","creation-timestamp":17}`,
		`restart-connector-a {"include-tasks":true}`, `logger-cluster-x {"level":"DEBUG"}`, `task-a--- {}`, `commit-a {"tasks":2147483648}`,
	} {
		r := parseRecord(0, line)
		f.Add(r.Key, r.Value, r.Value == nil)
	}
	f.Fuzz(func(t *testing.T, key, value []byte, tombstone bool) {
		if tombstone {
			value = nil
		}
		before, _ := foldConfigs(`connector-a {"properties":{"x":"1"}}
			task-a-0 {"properties":{"t":"0"}}
			commit-a {"tasks":1}
			task-a-0 {"properties":{"t":"1"}}`)
		shown := show(before)
		s, news := FoldConfig(before, Record{Offset: 4, Key: key, Value: value})
		if o := s.Offset(); o != 5 && (o != 4 || news.Problem == "") {
			t.Fatalf("offset %d, problem %q", o, news.Problem)
		}
		_ = s.Changes(before)
		after := show(s)
		for i, line := range show(before) {
			if line != shown[i] {
				t.Fatalf("the state before changed from %q to %q", shown[i], line)
			}
		}
		for name := range s.Connectors() {
			again, news := FoldConfig(s, ConnectorRecord(name, s.Connector(name)))
			if news.Problem != "" || showRaw(again.Connector(name)) != showRaw(s.Connector(name)) {
				t.Fatalf("%v: written again it is %v (%s)", after, showRaw(again.Connector(name)), news.Problem)
			}
		}
	})
}

func FuzzFoldStatus(f *testing.F) {
	for _, line := range []string{
		`status-connector-a {"state":"RUNNING","trace":null,"worker_id":"w:1","generation":5,"version":"1"}`, `status-connector-a`,
		`status-task-a-0 {"state":"FAILED","trace":"x\n","worker_id":"w:1","generation":5,"version":null}`, `status-task-a-0`,
		`status-topic-t:connector-a {"topic":{"name":"t","connector":"a","task":1,"discoverTimestamp":7}}`, `status-topic-t:c`,
	} {
		r := parseRecord(0, line)
		f.Add(r.Key, r.Value, r.Value == nil)
	}
	f.Fuzz(func(t *testing.T, key, value []byte, tombstone bool) {
		if tombstone {
			value = nil
		}
		s, _ := FoldStatus(NewStatusSnapshot(), Record{Key: key, Value: value})
		for name := range s.Connectors() {
			if status, ok := s.Connector(name); ok {
				again, problem := FoldStatus(NewStatusSnapshot(), ConnectorStatusRecord(name, &status))
				if got, _ := again.Connector(name); problem != "" || got != status {
					t.Fatalf("%+v written again is %+v (%s)", status, got, problem)
				}
			}
			for id, status := range s.Tasks(name) {
				again, problem := FoldStatus(NewStatusSnapshot(), TaskStatusRecord(TaskID{name, id}, &status))
				if got, _ := again.Task(TaskID{name, id}); problem != "" || got != status {
					t.Fatalf("%+v written again is %+v (%s)", status, got, problem)
				}
			}
		}
	})
}

func FuzzFoldOffset(f *testing.F) {
	f.Add([]byte(`["a",{"x":1}]`), []byte(`{"n":1}`))
	f.Add([]byte(`["a",null]`), []byte(`5`))
	f.Add([]byte(`["é\ud83d\ude00",{"x":[1.5,true]}]`), []byte(``))
	f.Fuzz(func(t *testing.T, key, value []byte) {
		s, _ := FoldOffset(NewOffsetSnapshot(), Record{Key: key, Value: value})
		for name := range s.Connectors() {
			offsets, err := s.List(name)
			if err != nil {
				continue
			}
			for _, o := range offsets {
				r, err := OffsetRecord(name, o)
				if err != nil {
					t.Fatal(err)
				}
				again, problem := FoldOffset(s, r)
				v, err := again.Lookup(name, r.Key)
				if problem != "" || err != nil || !v.Equal(o.Offset) {
					t.Fatalf("%s: %v, %v, %s", r.Key, v, err, problem)
				}
			}
			if gone, _ := FoldOffset(s, Record{Key: bytes.Clone(key)}); len(gone.connectors.root.keys()) != 0 {
				t.Fatalf("the tombstone of %s leaves something", key)
			}
		}
	})
}

func (n *node[K, V]) keys() []K {
	var out []K
	n.walk(func(k K, _ V) bool { out = append(out, k); return true })
	return out
}
