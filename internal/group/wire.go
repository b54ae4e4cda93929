package group

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"sluice/internal/group/assign"
	"sluice/internal/store"
)

// The versions of the metadata and assignments that members exchange. Version 2
// has the layout of 1 and says that internal requests are signed (KIP-507).
const (
	v0 = 0 // eager
	v1 = 1 // incremental cooperative (KIP-415)
	v2 = 2
)

// configMismatch is the error of an assignment whose leader had not read as far
// as another member.
const configMismatch = 1

// connectorUnit stands for the connector itself in a list of task numbers.
const connectorUnit = -1

// units are the units of one connector, as they stand on the wire.
type units struct {
	connector string
	tasks     []int32 // connectorUnit is the connector itself
}

// metadata is what a member says of itself when it joins.
type metadata struct {
	version      int16
	url          string
	configOffset int64
	holds        *assignment // nil before the first assignment, and in version 0
	plugins      []string    // the classes that it has, sorted; nil where it does not say
}

// assignment is what the leader tells a member.
type assignment struct {
	version      int16
	err          int16
	leader       string // member id
	leaderURL    string
	configOffset int64
	assigned     []units // nil is null
	revoked      []units // nil is null
	delay        int32   // ms
}

// bytes returns the bytes of the metadata.
func (m metadata) bytes() []byte { return appendPlugins(m.javaBytes(), m.plugins) }

// javaBytes are those that Java workers read and write.
func (m metadata) javaBytes() []byte {
	var b []byte
	b = binary.BigEndian.AppendUint16(b, uint16(m.version))
	b = appendString(b, m.url)
	b = binary.BigEndian.AppendUint64(b, uint64(m.configOffset))
	if m.version == v0 {
		return b
	}
	if m.holds == nil {
		return binary.BigEndian.AppendUint32(b, math.MaxUint32)
	}
	at := len(b)
	b = m.holds.appendTo(append(b, 0, 0, 0, 0))
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	return b
}

// appendTo appends the bytes of the assignment to b.
func (a assignment) appendTo(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(a.version))
	b = binary.BigEndian.AppendUint16(b, uint16(a.err))
	b = appendString(b, a.leader)
	b = appendString(b, a.leaderURL)
	b = binary.BigEndian.AppendUint64(b, uint64(a.configOffset))
	b = appendUnits(b, a.assigned)
	if a.version == v0 {
		return b
	}
	b = appendUnits(b, a.revoked)
	return binary.BigEndian.AppendUint32(b, uint32(a.delay))
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

func appendUnits(b []byte, list []units) []byte {
	if list == nil {
		return binary.BigEndian.AppendUint32(b, math.MaxUint32)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(list)))
	for _, u := range list {
		b = appendString(b, u.connector)
		b = binary.BigEndian.AppendUint32(b, uint32(len(u.tasks)))
		for _, t := range u.tasks {
			b = binary.BigEndian.AppendUint32(b, uint32(t))
		}
	}
	return b
}

// readMetadata reads what another member said of itself. Behind the fields of Java
// a member may say which plugins it has; what else follows is ignored, as Java
// does. A version above 2 is read as 2.
func readMetadata(b []byte) (metadata, error) {
	r := reader{rest: b}
	m := metadata{version: r.int16(), url: r.string(), configOffset: r.int64()}
	if m.version > v0 && len(r.rest) > 0 {
		if held := r.bytes(); held != nil {
			a, err := readAssignment(held)
			if err != nil {
				return m, fmt.Errorf("allocation: %w", err)
			}
			m.holds = &a
		}
	}
	if r.err == nil {
		m.plugins = readPlugins(r.rest)
	}
	return m, r.outcome(m.version)
}

// readAssignment reads what the leader assigned. Fields at the end may be
// missing in version 1 and later.
func readAssignment(b []byte) (assignment, error) {
	r := reader{rest: b}
	a := assignment{version: r.int16(), err: r.int16(), leader: r.string(), leaderURL: r.string(), configOffset: r.int64()}
	if a.version <= v0 || len(r.rest) > 0 {
		a.assigned = r.units()
	}
	if a.version > v0 && len(r.rest) > 0 {
		a.revoked = r.units()
	}
	if a.version > v0 && len(r.rest) > 0 {
		a.delay = r.int32()
	}
	return a, r.outcome(a.version)
}

// work returns the units as work: connectors and tasks in the order of the wire.
func work(list []units) assign.Work {
	var w assign.Work
	for _, u := range list {
		for _, t := range u.tasks {
			if t == connectorUnit {
				w.Connectors = append(w.Connectors, u.connector)
			} else {
				w.Tasks = append(w.Tasks, store.TaskID{Connector: u.connector, Task: int(t)})
			}
		}
	}
	return w
}

// wireUnits is the other way: connectors first, tasks in their order. It is
// never null.
func wireUnits(w assign.Work) []units {
	list := make([]units, 0, len(w.Connectors))
	at := make(map[string]int, len(w.Connectors))
	add := func(connector string, task int32) {
		i, ok := at[connector]
		if !ok {
			i = len(list)
			at[connector] = i
			list = append(list, units{connector: connector})
		}
		list[i].tasks = append(list[i].tasks, task)
	}
	for _, c := range w.Connectors {
		add(c, connectorUnit)
	}
	for _, t := range w.Tasks {
		add(t.Connector, int32(t.Task))
	}
	return list
}

var errShort = errors.New("the bytes end early")

// reader reads big-endian fields; the first error stays.
type reader struct {
	rest []byte
	err  error
}

// outcome is the error of the whole.
func (r *reader) outcome(version int16) error {
	if r.err == nil && version < v0 {
		return fmt.Errorf("version %d is not one of the protocol", version)
	}
	return r.err
}

// take returns the next n bytes; zeros where they are missing.
func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.rest) {
		if r.err == nil {
			r.err = errShort
		}
		r.rest = nil
		return make([]byte, min(max(n, 0), 8))
	}
	out := r.rest[:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) int16() int16 { return int16(binary.BigEndian.Uint16(r.take(2))) }
func (r *reader) int32() int32 { return int32(binary.BigEndian.Uint32(r.take(4))) }
func (r *reader) int64() int64 { return int64(binary.BigEndian.Uint64(r.take(8))) }

func (r *reader) string() string {
	if n := int(r.int16()); r.err == nil {
		return string(r.take(n))
	}
	return ""
}

// bytes reads a nullable array of bytes.
func (r *reader) bytes() []byte {
	n := int(r.int32())
	if n == -1 {
		return nil
	}
	return r.take(n)
}

// units reads a nullable array of units.
func (r *reader) units() []units {
	n := int(r.int32())
	if n == -1 {
		return nil
	}
	list := []units{}
	for i := 0; i < n && r.err == nil; i++ {
		u := units{connector: r.string()}
		for k := int(r.int32()); k > 0 && r.err == nil; k-- {
			u.tasks = append(u.tasks, r.int32())
		}
		list = append(list, u)
	}
	return list
}
