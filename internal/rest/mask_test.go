package rest_test

import (
	"context"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/internal/herder"
	"sluice/internal/store"
)

// secretive is a herder whose plugin has a PASSWORD key.
type secretive struct{ fakeHerder }

func (s *secretive) PluginConfig(context.Context, string, string) ([]herder.ConfigKeyInfo, error) {
	return []herder.ConfigKeyInfo{{Name: "pin", Type: "PASSWORD"}, {Name: "topic", Type: "STRING"}}, nil
}

// Put refuses what a validation of the mask would.
func (s *secretive) Put(ctx context.Context, name string, cfg config.Raw, target *store.TargetState, replace bool) (bool, herder.ConnectorInfo, error) {
	if *cfg["pin"] == config.Hidden {
		return false, herder.ConnectorInfo{}, &herder.Error{Status: 400, Message: "the pin is the mask"}
	}
	return s.fakeHerder.Put(ctx, name, cfg, target, replace)
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
	again := `{"name":"c","config":` + call(t, h, "GET", "/connectors/c/config", "").Body.String() + "}"
	if w := call(t, h, "POST", "/connectors", again); w.Code != 409 {
		t.Errorf("POST of a name that is there: %d %s", w.Code, w.Body)
	}
	plain := serve(t, s, nil)
	if body := call(t, plain, "GET", "/connectors/c/config", "").Body.String(); !strings.Contains(body, "1234-secret") {
		t.Errorf("without rest.mask.secrets Java shows it: %s", body)
	}
}

// parts is a herder whose converter and transformation have PASSWORD keys, and
// whose connector has failed with a trace that shows what it should not.
type parts struct{ fakeHerder }

func (p *parts) PluginConfig(_ context.Context, class, _ string) ([]herder.ConfigKeyInfo, error) {
	switch class {
	case "Conv":
		return []herder.ConfigKeyInfo{{Name: "auth", Type: "PASSWORD"}}, nil
	case "Trans":
		return []herder.ConfigKeyInfo{{Name: "salt", Type: "PASSWORD"}}, nil
	}
	return nil, nil
}

func (p *parts) Status(name string) (herder.ConnectorStatus, bool) {
	failed := store.Status{State: store.Failed, Trace: "refused: jdbc:postgresql://u:s3cr3t@db/x with s3cr3t-salt"}
	return herder.ConnectorStatus{Name: name, Connector: failed, Tasks: []herder.TaskStatus{{Status: failed}}}, true
}

func TestSecretsOfPartsAndURLsAreMasked(t *testing.T) {
	t.Parallel()
	p := &parts{fakeHerder{configs: map[string]config.Raw{}}}
	h := serve(t, p, config.Map{"rest.mask.secrets": "true"})
	const sent = `{"connector.class":"X","value.converter":"Conv","value.converter.auth":"s3cr3t-auth","transforms":"a, b","transforms.b.type":"Trans","transforms.b.salt":"s3cr3t-salt",` +
		`"connection.url":"jdbc:postgresql://u:s3cr3t@db:1/x?user=u&password=s3cr3t&ssl=true","brokers":"http://plain:1,https://v:s3cr3t@h"}`
	call(t, h, "PUT", "/connectors/c/config", sent)
	for _, path := range []string{"/connectors/c/config", "/connectors?expand=info&expand=status", "/connectors/c/status", "/connectors/c/tasks/0/status"} {
		if body := call(t, h, "GET", path, "").Body.String(); strings.Contains(body, "s3cr3t") || !strings.Contains(body, "[hidden]") {
			t.Errorf("GET %s: %s", path, body)
		}
	}
	shown := call(t, h, "GET", "/connectors/c/config", "").Body.String()
	for _, plain := range []string{"jdbc:postgresql://u:[hidden]@db:1/x?user=u", "&ssl=true", "http://plain:1,https://v:[hidden]@h"} {
		if !strings.Contains(shown, plain) {
			t.Errorf("%s is not in %s", plain, shown)
		}
	}
	if w := call(t, h, "PUT", "/connectors/c/config", shown); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, key := range []string{"value.converter.auth", "transforms.b.salt", "connection.url", "brokers"} {
		if got := *p.configs["c"][key]; !strings.Contains(got, "s3cr3t") || strings.Contains(got, "[hidden]") {
			t.Errorf("%s came back as %s", key, got)
		}
	}
}
