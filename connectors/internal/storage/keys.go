package storage

import (
	"time"

	"sluice/connect/config"
)

// Names of keys that connectors look up themselves.
const (
	FormatClassKey  = "format.class"
	StorageClassKey = "storage.class"
	TopicsDirKey    = "topics.dir"
	StoreURLKey     = "store.url"

	flushSizeKey = "flush.size"
	scheduleKey  = "rotate.schedule.interval.ms"
	hiveKey      = "hive.integration"
)

// Settings are the values of the keys of ConnectorKeys, CommonKeys, TopicsDir and
// ParquetCodec.
type Settings struct {
	FlushSize           int           `config:"flush.size"`
	RotateInterval      time.Duration `config:"rotate.interval.ms"`
	RotateSchedule      time.Duration `config:"rotate.schedule.interval.ms"`
	SchemaCacheSize     int           `config:"schemas.cache.config"`
	EnhancedAvro        bool          `config:"enhanced.avro.schema.support"`
	ConnectMetaData     bool          `config:"connect.meta.data"`
	RetryBackoff        time.Duration `config:"retry.backoff.ms"`
	ShutdownTimeout     time.Duration `config:"shutdown.timeout.ms"`
	OffsetZeroPadWidth  int           `config:"filename.offset.zero.pad.width"`
	AvroCodec           string        `config:"avro.codec"`
	OptionalMapKeys     bool          `config:"allow.optional.map.keys"`
	SchemaCompatibility string        `config:"schema.compatibility"`
	StoreURL            *string       `config:"store.url"`
	TopicsDir           string        `config:"topics.dir"`
	DirectoryDelim      string        `config:"directory.delim"`
	FileDelim           string        `config:"file.delim"`
	ParquetCodec        string        `config:"parquet.codec"`
}

// ordered gives the keys the group and places in it from 1.
func ordered(group string, keys config.Def) config.Def {
	for i := range keys {
		keys[i].Group, keys[i].Order = group, i+1
	}
	return keys
}

// ConnectorKeys returns the keys of the groups Connector and Schema. The format's
// class stands first and has no default if that is ""; classes are those to
// recommend, and avro is the one for which avro.codec shows.
func ConnectorKeys(formatDefault, avro string, classes ...string) config.Def {
	class := config.Key{
		Name: FormatClassKey, Type: config.Class, Importance: config.High, DisplayName: "Format class",
		Doc:         "The format of the files.",
		Recommender: config.Choices(classes),
	}
	if class.Required = formatDefault == ""; !class.Required {
		class.Default = formatDefault
	}
	return config.Join(ordered("Connector", append(config.Def{class}, connectorKeys(avro)...)), ordered("Schema", config.Def{{
		Name: "schema.compatibility", Type: config.String, Default: "NONE", Importance: config.High, Width: config.WidthShort, DisplayName: "Schema Compatibility",
		Doc:         "What a change of the value's schema does. NONE: every other schema begins new files. BACKWARD and FULL: a newer version begins new files, and records of an older one are projected to it. FORWARD: an older version begins new files, and records of a newer one are projected to it. All but NONE need schemas with versions.",
		Recommender: compatibilities{},
	}}))
}

func connectorKeys(avro string) config.Def {
	return config.Def{
		{
			Name: flushSizeKey, Type: config.Int, Required: true, Importance: config.High, Width: config.WidthLong, DisplayName: "Flush Size",
			Doc: "The number of records of a topic partition after which its files are committed.",
		},
		{
			Name: "rotate.interval.ms", Type: config.Long, Default: int64(-1), Importance: config.High, Width: config.WidthMedium, DisplayName: "Rotate Interval (ms)",
			Doc: "The span of time in milliseconds that the files of a topic partition may cover. Time is what `timestamp.extractor` finds, counted from the first record; with record times the same records always make the same files. -1 is no limit.",
		},
		{
			Name: scheduleKey, Type: config.Long, Default: int64(-1), Importance: config.Medium, Width: config.WidthMedium, DisplayName: "Rotate Schedule Interval (ms)",
			Doc: "The time in milliseconds between commits by the clock, counted from midnight in `timezone`, whatever else was committed meanwhile. Files then depend on when records come, so a restart may write records twice. -1 is none.",
		},
		{
			Name: "schemas.cache.config", Type: config.Int, Default: int32(1000), Importance: config.Low, Width: config.WidthLong, DisplayName: "Schema Cache Size",
			Doc: "How many schemas are remembered in their Avro form.",
		},
		{
			Name: "enhanced.avro.schema.support", Type: config.Boolean, Default: true, Importance: config.Low, Width: config.WidthShort, DisplayName: "Enhanced Avro Support",
			Doc: "Whether enums stay enums and unions keep the namespaces of their types in Avro schemas.",
		},
		{
			Name: "connect.meta.data", Type: config.Boolean, Default: true, Importance: config.Low, Width: config.WidthShort, DisplayName: "Connect Metadata",
			Doc: "Whether Avro schemas keep what only Connect knows, in properties of their own.",
		},
		{
			Name: "retry.backoff.ms", Type: config.Long, Default: int64(5000), Importance: config.Low, Width: config.WidthMedium, DisplayName: "Retry Backoff (ms)",
			Doc: "The time in milliseconds before what failed for a reason that may go away is tried again.",
		},
		{
			Name: "shutdown.timeout.ms", Type: config.Long, Default: int64(3000), Importance: config.Medium, Width: config.WidthMedium, DisplayName: "Shutdown Timeout (ms)",
			Doc: "The time in milliseconds that work in the background gets to end when the connector stops.",
		},
		{
			Name: "filename.offset.zero.pad.width", Type: config.Int, Default: int32(10), Validator: config.AtLeast(0), Importance: config.Low, Width: config.WidthLong, DisplayName: "Filename Offset Zero Pad Width",
			Doc: "The least number of digits of offsets in file names, so that names sort as offsets do.",
		},
		{
			Name: "avro.codec", Type: config.String, Default: "null", Validator: config.OneOf(avroCodecs()), Importance: config.Low, Width: config.WidthMedium, DisplayName: "Avro Compression Codec",
			Doc:         "How blocks of Avro files are compressed: null (not at all), deflate, snappy or bzip2.",
			Recommender: shownWith{FormatClassKey, avro, config.Choices(avroCodecs())},
		},
		{
			Name: "allow.optional.map.keys", Type: config.Boolean, Default: false, Importance: config.Low, Width: config.WidthShort, DisplayName: "Allow Optional Map Keys",
			Doc: "Whether maps with optional text keys become Avro maps and not lists of pairs.",
		},
	}
}

func avroCodecs() []string { return []string{"null", "deflate", "snappy", "bzip2"} }

// ParquetCodec returns the key of the compression of Parquet files. parquet is the
// format class for which it shows, order its place in the group.
func ParquetCodec(parquet, group string, order int) config.Key {
	codecs := []string{"none", "uncompressed", "gzip", "lz4", "snappy", "zstd"}
	return config.Key{
		Name: "parquet.codec", Type: config.String, Default: "snappy", Validator: config.OneOf(codecs), Importance: config.Low,
		Group: group, Order: order, Width: config.WidthMedium, DisplayName: "Parquet Compression Codec",
		Doc:         "How pages of Parquet files are compressed: none, gzip, lz4, snappy or zstd.",
		Recommender: shownWith{FormatClassKey, parquet, config.Choices(codecs)},
	}
}

// CommonKeys returns the keys of the group Storage but topics.dir. storageDefault
// is the storage class; "" makes it required.
func CommonKeys(storageDefault string, classes ...string) config.Def {
	class := config.Key{
		Name: StorageClassKey, Type: config.Class, Importance: config.High, DisplayName: "Storage Class",
		Doc: "The store that holds the files.", Recommender: config.Choices(classes), Group: "Storage", Order: 1,
	}
	if class.Required = storageDefault == ""; !class.Required {
		class.Default = storageDefault
	}
	return config.Def{
		class,
		{
			Name: StoreURLKey, Type: config.String, Importance: config.High, Group: "Storage", Order: 3, DisplayName: "Store URL",
			Doc: "The address of the store.",
		},
		{
			Name: "directory.delim", Type: config.String, Default: "/", Importance: config.Medium, Group: "Storage", Order: 4, Width: config.WidthLong, DisplayName: "Directory Delimiter",
			Doc: "The text between directories.",
		},
		{
			Name: "file.delim", Type: config.String, Default: "+", Importance: config.Medium, Group: "Storage", Order: 5, Width: config.WidthLong, DisplayName: "File Delimiter",
			Doc: "The text between the parts of file names.",
		},
	}
}

// TopicsDir returns the key topics.dir; more is added to its documentation.
func TopicsDir(more string) config.Key {
	return config.Key{
		Name: TopicsDirKey, Type: config.String, Default: "topics", Importance: config.High, Group: "Storage", Order: 2, DisplayName: "Topics directory",
		Doc: "The directory above those of the topics." + more,
	}
}

// CaptureGroups returns the key topic.capture.groups.regex at a place in the group
// Storage.
func CaptureGroups(order int) config.Key {
	return config.Key{
		Name: CaptureGroupsKey, Type: config.String, Importance: config.Low, Group: "Storage", Order: order, Width: config.WidthLong, DisplayName: "Topic Capture Groups Regex",
		Doc: "A Java regular expression that must match the whole name of each topic. Directories may hold ${1}, ${2} and so on for what its groups match, and ${0} for the whole name: with `([a-z]*)_([a-z]*)` and `${1}/${2}` the topic `example_name` goes to `example/name`.",
	}
}

// SubstitutionDoc is what to add to the documentation of keys of directories.
const SubstitutionDoc = " ${topic} stands for the name of the topic; ${0}, ${1} and so on for what the groups of `" + CaptureGroupsKey + "` match."

// shownWith recommends where another key has a value.
type shownWith struct {
	key, value string
	config.Choices
}

// Visible implements config.Recommender.
func (s shownWith) Visible(_ string, parsed map[string]any) bool { return parsed[s.key] == s.value }

// compatibilities are those that Hive allows where it is on.
type compatibilities struct{}

func (compatibilities) Values(_ string, parsed map[string]any) []any {
	values := config.Choices{"NONE", "BACKWARD", "FORWARD", "FULL"}.Values("", nil)
	if parsed[hiveKey] == true {
		return values[1:]
	}
	return values
}

func (compatibilities) Visible(string, map[string]any) bool { return true }
