package store

import (
	"strings"

	"sluice/connect/schema"
	"sluice/converters/json"
)

// The keys of the status topic start with these.
const (
	connectorStatusPrefix = "status-connector-"
	taskStatusPrefix      = "status-task-"
	topicStatusPrefix     = "status-topic-"
	topicSeparator        = ":connector-"
)

// FoldStatus returns the state after a record of the status topic, by the rules of
// Java's KafkaStatusBackingStore, and why the record was passed over ("" if it was
// not). It knows no clock and does no I/O.
func FoldStatus(s *StatusSnapshot, r Record) (next *StatusSnapshot, problem string) {
	key := javaText(r.Key)
	if name, ok := strings.CutPrefix(key, connectorStatusPrefix); ok {
		return s.foldConnector(name, r.Value)
	}
	if strings.HasPrefix(key, taskStatusPrefix) {
		return s.foldTask(key, r.Value)
	}
	if rest, ok := strings.CutPrefix(key, topicStatusPrefix); ok {
		return s.foldTopic(rest, r.Value)
	}
	return s, "the key is of no kind that is known here: a newer worker or a foreign program wrote it"
}

// with returns a snapshot with another entry; one that says nothing is left out.
func (s *StatusSnapshot) with(name string, e statusEntry) *StatusSnapshot {
	if e.connector.State == "" && e.tasks.len() == 0 && e.topics.len() == 0 {
		return &StatusSnapshot{s.entries.remove(name)}
	}
	return &StatusSnapshot{s.entries.put(name, &e)}
}

func (s *StatusSnapshot) foldConnector(name string, value []byte) (*StatusSnapshot, string) {
	if name == "" {
		return s, "the key names no connector"
	}
	e := *s.entry(name)
	if value == nil {
		e.connector, e.tasks = Status{}, tree[int, Status]{}
		return s.with(name, e), ""
	}
	status, problem := parseStatus(value)
	if problem != "" {
		return s, problem
	}
	e.connector = status
	return s.with(name, e), ""
}

func (s *StatusSnapshot) foldTask(key string, value []byte) (*StatusSnapshot, string) {
	id, ok := taskIDOf(key, 2)
	if !ok {
		return s, "the key names no task"
	}
	e := *s.entry(id.Connector)
	if value == nil {
		e.tasks = e.tasks.remove(id.Task)
		return s.with(id.Connector, e), ""
	}
	status, problem := parseStatus(value)
	if problem != "" {
		return s, problem
	}
	// A worker that did not read yet that the task runs elsewhere may say that it
	// gave the task up.
	if known, ok := e.tasks.get(id.Task); ok && status.State == Unassigned && known.State == Running && known.Generation >= status.Generation {
		return s, ""
	}
	e.tasks = e.tasks.put(id.Task, status)
	return s.with(id.Connector, e), ""
}

// foldTopic reads TOPIC:connector-NAME. The key is split at the first colon, which
// no topic's name has.
func (s *StatusSnapshot) foldTopic(key string, value []byte) (*StatusSnapshot, string) {
	topic, rest, _ := strings.Cut(key, ":")
	connector := ""
	if n := len(topicSeparator) - 1; len(rest) > n {
		connector = rest[n:]
	}
	if topic == "" || connector == "" {
		return s, "the key names no topic of a connector"
	}
	e := *s.entry(connector)
	if value == nil {
		e.topics = e.topics.remove(topic)
		return s.with(connector, e), ""
	}
	parsed, err := json.ParseSchemaless(value, nil)
	if err != nil {
		return s, "the value is no JSON"
	}
	inner, _ := parsed.Lookup("topic")
	task, _ := inner.Lookup("task")
	discovered, _ := inner.Lookup("discoverTimestamp")
	if task.Kind() != schema.KindInt64 || discovered.Kind() != schema.KindInt64 {
		return s, "the value is no use of a topic: task and discoverTimestamp are integers"
	}
	e.topics = e.topics.put(topic, TopicStatus{topic, connector, int(int32(task.Int())), discovered.Int()})
	return s.with(connector, e), ""
}

func parseStatus(value []byte) (Status, string) {
	v, err := json.ParseSchemaless(value, nil)
	if err != nil {
		return Status{}, "the value is no JSON"
	}
	if v.Kind() != schema.KindMap {
		return Status{}, "the value is " + v.Kind().String() + ", not an object"
	}
	text := func(member string) (string, bool) {
		m, _ := v.Lookup(member)
		if m.IsNull() {
			return "", true
		}
		return strings.Clone(m.Text()), m.Kind() == schema.KindString
	}
	state, okS := text("state")
	trace, okT := text("trace")
	workerID, okW := text("worker_id")
	version, okV := text("version")
	generation, _ := v.Lookup("generation")
	if !okS || !okT || !okW || !okV || generation.Kind() != schema.KindInt64 {
		return Status{}, "the value is no status: generation is an integer, the rest are texts"
	}
	switch s := State(state); s {
	case Unassigned, Running, Paused, Stopped, Failed, Restarting:
		return Status{s, trace, workerID, int(int32(generation.Int())), version}, ""
	}
	return Status{}, "the state is not one that is known here"
}
