package store

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"unique"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/json"
)

// The keys of the config topic start with these, in the order in which they are
// tried.
const (
	targetStatePrefix = "target-state-"
	connectorPrefix   = "connector-"
	taskPrefix        = "task-"
	commitPrefix      = "commit-"
	restartPrefix     = "restart-connector-"
	taskCountPrefix   = "tasks-fencing-"
	sessionKeyKey     = "session-key"
	loggerPrefix      = "logger-cluster-"
)

// ConfigNews is what a record of the config topic says beside what it changes.
type ConfigNews struct {
	// Restart and Level count only for records that are read after the start.
	Restart *RestartRequest
	Level   *LoggerLevel
	// Problem says why the record was passed over, without its values; "" is none.
	Problem string
}

// FoldConfig returns the state after a record of the config topic, by the rules of
// Java's KafkaConfigBackingStore. A record that is malformed or of an unknown kind
// changes nothing but the offset, and one whose value is no JSON not even that.
// It knows no clock and does no I/O.
func FoldConfig(s *ConfigSnapshot, r Record) (*ConfigSnapshot, ConfigNews) {
	value, err := json.ParseSchemaless(r.Value, nil)
	if err != nil {
		return s, ConfigNews{Problem: "the value is no JSON"}
	}
	next := *s
	next.offset = r.Offset + 1
	key := javaText(r.Key)
	f := configFold{&next, value, ConfigNews{}}
	if name, ok := strings.CutPrefix(key, targetStatePrefix); ok {
		f.targetState(name)
	} else if name, ok := strings.CutPrefix(key, connectorPrefix); ok {
		f.connector(name)
	} else if strings.HasPrefix(key, taskPrefix) {
		f.task(key)
	} else if name, ok := strings.CutPrefix(key, commitPrefix); ok {
		f.commit(name)
	} else if name, ok := strings.CutPrefix(key, restartPrefix); ok {
		f.restart(name)
	} else if name, ok := strings.CutPrefix(key, taskCountPrefix); ok {
		f.taskCount(name)
	} else if key == sessionKeyKey {
		f.key()
	} else if name, ok := strings.CutPrefix(key, loggerPrefix); ok {
		f.level(name)
	} else {
		f.problem("the key is of no kind that is known here: a newer worker or a foreign program wrote it")
	}
	return &next, f.news
}

// javaText decodes UTF-8 as Java does: what is none becomes U+FFFD.
func javaText(b []byte) string { return strings.ToValidUTF8(string(b), "\uFFFD") }

// configFold is one call of FoldConfig; s is the state in the making.
type configFold struct {
	s     *ConfigSnapshot
	value schema.Value
	news  ConfigNews
}

func (f *configFold) problem(format string, args ...any) {
	f.news.Problem = fmt.Sprintf(format, args...)
}

// object says whether the value is an object, and notes it where it is not.
func (f *configFold) object() bool {
	if f.value.Kind() != schema.KindMap {
		f.problem("the value is %s, not an object", f.value.Kind())
		return false
	}
	return true
}

// entry returns a copy of what is known of the name.
func (f *configFold) entry(name string) connectorEntry { return *f.s.entry(name) }

func (f *configFold) store(name string, e connectorEntry) {
	f.s.entries = f.s.entries.put(name, &e)
	switch {
	case e.config == nil:
		f.s.connectors = f.s.connectors.remove(name)
	case !f.s.Contains(name):
		f.s.connectors = f.s.connectors.put(name, struct{}{})
	}
}

func (f *configFold) targetState(name string) {
	e := f.entry(name)
	if f.value.IsNull() {
		e.target = ""
		if e.config != nil {
			e.target = TargetStarted
		}
		f.store(name, e)
		return
	}
	if !f.object() {
		return
	}
	text, ok := f.text("state.v2")
	if !ok {
		if text, ok = f.text("state"); !ok {
			f.problem("neither state.v2 nor state is a text")
			return
		}
	}
	switch target := TargetState(text); target {
	case TargetStarted, TargetPaused, TargetStopped:
		if target != e.target && e.config != nil {
			e.targetChange = f.s.offset
		}
		e.target = target
		f.store(name, e)
	default:
		f.problem("the target state %q is not one of STARTED, PAUSED, STOPPED", text)
	}
}

func (f *configFold) connector(name string) {
	e := f.entry(name)
	if f.value.IsNull() {
		f.store(name, f.removed(e))
		return
	}
	cfg, ok := f.properties()
	if !ok {
		return
	}
	e.config, e.configChange = cfg, f.s.offset
	if e.target == "" {
		e.target = TargetStarted
	}
	f.store(name, e)
}

// removed keeps of a connector what outlives it.
func (f *configFold) removed(e connectorEntry) connectorEntry {
	e.config, e.applied = nil, nil
	e.taskCount = 0
	e.taskConfigs, e.deferred = tree[int, config.Raw]{}, tree[int, config.Raw]{}
	e.everDeferred = false
	e.configChange = f.s.offset
	return e
}

// properties reads {"properties":{…}}.
func (f *configFold) properties() (config.Raw, bool) {
	if !f.object() {
		return nil, false
	}
	p, _ := f.value.Lookup("properties")
	if p.Kind() != schema.KindMap {
		f.problem("properties is %s, not an object", p.Kind())
		return nil, false
	}
	cfg := make(config.Raw, len(p.Map()))
	for _, e := range p.Map() {
		// The names are the same in many configurations, and kept once.
		name := unique.Make(strings.Clone(e.Key.Text())).Value()
		switch e.Value.Kind() {
		case schema.KindNull:
			cfg[name] = nil
		case schema.KindString:
			cfg[name] = new(strings.Clone(e.Value.Text()))
		default:
			// Java fails where it uses such a value; its text is what was meant.
			text, err := json.AppendSchemaless(nil, e.Value)
			if err != nil {
				f.problem("the property %q is no text", name)
				return nil, false
			}
			cfg[name] = new(string(text))
		}
	}
	return cfg, true
}

// task keeps the configuration aside until the commit.
func (f *configFold) task(key string) {
	id, ok := taskIDOf(key, 1)
	if !ok {
		f.problem("the key names no task")
		return
	}
	cfg, ok := f.properties()
	if !ok {
		return
	}
	e := f.entry(id.Connector)
	e.deferred, e.everDeferred = e.deferred.put(id.Task, cfg), true
	f.store(id.Connector, e)
}

// taskIDOf reads the id at the end of a key, behind the first parts, as Java
// splits it: at hyphens, without the empty parts at the end.
func taskIDOf(key string, first int) (TaskID, bool) {
	parts := strings.Split(strings.TrimRight(key, "-"), "-")
	if len(parts) < first+2 {
		return TaskID{}, false
	}
	last := len(parts) - 1
	n, err := strconv.ParseInt(parts[last], 10, 32)
	if err != nil {
		return TaskID{}, false
	}
	return TaskID{strings.Join(parts[first:last], "-"), int(n)}, true
}

// commit applies the configurations that were kept aside, unless some of them are
// missing because compaction removed them.
func (f *configFold) commit(name string) {
	e := f.entry(name)
	if e.config == nil {
		// The connector was deleted, and compaction removed every trace of that.
		f.store(name, f.removed(e))
		return
	}
	if !f.object() {
		return
	}
	n, ok := f.integer("tasks")
	if !ok || n < 0 {
		f.problem("tasks is no number of tasks")
		return
	}
	complete := e.deferred.len() >= n
	for i := 0; complete && i < n; i++ {
		_, complete = e.deferred.get(i)
	}
	e.inconsistent = !complete
	if complete {
		for task, cfg := range e.deferred.all() {
			e.taskConfigs = e.taskConfigs.put(task, cfg)
		}
		if e.everDeferred {
			e.generation++
		}
		e.applied = e.config
	}
	e.deferred = tree[int, config.Raw]{}
	e.taskCount, e.pendingFence, e.commitsChange = n, true, f.s.offset
	f.store(name, e)
}

func (f *configFold) taskCount(name string) {
	if !f.object() {
		return
	}
	n, ok := f.integer("task-count")
	if !ok {
		f.problem("task-count is no integer")
		return
	}
	e := f.entry(name)
	e.countRecord, e.pendingFence = n, false
	f.store(name, e)
}

func (f *configFold) restart(name string) {
	if !f.object() {
		return
	}
	f.news.Restart = &RestartRequest{
		Connector: name, OnlyFailed: f.boolean("only-failed"), IncludeTasks: f.boolean("include-tasks"),
	}
}

func (f *configFold) key() {
	if !f.object() {
		return
	}
	encoded, ok := f.text("key")
	algorithm, okA := f.text("algorithm")
	created, okC := f.value.Lookup("creation-timestamp")
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(encoded, "="))
	if !ok || !okA || !okC || created.Kind() != schema.KindInt64 || err != nil {
		f.problem("it is no session key: key is base64, algorithm a text, creation-timestamp an integer")
		return
	}
	f.s.sessionKey = &SessionKey{config.NewSecret(string(raw)), algorithm, created.Int()}
}

func (f *configFold) level(logger string) {
	if !f.object() {
		return
	}
	level, ok := f.text("level")
	if !ok {
		f.problem("level is no text")
		return
	}
	f.news.Level = &LoggerLevel{logger, level}
}

func (f *configFold) text(member string) (string, bool) {
	v, _ := f.value.Lookup(member)
	if v.Kind() != schema.KindString {
		return "", false
	}
	return strings.Clone(v.Text()), true
}

// integer narrows as Java does.
func (f *configFold) integer(member string) (int, bool) {
	v, _ := f.value.Lookup(member)
	return int(int32(v.Int())), v.Kind() == schema.KindInt64
}

// boolean is false for what is none, Java's default of both flags.
func (f *configFold) boolean(member string) bool {
	v, _ := f.value.Lookup(member)
	return v.Boolean()
}
