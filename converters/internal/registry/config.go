package registry

import (
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"sluice/connect/config"
)

const (
	urlKey        = "schema.registry.url"
	strategyStem  = ".subject.name.strategy"
	serializer    = ".schema.id.serializer"
	deserializer  = ".schema.id.deserializer"
	clientPrefix  = "schema.registry."
	headerPrefix  = "request.header."
	cacheKey      = "schemas.cache.config"
	strategies    = "io.confluent.kafka.serializers.subject."
	idSerializers = "io.confluent.kafka.serializers.schema.id."
)

// Def returns the keys that all converters of this family have, followed by
// those of the one converter.
func Def(own config.Def) config.Def {
	return config.Join(clientKeys(), writeKeys(), sideKeys("key"), sideKeys("value"), authKeys(), tlsKeys(), own)
}

func clientKeys() config.Def {
	return config.Def{
		{
			Name: urlKey, Type: config.List, Required: true, Importance: config.High,
			Doc: "Addresses of the Schema Registry. The next one is asked when one does not answer.",
		},
		{
			Name: "schema.registry.url.randomize", Type: config.Boolean, Default: false, Importance: config.Low,
			Doc: "Whether to begin with a random address of the list and not with the first.",
		},
		{
			Name: "max.schemas.per.subject", Type: config.Int, Default: int32(1000), Importance: config.Low,
			Doc: "How many schemas the cache of the registry keeps at most.",
		},
		{
			Name: "http.connect.timeout.ms", Type: config.Int, Default: int32(60000), Importance: config.Low,
			Doc: "How long to wait for a connection to the registry.",
		},
		{
			Name: "http.read.timeout.ms", Type: config.Int, Default: int32(60000), Importance: config.Low,
			Doc: "How long to wait for an answer of the registry.",
		},
		{
			Name: "max.retries", Type: config.Int, Default: int32(3), Importance: config.Low,
			Doc: "How often a request is sent again that failed for a reason that may go away.",
		},
		{
			Name: "retries.wait.ms", Type: config.Int, Default: int32(1000), Importance: config.Low,
			Doc: "The longest wait before the first such request; it doubles with each further one.",
		},
		{
			Name: "retries.max.wait.ms", Type: config.Int, Default: int32(20000), Importance: config.Low,
			Doc: "The longest wait before any of them.",
		},
		{
			Name: "proxy.host", Type: config.String, Default: "", Importance: config.Low,
			Doc: "Name or address of a proxy between the worker and the registry.",
		},
		{
			Name: "proxy.port", Type: config.Int, Default: int32(-1), Importance: config.Low,
			Doc: "Port of the proxy.",
		},
		{
			Name: cacheKey, Type: config.Int, Default: int32(1000), Importance: config.Low,
			Doc: "How many converted schemas the converter keeps ready at most.",
		},
		{
			Name: "latest.cache.size", Type: config.Int, Default: int32(1000), Importance: config.Low,
			Doc: "How many latest versions are kept at most.",
		},
		{
			Name: "latest.cache.ttl.sec", Type: config.Int, Default: int32(-1), Importance: config.Low,
			Doc: "After how many seconds a latest version is asked for again; -1 is never.",
		},
	}
}

func writeKeys() config.Def {
	return config.Def{
		{
			Name: "auto.register.schemas", Type: config.Boolean, Default: true, Importance: config.Medium,
			Doc: "Whether schemas that are new to the registry are registered there.",
		},
		{
			Name: "normalize.schemas", Type: config.Boolean, Default: false, Importance: config.Medium,
			Doc: "Whether the registry brings schemas into a normal form before it compares them.",
		},
		{
			Name: "use.latest.version", Type: config.Boolean, Default: false, Importance: config.Medium,
			Doc: "Whether to write with the latest version of the subject. It needs auto.register.schemas=false.",
		},
		{
			Name: "latest.compatibility.strict", Type: config.Boolean, Default: true, Importance: config.Low,
			Doc: "Whether the latest version must be able to read what the record's own schema describes.",
		},
		{
			Name: "use.schema.id", Type: config.Int, Default: int32(-1), Importance: config.Low,
			Doc: "The id of the schema to write with; -1 is none. It needs auto.register.schemas=false.",
		},
		{
			Name: "id.compatibility.strict", Type: config.Boolean, Default: true, Importance: config.Low,
			Doc: "Whether the schema of use.schema.id must be able to read what the record's own schema describes.",
		},
		{
			Name: "use.schema.guid", Type: config.String, Importance: config.Low,
			Doc: "The global id of the schema to write with. It needs auto.register.schemas=false.",
		},
		{
			Name: "use.latest.with.metadata", Type: config.String, Importance: config.Low,
			Doc: "Write with the latest version that has this metadata, as name=value,name=value. It needs auto.register.schemas=false.",
		},
		{
			Name: "propagate.schema.tags", Type: config.Boolean, Default: false, Importance: config.Low, Validator: Unsupported{},
			Doc: "Whether tags of an earlier version go over to a new one. Sluice cannot do this yet.",
		},
		{
			Name: "context.name.strategy", Type: config.Class, Default: "io.confluent.kafka.serializers.context.NullContextNameStrategy",
			Importance: config.Medium, Validator: oneClass{"io.confluent.kafka.serializers.context.NullContextNameStrategy"},
			Doc: "How the registry's context of a topic is found; only that of no context is there.",
		},
		{
			Name: "rule.executors", Type: config.List, Default: []string{}, Importance: config.Low, Validator: Unsupported{},
			Doc: "Executors of data contract rules. Sluice runs no rules.",
		},
		{
			Name: "rule.actions", Type: config.List, Default: []string{}, Importance: config.Low, Validator: Unsupported{},
			Doc: "Actions of data contract rules. Sluice runs no rules.",
		},
		{
			Name: "execution.environment", Type: config.String, Importance: config.Low,
			Doc: "Where this is, for rules that are enabled at one place only. Rules that would run are refused; rule.executors.NAME.disabled=true turns one off.",
		},
		{
			Name: "validation.rules.execution", Type: config.String, Default: "DISABLED", Validator: config.OneOfFold{"DISABLED"}, Importance: config.Low,
			Doc: "When validation rules in schemas run. Sluice runs none.",
		},
		{
			Name: "schema.backup.enabled", Type: config.Boolean, Default: false, Importance: config.Low, Validator: Unsupported{},
			Doc: "Whether records are wrapped with their schemas for a backup. Sluice cannot do this.",
		},
	}
}

func sideKeys(side string) config.Def {
	return config.Def{
		{
			Name: side + strategyStem, Type: config.Class, Default: strategies + "TopicNameStrategy", Importance: config.Medium,
			Validator: config.CheckFunc(checkStrategy),
			Doc:       "How the subject of a " + side + "'s schema is named: by topic, by record, or by both.",
		},
		{
			Name: side + serializer, Type: config.Class, Default: idSerializers + "PrefixSchemaIdSerializer", Importance: config.Medium,
			Validator: oneClass{idSerializers + "PrefixSchemaIdSerializer", idSerializers + "HeaderSchemaIdSerializer"},
			Doc:       "Where the schema of a " + side + " is named: before its bytes, or in a header of the record.",
		},
		{
			Name: side + deserializer, Type: config.Class, Default: idSerializers + "DualSchemaIdDeserializer", Importance: config.Medium,
			Validator: oneClass{idSerializers + "DualSchemaIdDeserializer", idSerializers + "PrefixSchemaIdDeserializer"},
			Doc:       "Where the schema of a " + side + " is looked for: in a header and before its bytes, or only there.",
		},
	}
}

// Settings are the parsed keys of Def that all converters share.
type Settings struct {
	URLs           []string      `config:"schema.registry.url"`
	Randomize      bool          `config:"schema.registry.url.randomize"`
	MaxSchemas     int           `config:"max.schemas.per.subject"`
	ConnectTimeout time.Duration `config:"http.connect.timeout.ms"`
	ReadTimeout    time.Duration `config:"http.read.timeout.ms"`
	MaxRetries     int           `config:"max.retries"`
	RetryWait      time.Duration `config:"retries.wait.ms"`
	RetryMaxWait   time.Duration `config:"retries.max.wait.ms"`
	ProxyHost      string        `config:"proxy.host"`
	ProxyPort      int           `config:"proxy.port"`
	CacheSize      int           `config:"schemas.cache.config"`
	LatestSize     int           `config:"latest.cache.size"`
	LatestTTL      int           `config:"latest.cache.ttl.sec"`

	AutoRegister bool `config:"auto.register.schemas"`
	Normalize    bool `config:"normalize.schemas"`
	UseLatest    bool `config:"use.latest.version"`
	LatestStrict bool `config:"latest.compatibility.strict"`
	UseID        int  `config:"use.schema.id"`
	IDStrict     bool `config:"id.compatibility.strict"`

	UseGUID      string `config:"use.schema.guid"`
	WithMetadata string `config:"use.latest.with.metadata"`

	KeyStrategy       string `config:"key.subject.name.strategy"`
	ValueStrategy     string `config:"value.subject.name.strategy"`
	KeySerializer     string `config:"key.schema.id.serializer"`
	ValueSerializer   string `config:"value.schema.id.serializer"`
	KeyDeserializer   string `config:"key.schema.id.deserializer"`
	ValueDeserializer string `config:"value.schema.id.deserializer"`

	AuthSettings

	tls     tlsSettings
	headers map[string]string
	// metadata of use.latest.with.metadata; nil where it is not set.
	metadata map[string]string
	rules    rules
}

// side returns a text with the first letter of the side it is for.
func (s *Settings) strategy(isKey bool) string { return pick(isKey, s.KeyStrategy, s.ValueStrategy) }

func (s *Settings) inHeader(isKey bool) bool {
	return strings.HasSuffix(pick(isKey, s.KeySerializer, s.ValueSerializer), ".HeaderSchemaIdSerializer")
}

func (s *Settings) readsHeader(isKey bool) bool {
	return strings.HasSuffix(pick(isKey, s.KeyDeserializer, s.ValueDeserializer), ".DualSchemaIdDeserializer")
}

func pick[T any](isKey bool, key, value T) T {
	if isKey {
		return key
	}
	return value
}

// Parse reads a converter's own settings and the shared ones. The keys of the
// registry's client may stand with or without the prefix schema.registry., as in
// Java. The error is a *config.Error.
func Parse[T any](def config.Def, cfg config.Map) (T, *Settings, error) {
	all := withoutPrefix(def, cfg)
	own, err := config.Decode[T](def, all)
	if err != nil {
		return own, nil, err
	}
	set, err := config.Decode[Settings](def, all)
	if err != nil {
		return own, nil, err
	}
	set.tls = readTLS(cfg)
	set.headers = map[string]string{}
	for k, v := range cfg {
		if name, ok := strings.CutPrefix(k, headerPrefix); ok && name != "" {
			set.headers[name] = v
		}
	}
	set.rules = readRules(all)
	if set.metadata, err = parseMetadata(set.WithMetadata); err != nil {
		return own, nil, err
	}
	return own, &set, checkSettings(&set, all)
}

// parseMetadata reads name=value pairs between commas, which may stand in quotes.
func parseMetadata(text string) (map[string]string, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // It is not set.
	}
	list, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil, config.InvalidValue("use.latest.with.metadata", text, "it must be name=value,name=value")
	}
	metadata := map[string]string{}
	for _, pair := range list {
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, config.InvalidValue("use.latest.with.metadata", text, "it must be name=value,name=value")
		}
		metadata[name] = value
	}
	return metadata, nil
}

// withoutPrefix adds to the configuration the keys that stand there with the
// prefix of the client, under the names that the definition knows.
func withoutPrefix(def config.Def, cfg config.Map) config.Map {
	all := make(config.Map, len(cfg))
	for k, v := range cfg {
		all[k] = v
		if _, known := def.Find(k); known {
			continue
		}
		if bare, ok := strings.CutPrefix(k, clientPrefix); ok {
			if _, known := def.Find(bare); known {
				all[bare] = v
			}
		}
	}
	return all
}

func checkSettings(s *Settings, cfg config.Map) error {
	if len(s.URLs) == 0 {
		return config.Errorf("No schema registry URL: set %s", urlKey)
	}
	// The default of the basic source counts only where nothing is said of the other.
	if cfg["basic.auth.credentials.source"] != "" && cfg["bearer.auth.credentials.source"] != "" {
		return config.Errorf("Only one of 'basic.auth.credentials.source' and 'bearer.auth.credentials.source' may be specified")
	}
	if cfg["bearer.auth.credentials.source"] == "" {
		s.BearerSource = ""
	}
	if s.ProxyHost != "" && s.ProxyPort <= 0 {
		return config.InvalidValue("proxy.port", strconv.Itoa(s.ProxyPort), "a proxy.host needs a port")
	}
	return nil
}

// Unsupported refuses every value but the empty one and false.
type Unsupported struct{}

// Check implements config.Validator.
func (Unsupported) Check(name string, value any) error {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		if v == "" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	case []string:
		if len(v) == 0 {
			return nil
		}
	}
	return config.InvalidValue(name, value, "Sluice does not support this key; leave it out")
}

// OnlyTrue refuses false.
type OnlyTrue struct{}

// Check implements config.Validator.
func (OnlyTrue) Check(name string, value any) error {
	if value == false {
		return config.InvalidValue(name, value, "Sluice has only true; leave it out")
	}
	return nil
}

// oneClass accepts the listed class names.
type oneClass []string

// Check implements config.Validator.
func (o oneClass) Check(name string, value any) error {
	for _, class := range o {
		if value == class {
			return nil
		}
	}
	return config.InvalidValue(name, value, "Sluice has only "+strings.Join(o, ", "))
}
