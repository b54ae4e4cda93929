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
