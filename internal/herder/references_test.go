package herder

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/connect/plugin"
	connectors "sluice/connectors/all"
	converters "sluice/converters/all"
	"sluice/internal/plugins"
	"sluice/internal/properties"
	"sluice/internal/setting"
)

// A configuration is validated with the values of config providers, and the
// answer shows the references (invariant 6).
func TestValidationShowsReferences(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "s.properties")
	if err := os.WriteFile(path, []byte("n=twelve0\ntopic=secret-topic\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := properties.NewProviders(map[string]string{
		"config.providers": "file", "config.providers.file.class": "org.apache.kafka.common.config.provider.FileConfigProvider",
	})
	if err != nil {
		t.Fatal(err)
	}
	c := &catalog{plugins: plugins.New(plugin.Join(connectors.Plugins(), converters.Plugins())), providers: p, timeout: requestTimeout}
	size, topic := "${file:"+path+":n}", "${file:"+path+":topic}"
	infos, err := c.Validate(t.Context(), config.Map{"connector.class": "FileStreamSource", "name": "n", "topic": topic, "batch.size": size}.Raw())
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range infos.Configs {
		switch i.Value.Name {
		case "topic":
			if i.Value.Value == nil || *i.Value.Value != topic || len(i.Value.Errors) > 0 {
				t.Errorf("topic: %+v", i.Value)
			}
		case "batch.size":
			want := "Invalid value " + size + " for configuration batch.size: Not a number of type INT"
			if len(i.Value.Errors) == 0 || i.Value.Errors[0] != want {
				t.Errorf("batch.size: %q, want %q", i.Value.Errors, want)
			}
		}
	}
	if err := infos.refusal(); err == nil || strings.Contains(err.Error(), "twelve0") {
		t.Errorf("refusal: %v", err)
	}
	_, err = c.Validate(t.Context(), config.Map{"connector.class": "FileStreamSource", "topic": "${file:/no/such:k}"}.Raw())
	if e, ok := errors.AsType[*Error](err); !ok || e.Status != http.StatusBadRequest || !strings.Contains(e.Message, "Could not read properties from file /no/such") {
		t.Errorf("unreadable file: %v", err)
	}
}

// Every algorithm that the table of properties takes can be used.
func TestSignaturesAreThere(t *testing.T) {
	t.Parallel()
	for _, name := range setting.Signatures() {
		if _, ok := macOf(name); !ok {
			t.Errorf("%s cannot sign", name)
		}
	}
}
