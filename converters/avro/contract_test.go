package avro_test

import (
	"maps"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/converters/internal/registrytest"
)

// TestSchemaByGUID writes with the schema that a global id names.
func TestSchemaByGUID(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	r.SeedSchema(topic+"-value", 1, 12, sr.Schema{Schema: `["null","string"]`})
	known, ok := r.GetSchema(topic+"-value", 1)
	if !ok || known.GUID == "" {
		t.Fatalf("the registry has %+v, want a schema with a global id", known)
	}
	cfg := config.Map{"auto.register.schemas": "false", "use.schema.guid": known.GUID}
	s := schema.Of(schema.String)
	if got := string(encode(t, at(t, r, cfg, false), s, schema.StringValue("x"))); got != "\x00\x00\x00\x00\x0c\x02\x02x" {
		t.Errorf("wrote %q", got)
	}
	_, err := at(t, r, cfg, false).AppendEncode([]byte{}, topic, nil, connect.Data{Schema: schema.Of(schema.Int32), Value: schema.Int32Value(1)})
	registrytest.CheckError(t, err, connect.DataException, []string{"Set id.compatibility.strict=false to disable this check"}, nil)
	cfg["use.schema.guid"] = "00000000-0000-0000-0000-000000000000"
	_, err = at(t, r, cfg, false).AppendEncode([]byte{}, topic, nil, connect.Data{Schema: s, Value: schema.StringValue("x")})
	registrytest.CheckError(t, err, connect.DataException, []string{"Error retrieving schema GUID 00000000"}, nil)
}

// TestLatestWithMetadata writes with the latest version that has the metadata, which
// need not be able to read the record's own schema.
func TestLatestWithMetadata(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	r.Answer(t, "GET /subjects/orders-value/metadata", `{"subject":"orders-value","version":3,"id":77,"schema":"[\"string\",\"null\"]"}`)
	var asked string
	r.Watch(func(request string) { asked = request })
	c := at(t, r, config.Map{"auto.register.schemas": "false", "use.latest.version": "true", "use.latest.with.metadata": `stage=prod,"owner=a,b"`}, false)
	if got := string(encode(t, c, schema.Of(schema.String), schema.StringValue("x"))); got != "\x00\x00\x00\x00\x4d\x00\x02x" {
		t.Errorf("wrote %q", got)
	}
	if want := "GET /subjects/orders-value/metadata?deleted=true&key=owner&key=stage&value=a%2Cb&value=prod"; asked != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
}

// TestRulesAreNotPassedOver refuses schemas with data contract rules that Java would
// run: the record might be written in clear that should be encrypted.
func TestRulesAreNotPassedOver(t *testing.T) {
	t.Parallel()
	const (
		read  = "GET /schemas/ids/12"
		write = "GET /subjects/orders-value/versions/latest"
	)
	for _, tt := range []struct {
		name, rules string
		cfg         config.Map
		writes      bool // refused where the key is not for it
		reads       bool
	}{
		{"none", `{}`, nil, true, true},
		{"domain", `{"domainRules":[{"name":"r","kind":"TRANSFORM","mode":"WRITEREAD","type":"ENCRYPT"}]}`, nil, false, false},
		{"encoding", `{"encodingRules":[{"name":"r","kind":"TRANSFORM","mode":"WRITEREAD","type":"ENCRYPT_PAYLOAD"}]}`, nil, false, false},
		{"of writing", `{"domainRules":[{"name":"r","kind":"CONDITION","mode":"WRITE","type":"CEL"}]}`, nil, false, true},
		{"of reading", `{"domainRules":[{"name":"r","kind":"CONDITION","mode":"READ","type":"CEL"}]}`, nil, true, false},
		{"of migration", `{"migrationRules":[{"name":"r","kind":"TRANSFORM","mode":"UPDOWN","type":"JSONATA"}]}`, nil, true, true},
		{"disabled", `{"domainRules":[{"name":"r","mode":"WRITEREAD","type":"CEL","disabled":true}]}`, nil, true, true},
		{"elsewhere", `{"enableAt":"GATEWAY","domainRules":[{"name":"r","mode":"WRITEREAD","type":"CEL"}]}`, nil, true, true},
		{"here", `{"enableAt":"CLIENT","domainRules":[{"name":"r","mode":"WRITEREAD","type":"CEL"}]}`, config.Map{"execution.environment": "CLIENT"}, false, false},
		{"failures pass on reading", `{"domainRules":[{"name":"r","mode":"WRITEREAD","type":"CEL","onFailure":"ERROR,NONE"}]}`, nil, false, true},
		{"disabled by name", `{"domainRules":[{"name":"r","mode":"WRITEREAD","type":"CEL"}]}`, config.Map{"rule.executors.r.disabled": "true"}, true, true},
		{"disabled by type", `{"domainRules":[{"name":"r","mode":"WRITEREAD","type":"CEL"}]}`, config.Map{"rule.executors._CEL_.disabled": "true"}, true, true},
		{"failures pass", `{"domainRules":[{"name":"r","mode":"WRITEREAD","type":"CEL"}]}`, config.Map{"rule.executors._default_.onFailure": "NONE"}, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := registrytest.New(t, nil)
			r.SeedSchema(topic+"-value", 1, 12, sr.Schema{Schema: `"string"`})
			r.Answer(t, read, `{"schema":"\"string\"","ruleSet":`+tt.rules+`}`)
			r.Answer(t, write, `{"subject":"orders-value","version":1,"id":12,"schema":"\"string\"","ruleSet":`+tt.rules+`}`)
			cfg := config.Map{"auto.register.schemas": "false", "use.latest.version": "true"}
			maps.Copy(cfg, tt.cfg)
			c := at(t, r, cfg, false)
			says := []string{"Rule failed: r", "Could not find rule executor of type", "rule.executors.r.disabled=true"}
			raw, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: schema.Of(schema.String), Value: schema.StringValue("x")})
			if !tt.writes {
				registrytest.CheckError(t, err, connect.DataException, says, nil)
			} else if string(raw) != "\x00\x00\x00\x00\x0c\x02x" {
				t.Errorf("wrote %q (%v)", raw, err)
			}
			d, err := c.Decode(topic, nil, []byte("\x00\x00\x00\x00\x0c\x02x"), nil)
			if !tt.reads {
				registrytest.CheckError(t, err, connect.DataException, says, nil)
			} else if err != nil || d.Value.Text() != "x" {
				t.Errorf("read %v (%v)", d.Value, err)
			}
		})
	}
}

// TestRulesOfARegisteredSchema takes the rules that the registry adds to a schema.
func TestRulesOfARegisteredSchema(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	r.Answer(t, "POST /subjects/orders-value/versions", `{"id":5,"version":1,"schema":"\"string\"","ruleSet":{"domainRules":[{"name":"mask","mode":"WRITE","type":"ENCRYPT"}]}}`)
	c := at(t, r, nil, false)
	_, err := c.AppendEncode([]byte{}, topic, nil, connect.Data{Schema: schema.Of(schema.String), Value: schema.StringValue("x")})
	registrytest.CheckError(t, err, connect.DataException, []string{"Rule failed: mask"}, nil)
}

func TestTrailingData(t *testing.T) {
	t.Parallel()
	r := registrytest.New(t, nil)
	r.SeedSchema(topic+"-value", 1, 12, sr.Schema{Schema: `"string"`})
	const raw = "\x00\x00\x00\x00\x0c\x02xy"
	if got := decode(t, at(t, r, nil, false), []byte(raw)).Value.Text(); got != "x" {
		t.Errorf("read %q", got)
	}
	_, err := at(t, r, config.Map{"avro.fail.on.trailing.data": "true"}, false).Decode(topic, nil, []byte(raw), nil)
	registrytest.CheckError(t, err, connect.DataException, []string{"Trailing data found after deserializing Avro message", "id 12"}, nil)
}
