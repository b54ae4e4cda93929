package avro_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/avro"
	"sluice/converters/internal/registrytest"
)

const (
	writeText = "Failed to serialize Avro data from topic orders:"
	readText  = "Failed to deserialize data for topic orders to Avro:"
)

func TestRefusedSchema(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	one := schema.StructOf("n.R", schema.Field{Name: "a", Schema: schema.Of(schema.Int32)})
	other := schema.StructOf("n.R", schema.Field{Name: "a", Schema: schema.Of(schema.String)})
	encode(t, c, one, structOf(t, one, schema.Int32Value(1)))
	_, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: other, Value: structOf(t, other, schema.StringValue("x"))})
	registrytest.CheckError(t, err, connect.DataException, []string{
		writeText, "Error registering Avro schema", "subject orders-value", "incompatible with an earlier schema", "error code: 409", r.URL(),
	}, nil)
	if connect.IsRetriable(err) {
		t.Error("a refused schema is not refused for good")
	}
}

func TestRegistryAnswers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status, code int
		class        string
		retriable    bool
		text         string
	}{
		{401, 40101, "org.apache.kafka.common.errors.AuthenticationException", false, "Error retrieving Avro value schema for id 77"},
		{403, 40301, "org.apache.kafka.common.errors.AuthorizationException", false, "Error retrieving Avro value schema for id 77"},
		{404, 40403, connect.DataException, false, readText},
		{422, 42201, connect.DataException, false, readText},
		{429, 42901, "org.apache.kafka.common.errors.ThrottlingQuotaExceededException", true, "error code: 42901"},
		{500, 50001, connect.RetriableException, true, readText + " "},
		{503, 50301, connect.RetriableException, true, readText + " "},
	} {
		t.Run(http.StatusText(tt.status), func(t *testing.T) {
			t.Parallel()
			c, r := open(t, config.Map{"max.retries": "2"})
			r.Refuse(func(*http.Request) (int, int, string) { return tt.status, tt.code, "no way" })
			_, err := c.Decode(topic, nil, []byte{0, 0, 0, 0, 77, 2}, nil)
			registrytest.CheckError(t, err, tt.class, []string{tt.text, "no way; error code:", r.URL()}, nil)
			if connect.IsRetriable(err) != tt.retriable {
				t.Errorf("retriable is %v, want %v", !tt.retriable, tt.retriable)
			}
			want := 1
			if tt.retriable {
				want = 3
			}
			if got := len(r.Requests()); got != want {
				t.Errorf("the registry was asked %d times, want %d", got, want)
			}
		})
	}
}

func TestRegistryAway(t *testing.T) {
	t.Parallel()
	c := avro.Plugins().Converters[0].New()
	err := c.Configure(config.Map{
		"schema.registry.url": "http://127.0.0.1:1", "max.retries": "0", "basic.auth.credentials.source": "USER_INFO", "basic.auth.user.info": "me:geheim",
	}, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: schema.Of(schema.String), Value: schema.StringValue("a")})
	registrytest.CheckError(t, err, "org.apache.kafka.common.errors.NetworkException",
		[]string{"Network connection error while serializing Avro data for topic orders: ", "http://127.0.0.1:1", "subject orders-value"}, []string{"geheim"})
	if !connect.IsRetriable(err) {
		t.Error("an unreachable registry is not retriable")
	}
}

func TestFailOver(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	c := avro.Plugins().Converters[0].New()
	cfg := config.Map{"schema.registry.url": "http://127.0.0.1:1,http://me:geheim@" + strings.TrimPrefix(r.URL(), "http://"), "max.retries": "0"}
	if err := c.Configure(cfg, true); err != nil {
		t.Fatal(err)
	}
	var auth string
	r.Refuse(func(r *http.Request) (int, int, string) { auth = r.Header.Get("Authorization"); return 0, 0, "" })
	encode(t, c, schema.Of(schema.String), schema.StringValue("a"))
	if auth != "Basic bWU6Z2VoZWlt" {
		t.Errorf("the credentials of the address were sent as %q", auth)
	}
	r.Refuse(func(*http.Request) (int, int, string) { return 404, 40401, "gone" })
	_, err := c.Decode(topic, nil, []byte{0, 0, 0, 0, 5}, nil)
	registrytest.CheckError(t, err, connect.DataException, []string{"gone; error code: 40401", r.URL()}, []string{"geheim"})
}

// TestVersionNotFound is what Java does where the schema is not under the topic's
// subject.
func TestVersionNotFound(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	r.SeedSchema("other-value", 1, 3, sr.Schema{Schema: `"string"`})
	_, err := c.Decode(topic, nil, []byte{0, 0, 0, 0, 3, 2, 'a'}, nil)
	registrytest.CheckError(t, err, connect.DataException, []string{readText, "Error retrieving Avro value schema version for id 3", "orders-value"}, nil)
}

func TestBadBytes(t *testing.T) {
	t.Parallel()
	c, r := open(t, nil)
	r.SeedSchema(topic+"-value", 1, 3, sr.Schema{Schema: `{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"record","name":"S","fields":[{"name":"b","type":"string"}]}}]}`})
	r.SeedSchema("p", 1, 4, sr.Schema{Schema: `syntax = "proto3"; message M {}`, Type: sr.TypeProtobuf})
	for _, tt := range []struct {
		raw  string
		text string
	}{
		{"", "Error deserializing schema ID"},
		{"{\"a\":1}", "Unknown magic byte!"},
		{"\x00\x00\x00", "the bytes end within the schema id"},
		{"\x00\x00\x00\x00\x03\x08ab", "Error deserializing Avro message for id 3: field a.b: the bytes end within a value"},
		{"\x00\x00\x00\x00\x04\x00", "the schema with id 4 is of the type PROTOBUF, not AVRO"},
	} {
		_, err := c.Decode(topic, nil, []byte(tt.raw), nil)
		registrytest.CheckError(t, err, connect.DataException, []string{readText, tt.text}, nil)
	}
}

func TestValuesThatDoNotFit(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("n.R", schema.Field{Name: "a", Schema: schema.Of(schema.Int32)})
	for _, tt := range []struct {
		name        string
		s           *schema.Schema
		v           schema.Value
		class, text string
	}{
		{"null", schema.Of(schema.Int32), schema.Null(), connect.DataException, "Found null value for non-optional schema"},
		{"null within", s, structOf(t, s, schema.Null()), connect.DataException, "Found null value for non-optional schema"},
		{"other type", s, structOf(t, s, schema.StringValue("x")), connect.DataException, "Invalid type for INT32: class java.lang.String"},
		{"time of a date", schema.Date(), schema.InstantValue(1), connect.DataException, "Kafka Connect Date type should not have any time fields set to non-zero values."},
		{"name", schema.StructOf("n.a-b"), schema.StructValue(schema.NewStruct(schema.StructOf("n.a-b"))), "org.apache.avro.SchemaParseException", "Illegal character in: a-b"},
		{"other struct", s, schema.StructValue(schema.NewStruct(schema.StructOf("o"))), connect.DataException, "Mismatching struct schema"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, _ := open(t, nil)
			_, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: tt.s, Value: tt.v})
			registrytest.CheckError(t, err, tt.class, []string{tt.text}, nil)
		})
	}
}

func TestScrubbedNames(t *testing.T) {
	t.Parallel()
	c, r := open(t, config.Map{"scrub.invalid.names": "true"})
	s := schema.StructOf("my-app.1st$", schema.Field{Name: "a b", Schema: schema.Of(schema.Int32)}, schema.Field{Name: "ü", Schema: schema.Of(schema.Int32)})
	encode(t, c, s, structOf(t, s, schema.Int32Value(1), schema.Int32Value(2)))
	want := `{"type":"record","name":"x1st_24","namespace":"my_app","fields":[{"name":"a_b","type":"int"},{"name":"_C3_BC","type":"int"}],"connect.name":"my-app.1st$"}`
	if got := r.Text(t, topic+"-value"); got != want {
		t.Errorf("registered %s, want %s", got, want)
	}
}

func TestSubjectNames(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("n.R", schema.Field{Name: "a", Schema: schema.Of(schema.Int32)})
	const by = "io.confluent.kafka.serializers.subject."
	for strategy, want := range map[string]string{"TopicNameStrategy": "orders-key", "RecordNameStrategy": "n.R", "TopicRecordNameStrategy": "orders-n.R"} {
		r := registrytest.New(t, nil)
		c := at(t, r, config.Map{"key.subject.name.strategy": by + strategy}, true)
		raw := encode(t, c, s, structOf(t, s, schema.Int32Value(1)))
		if !r.SubjectExists(want) {
			t.Errorf("%s did not register under %s", strategy, want)
		}
		if got := decode(t, c, raw).Value.String(); got != "Struct{a=1}" {
			t.Errorf("%s: read %s", strategy, got)
		}
		if strategy == "TopicNameStrategy" {
			continue
		}
		_, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: schema.Of(schema.String), Value: schema.StringValue("x")})
		registrytest.CheckError(t, err, connect.DataException, []string{"In configuration key.subject.name.strategy = " + by + strategy + ", the message key must only be a record schema"}, nil)
	}
}

func TestOtherSchemasOfTheRegistry(t *testing.T) {
	t.Parallel()
	s := schema.StructOf("n.R", schema.Field{Name: "a", Schema: schema.Of(schema.Int32)}, schema.Field{Name: "b", Schema: schema.Of(schema.String)})
	v := structOf(t, s, schema.Int32Value(1), schema.StringValue("x"))
	const (
		wider  = `{"type":"record","name":"R","namespace":"n","fields":[{"name":"b","type":["null","string"]},{"name":"c","type":["int","null"],"default":3},{"name":"a","type":"long"}]}`
		narrow = `{"type":"record","name":"R","namespace":"n","fields":[{"name":"a","type":"string"},{"name":"b","type":"string"}]}`
	)
	for _, tt := range []struct {
		name, text string
		cfg        config.Map
		want       string // bytes after the id, or
		wrong      string
	}{
		{"latest", wider, config.Map{"use.latest.version": "true"}, "\x02\x02x\x00\x06\x02", ""},
		{"by id", wider, config.Map{"use.schema.id": "12"}, "\x02\x02x\x00\x06\x02", ""},
		{"latest refused", narrow, config.Map{"use.latest.version": "true"}, "", "Incompatible schema of type 'AVRO'. Set latest.compatibility.strict=false to disable this check."},
		{"by id refused", narrow, config.Map{"use.schema.id": "12"}, "", "Incompatible schema of type 'AVRO'. Set id.compatibility.strict=false to disable this check."},
		{"not strict", narrow, config.Map{"use.latest.version": "true", "latest.compatibility.strict": "false"}, "", "field a: a value of type int32 cannot be written as the Avro type string"},
		{"unknown", wider, nil, "", "Error retrieving Avro schema"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := registrytest.New(t, nil)
			r.SeedSchema(topic+"-value", 1, 12, sr.Schema{Schema: tt.text})
			cfg := config.Map{"auto.register.schemas": "false"}
			maps.Copy(cfg, tt.cfg)
			c := at(t, r, cfg, false)
			if tt.wrong != "" {
				_, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: s, Value: v})
				registrytest.CheckError(t, err, connect.DataException, []string{writeText, tt.wrong}, nil)
				return
			}
			if got, want := string(encode(t, c, s, v)), "\x00\x00\x00\x00\x0c"+tt.want; got != want {
				t.Errorf("wrote %q, want %q", got, want)
			}
		})
	}
}

func TestRefusedSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		cfg  config.Map
		text string
	}{
		{config.Map{"schema.registry.url": ""}, "schema.registry.url"},
		{config.Map{"schema.registry.url": "me:geheim@host"}, "http://host:port"},
		{config.Map{"use.latest.with.metadata": "x"}, "use.latest.with.metadata"},
		{config.Map{"propagate.schema.tags": "true"}, "propagate.schema.tags"},
		{config.Map{"validation.rules.execution": "AFTER_DOMAIN_RULES"}, "validation.rules.execution"},
		{config.Map{"basic.auth.credentials.source": "SASL_INHERIT"}, "sasl.jaas.config"},
		{config.Map{"basic.auth.credentials.source": "URL", "bearer.auth.credentials.source": "STATIC_TOKEN"}, "Only one of"},
		{config.Map{"bearer.auth.credentials.source": "OAUTHBEARER"}, "bearer.auth.issuer.endpoint.url"},
		{config.Map{"schema.registry.ssl.truststore.location": "/a.jks"}, "schema.registry.ssl.truststore.location"},
		{config.Map{"schema.registry.ssl.truststore.type": "BCFKS", "schema.registry.ssl.truststore.location": "/a"}, "schema.registry.ssl.truststore.type"},
		{config.Map{"value.subject.name.strategy": "my.Strategy"}, "TopicRecordNameStrategy"},
		{config.Map{"max.retries": "many"}, "max.retries"},
	} {
		c := avro.Plugins().Converters[0].New()
		cfg := config.Map{"schema.registry.url": "http://localhost:8081"}
		maps.Copy(cfg, tt.cfg)
		err := c.Configure(cfg, false)
		if err == nil || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%v: got %v, want an error with %q", tt.cfg, err, tt.text)
		}
	}
}
