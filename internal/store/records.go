package store

import (
	"encoding/base64"
	"maps"
	"slices"
	"strconv"

	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/json"
)

// The functions below make the records of the internal topics, byte for byte as a
// Java worker writes them but for the order of properties: Java writes that of its
// hash maps, which depends on how each was filled, and nobody reads it. Here they
// are sorted.

// ConnectorRecord stores a connector's configuration; nil is the tombstone.
func ConnectorRecord(name string, cfg config.Raw) Record {
	if cfg == nil {
		return Record{Key: []byte(connectorPrefix + name)}
	}
	return Record{Key: []byte(connectorPrefix + name), Value: properties(cfg)}
}

// TaskRecord stores the configuration of a task, for the next CommitRecord.
func TaskRecord(id TaskID, cfg config.Raw) Record {
	return Record{Key: []byte(taskPrefix + id.String()), Value: properties(cfg)}
}

// CommitRecord applies the task configurations before it.
func CommitRecord(name string, tasks int) Record {
	return Record{Key: []byte(commitPrefix + name), Value: number("tasks", tasks)}
}

// TargetStateRecord stores a target state; "" is the tombstone. Workers before
// Kafka 3.5 do not know STOPPED and read PAUSED.
func TargetStateRecord(name string, target TargetState) Record {
	r := Record{Key: []byte(targetStatePrefix + name)}
	if target == "" {
		return r
	}
	old := target
	if target == TargetStopped {
		old = TargetPaused
	}
	r.Value = appendText(appendText([]byte(`{"state":`), string(old)), string(target), `,"state.v2":`)
	r.Value = append(r.Value, '}')
	return r
}

// TaskCountRecord says how many transactional ids were fenced for a connector.
func TaskCountRecord(name string, n int) Record {
	return Record{Key: []byte(taskCountPrefix + name), Value: number("task-count", n)}
}

// SessionKeyRecord replaces the session key.
func SessionKeyRecord(key SessionKey) Record {
	b := appendText([]byte(`{"key":`), base64.StdEncoding.EncodeToString([]byte(key.Key.Reveal())))
	b = appendText(b, key.Algorithm, `,"algorithm":`)
	b = strconv.AppendInt(append(b, `,"creation-timestamp":`...), key.Created, 10)
	return Record{Key: []byte(sessionKeyKey), Value: append(b, '}')}
}

// RestartRecord sends a restart request to all workers.
func RestartRecord(r RestartRequest) Record {
	b := strconv.AppendBool([]byte(`{"include-tasks":`), r.IncludeTasks)
	b = strconv.AppendBool(append(b, `,"only-failed":`...), r.OnlyFailed)
	return Record{Key: []byte(restartPrefix + r.Connector), Value: append(b, '}')}
}

// LoggerLevelRecord sets the level of a logger on all workers.
func LoggerLevelRecord(l LoggerLevel) Record {
	return Record{Key: []byte(loggerPrefix + l.Logger), Value: append(appendText([]byte(`{"level":`), l.Level), '}')}
}

// ConnectorStatusRecord stores the status of a connector; nil is the tombstone.
func ConnectorStatusRecord(name string, s *Status) Record {
	return Record{Key: []byte(connectorStatusPrefix + name), Value: statusValue(s)}
}

// TaskStatusRecord stores the status of a task; nil is the tombstone.
func TaskStatusRecord(id TaskID, s *Status) Record {
	return Record{Key: []byte(taskStatusPrefix + id.String()), Value: statusValue(s)}
}

func statusValue(s *Status) []byte {
	if s == nil {
		return nil
	}
	b := appendText([]byte(`{"state":`), string(s.State))
	b = appendOptional(append(b, `,"trace":`...), s.Trace)
	b = appendText(b, s.WorkerID, `,"worker_id":`)
	b = strconv.AppendInt(append(b, `,"generation":`...), int64(s.Generation), 10)
	b = appendOptional(append(b, `,"version":`...), s.Version)
	return append(b, '}')
}

// TopicRecord says that a connector uses a topic.
func TopicRecord(t TopicStatus) Record {
	b := appendText([]byte(`{"topic":{"name":`), t.Topic)
	b = appendText(b, t.Connector, `,"connector":`)
	b = strconv.AppendInt(append(b, `,"task":`...), int64(t.Task), 10)
	b = strconv.AppendInt(append(b, `,"discoverTimestamp":`...), t.Discovered, 10)
	return Record{Key: topicKey(t.Connector, t.Topic), Value: append(b, `}}`...)}
}

// TopicTombstone forgets a topic of a connector.
func TopicTombstone(connector, topic string) Record { return Record{Key: topicKey(connector, topic)} }

func topicKey(connector, topic string) []byte {
	return []byte(topicStatusPrefix + topic + topicSeparator + connector)
}

// properties writes {"properties":{…}}.
func properties(cfg config.Raw) []byte {
	b := []byte(`{"properties":{`)
	for i, name := range slices.Sorted(maps.Keys(cfg)) {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, name), ':')
		if v := cfg[name]; v != nil {
			b = appendText(b, *v)
		} else {
			b = append(b, "null"...)
		}
	}
	return append(b, `}}`...)
}

func number(member string, n int) []byte {
	b := append(appendText([]byte{'{'}, member), ':')
	return append(strconv.AppendInt(b, int64(n), 10), '}')
}

// appendText appends the prefixes and the text in quotes, escaped as Jackson does.
func appendText(dst []byte, text string, prefixes ...string) []byte {
	for _, p := range prefixes {
		dst = append(dst, p...)
	}
	dst, _ = json.AppendSchemaless(dst, schema.StringValue(text)) // A text has a form always.
	return dst
}

// appendOptional appends null for "".
func appendOptional(dst []byte, text string) []byte {
	if text == "" {
		return append(dst, "null"...)
	}
	return appendText(dst, text)
}
