package app

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
	"sluice/internal/rest"
	"sluice/internal/setting"
)

const least = "bootstrap.servers=127.0.0.1:1\nkey.converter=StringConverter\nvalue.converter=org.apache.kafka.connect.json.JsonConverter\noffset.storage.file.filename=/o\n"

func TestReadWorkerWarns(t *testing.T) {
	t.Parallel()
	var logs bytes.Buffer
	path := put(t, "w.properties", least+"offset.flush.intervall.ms=1\nproducer.acks=all\nlonely\ngroup.id=g\nplugin.path=/x\nvalue.converter.schemas.enable=false\nsecurity.protocol=SSL\n")
	if _, err := readWorker(setting.Standalone, path, New().registry, &logs); err != nil {
		t.Fatal(err)
	}
	var warned []string
	for line := range strings.Lines(logs.String()) {
		for _, key := range []string{"offset.flush.intervall.ms", "producer.acks", "lonely", "group.id", "plugin.path", "schemas.enable", "security.protocol"} {
			if strings.Contains(line, key) && strings.Contains(line, "WARN") {
				warned = append(warned, key)
			}
		}
	}
	if diff := cmp.Diff([]string{"lonely", "lonely", "offset.flush.intervall.ms"}, slices.Sorted(slices.Values(warned))); diff != "" {
		t.Errorf("keys warned of: %s\n%s", diff, logs.String())
	}
}

func TestReadWorkerRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		least + "offset.flush.interval.ms=soon":                                    "Invalid value soon for configuration offset.flush.interval.ms: Not a number of type LONG",
		least + "value.converter=no.Such":                                          "Invalid value no.Such for configuration value.converter: Class no.Such could not be found.",
		least + "config.providers=x\nconfig.providers.x.class=my.Vault":            "invalid value my.Vault for configuration config.providers.x.class",
		least + "metric.reporters=com.example.Reporter":                            "metric.reporters=com.example.Reporter: the reporter com.example.Reporter is Java code",
		least + "rest.answers=maybe":                                               "Invalid value maybe for configuration rest.answers: String must be one of: worker, page",
		strings.Replace(least, "bootstrap.servers", "#", 1):                        `Missing required configuration "bootstrap.servers" which has no default value.`,
		strings.Replace(least, "StringConverter", "StringConvertor", 1) + "a=\\u1": "malformed escape",
	} {
		path := put(t, "w.properties", text)
		_, err := readWorker(setting.Standalone, path, New().registry, &bytes.Buffer{})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: %v, want %s and the file's name", text, err, want)
		}
	}
}

// Values of config providers and of PASSWORD keys get into the settings and
// into no log line (invariant 6).
func TestReadWorkerKeepsSecrets(t *testing.T) {
	t.Parallel()
	secrets := put(t, "secrets.properties", "password=hunter22\n")
	var logs bytes.Buffer
	path := put(t, "w.properties", least+"config.providers=file\nconfig.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider\n"+
		"producer.ssl.keystore.password=${file:"+secrets+":password}\nconsumer.sasl.jaas.config=openSesame\nother.key=${file:"+secrets+":nothing}\n")
	f, err := readWorker(setting.Standalone, path, New().registry, &logs)
	if err != nil {
		t.Fatal(err)
	}
	if got := f.settings["producer.ssl.keystore.password"]; got != "hunter22" {
		t.Errorf("the setting is %q", got)
	}
	f.log.Info("settings", "all", f.settings)
	f.log.Warn("jaas is openSesame")
	if text := logs.String(); strings.Contains(text, "hunter22") || strings.Contains(text, "openSesame") || !strings.Contains(text, "there is no such key") {
		t.Errorf("the log shows a secret, or no unresolved reference:\n%s", text)
	}
}

// The JAAS file is found where users of the Java worker name it, unless the worker
// file names one.
func TestJAASFileOfKafkaOpts(t *testing.T) {
	t.Parallel()
	settings := config.Map{}
	jaasFile(settings, `-Xmx1g -Djava.security.auth.login.config="/etc/jaas.conf" -Dx=y`)
	if got := settings[rest.JAASFileKey]; got != "/etc/jaas.conf" {
		t.Errorf("the file is %q", got)
	}
	jaasFile(settings, "-Djava.security.auth.login.config=/other")
	if got := settings[rest.JAASFileKey]; got != "/etc/jaas.conf" {
		t.Errorf("the file is %q, although the settings name one", got)
	}
}
