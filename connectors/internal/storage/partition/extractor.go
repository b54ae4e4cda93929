package partition

import (
	"strconv"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/connectors/internal/storage"
	"sluice/connectors/internal/storage/jodatime"
)

const extractorClass = modern + timePartitioner + "$"

// newExtractor returns the extractor of the name, or of its full class, with the
// class.
func newExtractor(name, field string) (storage.Extractor, string, error) {
	short := strings.TrimSuffix(strings.TrimPrefix(name, extractorClass), "TimestampExtractor")
	class := extractorClass + short + "TimestampExtractor"
	if name != short && name != class {
		short = ""
	}
	switch short {
	case "Wallclock":
		return wallclock{}, class, nil
	case "Record":
		return recordTime{}, class, nil
	case "RecordField":
		if blank(field) {
			return nil, "", config.InvalidValue("timestamp.field", field, "The field to extract cannot be null or empty.")
		}
		return &fieldTime{name: field, path: strings.Split(field, "."), zone: time.Local}, class, nil
	}
	return nil, "", config.Errorf("Invalid timestamp extractor: %s", name)
}

// wallclock takes the clock.
type wallclock struct{}

func (wallclock) Wallclock() bool { return true }

func (wallclock) Timestamp(_ *connect.Record, now int64) (int64, error) { return now, nil }

// recordTime takes the timestamp of the Kafka record.
type recordTime struct{}

func (recordTime) Wallclock() bool { return false }

func (recordTime) Timestamp(r *connect.Record, _ int64) (int64, error) { return r.Timestamp, nil }

// fieldTime takes a field of the value.
type fieldTime struct {
	name string
	path []string
	zone *time.Location // of texts without an offset
}

func (*fieldTime) Wallclock() bool { return false }

func (e *fieldTime) Timestamp(r *connect.Record, _ int64) (int64, error) {
	v := r.Value.Value
	if k := v.Kind(); k != schema.KindStruct && k != schema.KindMap {
		return 0, refused(r, "Error encoding partition.", "the value is no struct and no map")
	}
	found, ok := member(v, e.path)
	if !ok {
		return 0, connect.DataErrorf("The field '%s' does not exist.", e.name)
	}
	isStruct := v.Kind() == schema.KindStruct
	switch found.Kind() {
	case schema.KindInt32, schema.KindInt64:
		return found.Int(), nil
	case schema.KindInt8, schema.KindInt16:
		if !isStruct {
			return found.Int(), nil
		}
	case schema.KindFloat32, schema.KindFloat64:
		if !isStruct {
			return int64(found.Float()), nil
		}
	case schema.KindInstant:
		if s := schemaAt(r.Value.Schema, e.path); s == nil || s.Name == schema.TimestampName {
			return found.Int(), nil
		}
	case schema.KindString:
		return e.text(r, found.Text())
	}
	return 0, refused(r, "Error extracting timestamp from record field: "+e.name, "it is a "+found.Kind().String())
}

// text reads milliseconds, or a time of ISO 8601.
func (e *fieldTime) text(r *connect.Record, text string) (int64, error) {
	if len(strings.TrimPrefix(text, "-")) <= 19 {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && text[0] != '+' {
			return n, nil
		}
	}
	ms, err := jodatime.Parse(text, e.zone)
	if err != nil {
		return 0, connect.ClassErrorf("java.lang.IllegalArgumentException", "%v (field %s; topic %s, partition %d, offset %d)",
			err, e.name, r.Origin.Topic, r.Origin.Partition, r.Origin.Offset)
	}
	return ms, nil
}
