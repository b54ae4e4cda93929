package jdbc

import (
	"time"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

const (
	incrementingField = "incrementing"
	timestampField    = "timestamp"
	nanosField        = "timestamp_nanos"
)

// place is how far a table has been read: a stored source offset.
type place struct {
	time   *time.Time // nil is none
	number *int64     // nil is none
}

// after is the time after which to read.
func (p place) after() time.Time {
	if p.time == nil {
		return time.UnixMilli(0).UTC()
	}
	return *p.time
}

// above is the number above which to read.
func (p place) above() int64 {
	if p.number == nil {
		return -1
	}
	return *p.number
}

// value returns the source offset, its entries in the order of Java's hash map.
func (p place) value(a *schema.Arena) schema.Value {
	n := 0
	if p.time != nil {
		n += 2
	}
	if p.number != nil {
		n++
	}
	entries := a.Entries(n)
	i := 0
	put := func(name string, v int64) {
		entries[i] = schema.Entry{Key: schema.StringValue(name), Value: schema.Int64Value(v)}
		i++
	}
	if p.time != nil {
		put(nanosField, int64(p.time.Nanosecond()))
	}
	if p.number != nil {
		put(incrementingField, *p.number)
	}
	if p.time != nil {
		put(timestampField, p.time.UnixMilli())
	}
	return schema.MapValue(entries)
}

// placeOf reads a stored offset. One without nanoseconds is of an old release.
func placeOf(v schema.Value) (place, error) {
	var p place
	number := func(name string) (*int64, error) {
		f, ok := v.Lookup(name)
		if !ok || f.IsNull() {
			return nil, nil //nolint:nilnil // No such entry.
		}
		if f.Kind() != schema.KindInt64 {
			return nil, connect.Errorf("the source offset %s must have an integer for %s", v, name)
		}
		n := f.Int()
		return &n, nil
	}
	var err error
	if p.number, err = number(incrementingField); err != nil {
		return p, err
	}
	millis, err := number(timestampField)
	if err != nil || millis == nil {
		return p, err
	}
	at := time.UnixMilli(*millis).UTC()
	nanos, err := number(nanosField)
	if err != nil {
		return p, err
	}
	if nanos != nil {
		// Milliseconds before 1970 end in the second below.
		at = time.Unix(at.Unix(), *nanos).UTC()
	}
	p.time = &at
	return p, nil
}

func text(name, value string) schema.Entry {
	return schema.Entry{Key: schema.StringValue(name), Value: schema.StringValue(value)}
}

// tablePartition is the source partition of a table since protocol 1.
func tablePartition(host connect.SourceHost, t dialect.TableID) *connect.SourcePartition {
	return host.Partition(text("protocol", "1"), text("table", t.String()))
}

// oldPartition is that of protocol 0, and of bulk mode.
func oldPartition(host connect.SourceHost, t dialect.TableID) *connect.SourcePartition {
	return host.Partition(text("table", t.Name))
}

func queryPartition(host connect.SourceHost) *connect.SourcePartition {
	return host.Partition(text("query", "query"))
}
