package rest_test

import (
	"context"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/herder"
)

// secretive is a herder whose plugin has a PASSWORD key.
type secretive struct{ fakeHerder }

func (s *secretive) PluginConfig(context.Context, string, string) ([]herder.ConfigKeyInfo, error) {
	return []herder.ConfigKeyInfo{{Name: "pin", Type: "PASSWORD"}, {Name: "topic", Type: "STRING"}}, nil
}

func (s *secretive) Validate(_ context.Context, cfg config.Raw) (herder.ConfigInfos, error) {
	if *cfg["topic"] == "bad" {
		return herder.ConfigInfos{}, &herder.Error{Status: 400, Message: "Connector config {pin=" + *cfg["pin"] + "} is wrong"}
	}
	var infos herder.ConfigInfos
	for key, value := range cfg {
		infos.Configs = append(infos.Configs, herder.ConfigInfo{Value: herder.ConfigValueInfo{Name: key, Value: value}, Definition: &herder.ConfigKeyInfo{Type: "PASSWORD"}})
	}
	return infos, nil
}

func TestSecretsAreMaskedAndComeBack(t *testing.T) {
	t.Parallel()
	s := &secretive{fakeHerder{configs: map[string]config.Raw{}}}
	h := serve(t, s, config.Map{"rest.mask.secrets": "true"})
	const sent = `{"connector.class":"X","topic":"t","pin":"1234-secret","producer.override.sasl.jaas.config":"1234-secret","x.password":"${file:/a:b}"}`
	requests := [][3]string{
		{"PUT", "/connectors/c/config", sent},
		{"GET", "/connectors/c", ""},
		{"GET", "/connectors/c/config", ""},
		{"GET", "/connectors?expand=info", ""},
		{"PUT", "/connectors/c/config", strings.ReplaceAll(sent, "1234-secret", "[hidden]")},
		{"PUT", "/connector-plugins/X/config/validate", strings.Replace(sent, `"connector.class"`, `"name":"c","connector.class"`, 1)},
		{"PUT", "/connector-plugins/X/config/validate", strings.Replace(sent, `"topic":"t"`, `"topic":"bad"`, 1)},
	}
	for _, r := range requests {
		w := call(t, h, r[0], r[1], r[2])
		if body := w.Body.String(); strings.Contains(body, "1234-secret") || !strings.Contains(body, "[hidden]") {
			t.Errorf("%s %s: %d %s", r[0], r[1], w.Code, body)
		}
	}
	if got := s.configs["c"]; *got["pin"] != "1234-secret" || *got["producer.override.sasl.jaas.config"] != "1234-secret" {
		t.Errorf("the mask came back and replaced the secret: pin %s", *got["pin"])
	}
	if body := call(t, h, "GET", "/connectors/c/config", "").Body.String(); !strings.Contains(body, "${file:/a:b}") || !strings.Contains(body, `"topic":"t"`) {
		t.Errorf("a reference or a plain value is masked: %s", body)
	}
	plain := serve(t, s, nil)
	if body := call(t, plain, "GET", "/connectors/c/config", "").Body.String(); !strings.Contains(body, "1234-secret") {
		t.Errorf("without rest.mask.secrets Java shows it: %s", body)
	}
}
