package storage

import (
	"time"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage/compat"
)

// Policy says when the files of a topic partition are committed.
type Policy struct {
	// FlushSize is the number of records after which files are committed, over all
	// encoded partitions of the topic partition.
	FlushSize int
	// Interval is the span of record time between two commits, of clock time where
	// the extractor is that of the clock; 0 or less is no limit.
	Interval time.Duration
	// Schedule is the time between commits by the clock, counted from midnight in
	// Zone; 0 or less is none.
	Schedule time.Duration
	Zone     *time.Location
	// Compatibility says which change of schema begins new files.
	Compatibility compat.Mode
	// Extractor gives the time of records for Interval.
	Extractor Extractor
}

// Rotation decides for one topic partition when its open files are committed, as
// the original does: it has no clock and does no I/O. now is always the clock in
// milliseconds since the epoch.
//
// For each record: while Next returns true, commit the open files and call
// Rotated. Then project to Schema, write, and call Wrote. After the last record
// of a batch, and when there are none: where Due returns true, commit and call
// Rotated.
type Rotation struct {
	policy  Policy
	written int
	current *schema.Schema
	// fits is the last schema of a record that the current one was found to do for.
	fits [2]*schema.Schema
	// last is the time from which Interval counts; connect.NoTimestamp until a
	// record says.
	last int64
	next int64 // when Schedule is due
	// seen is the time of the last record of the batch that was asked about.
	seen int64
}

// NewRotation returns the state before the first record.
func NewRotation(p Policy, now int64) *Rotation {
	r := &Rotation{policy: p}
	r.Reset(now)
	return r
}

// Reset forgets what was written and the schema: the open files were thrown away.
func (r *Rotation) Reset(now int64) {
	r.current = nil
	r.restart(connect.NoTimestamp, now)
}

// WantsSchema reports whether the schema of the newest committed file counts: the
// first record is compared with it under every compatibility but NONE. Call
// SetSchema with it before Next, where there is such a file.
func (r *Rotation) WantsSchema() bool {
	return r.current == nil && r.written == 0 && r.policy.Compatibility != compat.None
}

// SetSchema makes s the schema that records are compared with.
func (r *Rotation) SetSchema(s *schema.Schema) { r.current = s }

// Schema returns the schema that the next record is written with; nil is data
// without a schema.
func (r *Rotation) Schema() *schema.Schema { return r.current }

// Written returns the number of records in open files.
func (r *Rotation) Written() int { return r.written }

// Next reports whether the open files must be committed before the record is
// written. It is never true when there are none. An error means that the record
// can never be written: its schema may not follow the current one, or its time
// cannot be found.
func (r *Rotation) Next(rec *connect.Record, now int64) (bool, error) {
	s := rec.Value.Schema
	if r.written == 0 && r.current == nil {
		r.current = s
	}
	changed, err := r.changed(s)
	if err != nil {
		return false, err
	}
	if r.policy.Interval > 0 {
		if r.seen, err = r.policy.Extractor.Timestamp(rec, now); err != nil {
			return false, err
		}
	}
	due := r.due(r.seen, now)
	switch {
	case r.written > 0:
		return due || changed, nil
	case due:
		// There is nothing to commit, but the spans begin anew with this record.
		r.restart(r.seen, now)
	}
	return false, nil
}

// changed reports whether a record of the schema begins new files, and makes it
// the current one then.
func (r *Rotation) changed(s *schema.Schema) (bool, error) {
	pair := [2]*schema.Schema{s, r.current}
	if pair == r.fits {
		return false, nil
	}
	changed, err := r.policy.Compatibility.Changed(s, r.current)
	switch {
	case err != nil:
		return false, err
	case changed:
		r.current = s
	default:
		r.fits = pair
	}
	return changed, nil
}

// Wrote counts a record that was written.
func (r *Rotation) Wrote() { r.written++ }

// Due reports whether the open files are to be committed now although no record
// asks for it. It is never true when there are none.
func (r *Rotation) Due(now int64) bool {
	t := r.seen
	if r.policy.Extractor.Wallclock() {
		t = now
	}
	due := r.written > 0 && r.due(t, now)
	if !due {
		// The next batch counts from its own records.
		r.seen = connect.NoTimestamp
	}
	return due
}

// Rotated says that all open files were committed, or dropped as empty.
func (r *Rotation) Rotated(now int64) { r.restart(r.seen, now) }

func (r *Rotation) restart(last, now int64) {
	r.written, r.seen = 0, connect.NoTimestamp
	r.last = last
	if r.policy.Extractor.Wallclock() {
		r.last = now
	}
	if r.policy.Schedule > 0 {
		r.next = nextScheduled(now, r.policy.Schedule, r.policy.Zone)
	}
}

func (r *Rotation) due(t, now int64) bool {
	if t != connect.NoTimestamp && r.last == connect.NoTimestamp {
		r.last = t
	}
	return r.written > 0 && r.written >= r.policy.FlushSize ||
		r.policy.Interval > 0 && t != connect.NoTimestamp && t-r.last >= r.policy.Interval.Milliseconds() ||
		r.policy.Schedule > 0 && now >= r.next
}

// nextScheduled returns the next multiple of the period after midnight in the
// zone, or the next midnight where that comes first.
func nextScheduled(now int64, period time.Duration, zone *time.Location) int64 {
	year, month, day := time.UnixMilli(now).In(zone).Date()
	start := time.Date(year, month, day, 0, 0, 0, 0, zone).UnixMilli()
	end := time.Date(year, month, day+1, 0, 0, 0, 0, zone).UnixMilli()
	every := period.Milliseconds()
	return min(start+((now-start)/every+1)*every, end)
}
