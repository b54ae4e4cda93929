package sink

import (
	"encoding/binary"
	"math"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"sluice/connect/schema"
)

// form is how PostgreSQL sends and takes the values of a type, in place of their
// texts.
type form struct {
	kind    string // the type of PostgreSQL
	oid     uint32 // its number
	logical string // the name of the schema that fits, "" for any that is not one of Connect's own
	types   []schema.Type
	append  func(v values, dst []byte, d schema.Value) ([]byte, bool)
}

// forms are those of values that mean the same in both ways. A float32 does not
// in a column of doubles, nor do decimals, whose texts are short.
func forms() []form {
	integers := []schema.Type{schema.Int8, schema.Int16, schema.Int32, schema.Int64}
	return []form{
		{"int2", pgtype.Int2OID, "", integers, appendInt16},
		{"int4", pgtype.Int4OID, "", integers, appendInt32},
		{"int8", pgtype.Int8OID, "", integers, appendInt64},
		{"float4", pgtype.Float4OID, "", []schema.Type{schema.Float32}, appendFloat32},
		{"float8", pgtype.Float8OID, "", []schema.Type{schema.Float64}, appendFloat64},
		{"bool", pgtype.BoolOID, "", []schema.Type{schema.Boolean}, appendBoolean},
		{"text", pgtype.TextOID, "", []schema.Type{schema.String}, appendString},
		{"varchar", pgtype.VarcharOID, "", []schema.Type{schema.String}, appendString},
		{"bytea", pgtype.ByteaOID, "", []schema.Type{schema.Bytes}, appendRaw},
		{"date", pgtype.DateOID, schema.DateName, []schema.Type{schema.Int32}, appendDays},
		{"timestamp", pgtype.TimestampOID, schema.TimestampName, []schema.Type{schema.Int64}, appendLocal},
		{"timestamptz", pgtype.TimestamptzOID, schema.TimestampName, []schema.Type{schema.Int64}, appendMoment},
	}
}

// formOf finds the form of a field in a column of the type; nil for texts.
func formOf(f field, kind string) *form {
	logical := f.schema.Name
	if !slices.Contains([]string{schema.DecimalName, schema.DateName, schema.TimeName, schema.TimestampName}, logical) {
		logical = ""
	}
	all := forms()
	i := slices.IndexFunc(all, func(x form) bool {
		return x.kind == kind && x.logical == logical && slices.Contains(x.types, f.schema.Type)
	})
	if i < 0 || f.timestamp {
		return nil
	}
	return &all[i]
}

const arrayHeader = 20

// begin reserves the head of an array.
func (*form) begin(dst []byte) []byte { return append(dst, make([]byte, arrayHeader)...) }

// end writes the head of an array of n items.
func (x *form) end(dst []byte, n int) []byte {
	const dimensions, mayHaveNulls, firstIndex = 1, 1, 1
	binary.BigEndian.PutUint32(dst, dimensions)
	binary.BigEndian.PutUint32(dst[4:], mayHaveNulls)
	binary.BigEndian.PutUint32(dst[8:], x.oid)
	binary.BigEndian.PutUint32(dst[12:], uint32(n))
	binary.BigEndian.PutUint32(dst[16:], firstIndex)
	return dst
}

// item appends an item of an array; false where the value has no such form.
func (x *form) item(v values, dst []byte, d schema.Value) ([]byte, bool) {
	if d.IsNull() {
		return binary.BigEndian.AppendUint32(dst, math.MaxUint32), true
	}
	at := len(dst)
	dst, fits := x.append(v, append(dst, 0, 0, 0, 0), d)
	binary.BigEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return dst, fits
}

// integer is the number of a value, and whether it is one within the bounds.
func integer(d schema.Value, least, most int64) (int64, bool) {
	switch d.Kind() {
	case schema.KindInt8, schema.KindInt16, schema.KindInt32, schema.KindInt64:
		return d.Int(), d.Int() >= least && d.Int() <= most
	}
	return 0, false
}

func appendInt16(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	n, fits := integer(d, math.MinInt16, math.MaxInt16)
	return binary.BigEndian.AppendUint16(dst, uint16(n)), fits
}

func appendInt32(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	n, fits := integer(d, math.MinInt32, math.MaxInt32)
	return binary.BigEndian.AppendUint32(dst, uint32(n)), fits
}

func appendInt64(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	n, fits := integer(d, math.MinInt64, math.MaxInt64)
	return binary.BigEndian.AppendUint64(dst, uint64(n)), fits
}

func appendFloat32(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(float32(d.Float()))), d.Kind() == schema.KindFloat32
}

func appendFloat64(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(d.Float())), d.Kind() == schema.KindFloat64
}

func appendBoolean(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	if d.Boolean() {
		return append(dst, 1), true
	}
	return append(dst, 0), d.Kind() == schema.KindBoolean
}

func appendString(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	return append(dst, d.Text()...), d.Kind() == schema.KindString
}

func appendRaw(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	return append(dst, d.Bytes()...), d.Kind() == schema.KindBytes
}

// Times are counted from 1 January 2000. Those of the Julian calendar and those
// whose year has not four digits are left to the server to read.
const (
	epochSeconds = 946_684_800     // from 1970 to 2000
	leastSeconds = -12_212_553_600 // 1 January 1583
	mostSeconds  = 253_402_300_800 // 1 January 10000
)

// local is the seconds on the clock of the zone, counted from 1970 as if it were
// UTC's, with the milliseconds.
func local(d schema.Value, zone *time.Location) (seconds, millis int64, fits bool) {
	at := time.UnixMilli(d.Int())
	seconds = at.Unix()
	if zone != time.UTC {
		_, offset := at.In(zone).Zone()
		seconds += int64(offset)
	}
	return seconds, int64(at.Nanosecond()) / int64(time.Millisecond), d.Kind() == schema.KindInstant && seconds >= leastSeconds && seconds < mostSeconds
}

func appendMicros(dst []byte, seconds, millis int64) []byte {
	return binary.BigEndian.AppendUint64(dst, uint64((seconds-epochSeconds)*1_000_000+millis*1000))
}

// appendLocal writes a timestamp without a zone.
func appendLocal(v values, dst []byte, d schema.Value) ([]byte, bool) {
	seconds, millis, fits := local(d, v.zone)
	return appendMicros(dst, seconds, millis), fits
}

// appendMoment writes a timestamp with a zone.
func appendMoment(_ values, dst []byte, d schema.Value) ([]byte, bool) {
	seconds, millis, fits := local(d, time.UTC)
	return appendMicros(dst, seconds, millis), fits
}

func appendDays(v values, dst []byte, d schema.Value) ([]byte, bool) {
	const day = 24 * 60 * 60
	seconds, _, fits := local(d, v.dateZone)
	days := (seconds-leastSeconds)/day + (leastSeconds-epochSeconds)/day // The first is not negative where it fits.
	return binary.BigEndian.AppendUint32(dst, uint32(days)), fits
}
