package registrytest

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/converters/convertertest"
)

// Original is a case that the Java original was given, with what it did: the
// schema that it registered under orders-value, the bytes that it wrote for the
// topic orders, and what it read from them. The registry was empty before.
type Original struct {
	ID     string              `json:"id"`
	Config config.Map          `json:"config"`
	Input  convertertest.Datum `json:"input"`
	// Register and Payload are set in cases of bytes that another program wrote.
	Register string `json:"register"`
	Payload  string `json:"payload"`

	Text      string                 `json:"text"`
	Hex       *string                `json:"hex"` // nil is null
	Read      convertertest.Datum    `json:"read"`
	Error     *convertertest.Failure `json:"error"`
	ReadError *convertertest.Failure `json:"readError"`
}

// Originals loads the cases of a file.
func Originals(t testing.TB, path string) []Original {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cases []Original
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatalf("no cases in %s", path)
	}
	return cases
}

// Check fails the test unless the converter does with the case what the original
// did: the same schema text, the same bytes, the same data, or an error of the
// same class.
func (o *Original) Check(t *testing.T, c connect.Converter, r *Registry, format sr.SchemaType) {
	t.Helper()
	const topic = "orders"
	var raw []byte
	var err error
	if o.Register != "" {
		r.SeedSchema(topic+"-value", 1, 1, sr.Schema{Schema: o.Register, Type: format})
		if raw, err = hex.DecodeString("0000000001" + o.Payload); err != nil {
			t.Fatal(err)
		}
	} else {
		raw, err = c.AppendEncode([]byte{}, topic, &[]connect.RawHeader{}, o.Input.Data(t))
		if convertertest.CheckError(t, convertertest.Case{Error: o.Error}, err) {
			return
		}
		convertertest.CheckBytes(t, raw, o.Bytes(t))
		if raw == nil {
			return
		}
		if got := r.Text(t, topic+"-value"); got != o.Text {
			t.Errorf("registered\n%s\nwant\n%s", got, o.Text)
		}
	}
	got, err := c.Decode(topic, nil, raw, nil)
	if !convertertest.CheckError(t, convertertest.Case{Error: o.ReadError}, err) {
		convertertest.CheckData(t, got, o.Read.Data(t))
	}
}

// Bytes returns the recorded bytes; nil for null.
func (o *Original) Bytes(t testing.TB) []byte {
	t.Helper()
	if o.Hex == nil {
		return nil
	}
	b, err := hex.DecodeString(*o.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
