package rest

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// Connectors and statuses are written without reflection: monitors ask for all
// of them every few seconds.

// infoBody is the body that shows a connector.
func infoBody(i herder.ConnectorInfo) json.RawMessage { return appendInfo(nil, i) }

// statusBody is the body that shows the status of a connector.
func (s *api) statusBody(c herder.ConnectorStatus) json.RawMessage { return s.appendStatus(nil, c) }

// taskBody is the body that shows the status of a task.
func (s *api) taskBody(connector string, t herder.TaskStatus) json.RawMessage {
	return s.appendTask(nil, connector, t)
}

func appendInfo(dst []byte, i herder.ConnectorInfo) []byte {
	dst = appendText(append(dst, `{"name":`...), i.Name)
	dst = appendConfig(append(dst, `,"config":`...), i.Config)
	dst = append(dst, `,"tasks":[`...)
	for n, id := range i.Tasks {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = appendText(append(dst, `{"connector":`...), id.Connector)
		dst = strconv.AppendInt(append(dst, `,"task":`...), int64(id.Task), 10)
		dst = append(dst, '}')
	}
	dst = appendText(append(dst, `],"type":`...), i.Type)
	return append(dst, '}')
}

func appendConfig(dst []byte, cfg config.Raw) []byte {
	if cfg == nil {
		return append(dst, "null"...)
	}
	dst = append(dst, '{')
	for _, key := range slices.Sorted(maps.Keys(cfg)) {
		dst = appendMember(dst, key)
		if value := cfg[key]; value != nil {
			dst = appendText(dst, *value)
		} else {
			dst = append(dst, "null"...)
		}
	}
	return append(dst, '}')
}

func (s *api) appendStatus(dst []byte, c herder.ConnectorStatus) []byte {
	dst = appendText(append(dst, `{"name":`...), c.Name)
	dst = append(appendInstance(append(dst, `,"connector":{`...), c.Connector), '}')
	dst = append(dst, `,"tasks":[`...)
	for i, t := range c.Tasks {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = s.appendTask(dst, c.Name, t)
	}
	dst = appendText(append(dst, `],"type":`...), c.Type)
	return append(dst, '}')
}

func (s *api) appendTask(dst []byte, connector string, t herder.TaskStatus) []byte {
	dst = strconv.AppendInt(append(dst, `{"id":`...), int64(t.ID), 10)
	dst = appendInstance(append(dst, ','), t.Status)
	if s.Stalled != nil {
		// stalled_since is Sluice's own: Java has no such field.
		if since, stalled := s.Stalled(connector, t.ID); stalled {
			dst = since.UTC().Truncate(time.Millisecond).AppendFormat(append(dst, `,"stalled_since":"`...), time.RFC3339Nano)
			dst = append(dst, '"')
		}
	}
	return append(dst, '}')
}

func appendInstance(dst []byte, s store.Status) []byte {
	dst = appendText(append(dst, `"state":`...), string(s.State))
	dst = appendText(append(dst, `,"worker_id":`...), s.WorkerID)
	if s.Version != "" {
		dst = appendText(append(dst, `,"version":`...), s.Version)
	}
	if s.Trace != "" {
		dst = appendText(append(dst, `,"trace":`...), s.Trace)
	}
	return dst
}

// appendMember appends the name of a member of an object, with a comma before
// it where another one stands there.
func appendMember(dst []byte, name string) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	return append(appendText(dst, name), ':')
}

// appendText appends a text as encode writes it.
func appendText(dst []byte, text string) []byte {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			b, err := encode(text)
			if err != nil {
				b = []byte(`""`) // no text fails
			}
			return append(dst, b...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, text...)
	return append(dst, '"')
}
