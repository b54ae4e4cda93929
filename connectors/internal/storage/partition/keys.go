package partition

import (
	"strings"

	"sluice/connect/config"
	"sluice/connectors/internal/storage/jodatime"
)

const (
	classKey     = "partitioner.class"
	fieldKey     = "partition.field.name"
	durationKey  = "partition.duration.ms"
	formatKey    = "path.format"
	localeKey    = "locale"
	timezoneKey  = "timezone"
	extractorKey = "timestamp.extractor"
)

// Keys returns the keys of the group Partitioner.
func Keys() config.Def {
	keys := config.Def{
		{
			Name: classKey, Type: config.Class, Default: Default, Importance: config.High, Width: config.WidthLong, DisplayName: "Partitioner Class",
			Doc:         "What the directory of a record goes by: `DefaultPartitioner` takes its Kafka partition, `FieldPartitioner` the fields of `partition.field.name`, `TimeBasedPartitioner` its time, `DailyPartitioner` and `HourlyPartitioner` the day and the hour of it.",
			Dependents:  []string{fieldKey, durationKey, formatKey, localeKey, timezoneKey},
			Recommender: config.Choices(Classes()),
		},
		{
			Name: fieldKey, Type: config.List, Default: []string{}, Validator: config.CheckFunc(checkFields), Importance: config.Medium, DisplayName: "Partition Field Name",
			Doc: "The fields that FieldPartitioner takes, in order; a dot leads into a struct.",
		},
		{
			Name: durationKey, Type: config.Long, Default: int64(-1), Importance: config.Medium, Width: config.WidthLong, DisplayName: "Partition Duration (ms)",
			Doc: "The span in milliseconds of local time that TimeBasedPartitioner puts into one directory.",
		},
		{
			Name: formatKey, Type: config.String, Default: "", Importance: config.Medium, Width: config.WidthLong, DisplayName: "Path Format",
			Doc: "How TimeBasedPartitioner writes the start of a span as directories: a pattern of Joda-Time, such as `'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH` for `year=2026/month=11/day=25/hour=15`.",
		},
		{
			Name: localeKey, Type: config.String, Default: "", Importance: config.Medium, Width: config.WidthLong, DisplayName: "Locale",
			Doc: "The language of names in `path.format`, such as en; needed by the partitioners that go by time.",
		},
		{
			Name: timezoneKey, Type: config.String, Default: "", Validator: config.CheckFunc(checkZone), Importance: config.Medium, Width: config.WidthLong, DisplayName: "Timezone",
			Doc: "The time zone of local time, such as Europe/Berlin, UTC or +02:00; needed by the partitioners that go by time and by `rotate.schedule.interval.ms`.",
		},
		{
			Name: extractorKey, Type: config.String, Default: "Wallclock", Importance: config.Medium, Width: config.WidthLong, DisplayName: "Timestamp Extractor",
			Doc: "What the time of a record is: `Wallclock` the clock when it is written, `Record` its Kafka timestamp, `RecordField` its field `timestamp.field`.",
		},
		{
			Name: "timestamp.field", Type: config.String, Default: "timestamp", Importance: config.Medium, Width: config.WidthLong, DisplayName: "Record Field for Timestamp Extractor",
			Doc: "The field that RecordField takes: milliseconds since the epoch, a Timestamp, or a text of ISO 8601; a dot leads into a struct.",
		},
	}
	for i := range keys {
		keys[i].Group, keys[i].Order = "Partitioner", i+1
		if i > 0 && keys[i].Name != extractorKey && i < 6 {
			keys[i].Recommender = used{}
		}
	}
	return keys
}

// used shows a key where the partitioner takes it.
type used struct{}

func (used) Values(string, map[string]any) []any { return nil }

func (used) Visible(name string, parsed map[string]any) bool {
	class, _ := parsed[classKey].(string)
	switch kind(class) {
	case defaultPartitioner:
		return false
	case fieldPartitioner:
		return name == fieldKey
	case dailyPartitioner, hourlyPartitioner:
		return name == localeKey || name == timezoneKey
	case timePartitioner:
		return name != fieldKey
	}
	return true
}

func checkFields(name string, value any) error {
	fields, _ := value.([]string)
	for _, f := range fields {
		if config.Trim(f) == "" {
			return config.InvalidValue(name, f, "Field name cannot be null or empty")
		}
		for segment := range strings.SplitSeq(f, ".") {
			if config.Trim(segment) == "" {
				return config.InvalidValue(name, f, "Field name cannot contain an empty or whitespace-only path segment")
			}
		}
	}
	return nil
}

func checkZone(name string, value any) error {
	zone, _ := value.(string)
	if zone == "" {
		return nil
	}
	if _, err := jodatime.Zone(zone); err != nil {
		return config.InvalidValue(name, zone, err.Error())
	}
	return nil
}

// CheckFields adds to values what is wrong with FieldPartitioner without fields, in
// the words of the original.
func CheckFields(raw config.Raw, values *config.Values) {
	class, fields := raw[classKey], raw[fieldKey]
	if class != nil && kind(*class) == fieldPartitioner && (fields == nil || config.Trim(*fields) == "") {
		values.AddError(fieldKey, "Partition field name cannot be null or empty when using FieldPartitioner.")
	}
}
