// Package values converts Connect values between their types, to text and back,
// by the rules of org.apache.kafka.connect.data.Values of Kafka 4.3.1.
//
// [Parse] finds the type of a text, [AppendText] writes the text of a value, and
// the To functions convert. Dates in text stand in the zone of the process
// (time.Local), as Java takes the zone of the JVM. Nothing here blocks, and all
// of it may be used from any goroutine.
package values

import (
	"encoding/base64"
	"time"

	"sluice/connect/schema"
)

const (
	dateLayout      = "2006-01-02"
	timeLayout      = "15:04:05.000Z"
	timestampLayout = dateLayout + "T" + timeLayout
)

// ToString returns what AppendText appends.
func ToString(v schema.Value) string { return string(AppendText(nil, v)) }

// AppendText appends the text of Values.convertToString: strings as they are,
// but quoted inside of lists, maps and structs; bytes in base64; null, for which
// Java gives no text at all, as "null".
func AppendText(dst []byte, v schema.Value) []byte { return appendText(dst, v, false) }

func appendText(dst []byte, v schema.Value, inside bool) []byte {
	switch v.Kind() {
	case schema.KindString:
		if inside {
			return appendQuoted(dst, v.Text())
		}
		return append(dst, v.Text()...)
	case schema.KindBytes:
		if !inside {
			return base64.StdEncoding.AppendEncode(dst, v.Bytes())
		}
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes()), '"')
	case schema.KindList:
		dst = append(dst, '[')
		for i, item := range v.List() {
			dst = appendText(comma(dst, i), item, true)
		}
		return append(dst, ']')
	case schema.KindMap:
		dst = append(dst, '{')
		for i, e := range v.Map() {
			dst = append(appendText(comma(dst, i), e.Key, true), ':')
			dst = appendText(dst, e.Value, true)
		}
		return append(dst, '}')
	case schema.KindStruct:
		st := v.Struct()
		dst = append(dst, '{')
		for i, f := range st.Schema.Fields {
			dst = append(appendQuoted(comma(dst, i), f.Name), ':')
			dst = appendText(dst, st.At(i), true)
		}
		return append(dst, '}')
	case schema.KindInstant:
		return appendInstant(dst, v.Int())
	}
	return v.AppendText(dst)
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return dst
}

func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		if s[i] == '"' || s[i] == '\\' {
			dst = append(dst, '\\')
		}
		dst = append(dst, s[i])
	}
	return append(dst, '"')
}

// appendInstant picks the form by the value and not by a schema, as Java does:
// what lies before the second day of the epoch is a time.
func appendInstant(dst []byte, millis int64) []byte {
	layout := timestampLayout
	switch {
	case millis < schema.MillisPerDay:
		layout = timeLayout
	case millis%schema.MillisPerDay == 0:
		layout = dateLayout
	}
	return time.UnixMilli(millis).In(zoneAt(millis)).AppendFormat(dst, layout)
}

// Infer returns the schema that goes with a value; nil where none does, such as
// for null, an instant, a decimal, or a list of items of different types. As in
// Java, the schemas of the items of lists and maps have a type and no more.
func Infer(v schema.Value) *schema.Schema {
	switch k := v.Kind(); k {
	case schema.KindStruct:
		return v.Struct().Schema
	case schema.KindList:
		var items detector
		for _, item := range v.List() {
			if !items.add(item) {
				return nil
			}
		}
		if items.known == 0 {
			return nil
		}
		return schema.ArrayOf(items.schema())
	case schema.KindMap:
		var keys, items detector
		for _, e := range v.Map() {
			if !keys.add(e.Key) || !items.add(e.Value) {
				return nil
			}
		}
		if keys.known == 0 || items.known == 0 {
			return nil
		}
		return schema.MapOf(keys.schema(), items.schema())
	default:
		if t := inferred[k]; t != 0 {
			return schema.Of(t)
		}
		return nil
	}
}

// inferred is indexed by Kind.
var inferred = [...]schema.Type{
	schema.KindBoolean: schema.Boolean, schema.KindInt8: schema.Int8, schema.KindInt16: schema.Int16,
	schema.KindInt32: schema.Int32, schema.KindInt64: schema.Int64, schema.KindFloat32: schema.Float32,
	schema.KindFloat64: schema.Float64, schema.KindString: schema.String, schema.KindBytes: schema.Bytes,
	schema.KindInstant: 0,
}

// detector finds the one type of a number of values.
type detector struct {
	known    schema.Type
	optional bool
}

func (d *detector) add(v schema.Value) bool {
	if v.IsNull() {
		d.optional = true
		return true
	}
	s := Infer(v)
	if s == nil {
		return false
	}
	if d.known == 0 {
		d.known = s.Type
	}
	return d.known == s.Type
}

func (d *detector) schema() *schema.Schema {
	return &schema.Schema{Type: d.known, Optional: d.optional}
}
