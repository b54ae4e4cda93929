package properties_test

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/properties"
)

const providerPackage = "org.apache.kafka.common.config.provider."

// write makes a file below dir and returns its path.
func write(t testing.TB, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newProviders(t testing.TB, more map[string]string) *properties.Providers {
	t.Helper()
	settings := map[string]string{
		"config.providers":            "file, dir,env",
		"config.providers.file.class": providerPackage + "FileConfigProvider",
		"config.providers.dir.class":  providerPackage + "DirectoryConfigProvider",
		"config.providers.env.class":  providerPackage + "EnvVarConfigProvider",
	}
	maps.Copy(settings, more)
	p, err := properties.NewProviders(settings)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestResolve(t *testing.T) {
	t.Setenv("SLUICE_TEST_VALUE", "from env")
	t.Setenv("SLUICE_TEST_EMPTY", "")
	dir := t.TempDir()
	file := write(t, dir, "s.properties", "user=me\npass\\ word=p\\u00e4ß\nempty=\ncolon\\:key=c\nnested=${env:SLUICE_TEST_VALUE}\n")
	write(t, dir, "d/pw", "secret\n")
	write(t, dir, "d/sub/x", "")
	if err := os.Symlink("pw", filepath.Join(dir, "d", "link")); err != nil {
		t.Fatal(err)
	}
	p := newProviders(t, nil)
	tests := []struct{ in, want, warning string }{
		{in: "plain", want: "plain"},
		{in: "${file:FILE:user}", want: "me"},
		{in: "jdbc://${file:FILE:user}:${file:FILE:pass word}@h/${env:SLUICE_TEST_VALUE}", want: "jdbc://me:päß@h/from env"},
		{in: "${file:FILE:empty}", want: ""},
		{in: "${file:FILE:colon:key}", want: "c"},
		{in: "${file:FILE:nested}", want: "${env:SLUICE_TEST_VALUE}"},
		{in: "${env::SLUICE_TEST_VALUE}", want: "from env"},
		{in: "${env:SLUICE_TEST_EMPTY}x", want: "x"},
		{in: "${dir:DIR:pw}|${dir:DIR:link}", want: "secret\n|secret\n"},
		{in: "$${env:SLUICE_TEST_VALUE}}", want: "$from env}"},
		{in: "${env:SLUICE_TEST_VALUE", want: "${env:SLUICE_TEST_VALUE"},
		{in: "${a}${}", want: "${a}${}"},
		{in: "${file:FILE:none}", warning: "no such key"},
		{in: "${file:user}", warning: "no path"},
		{in: "${dir:DIR:sub}", warning: "no such key"},
		{in: "${dir:DIR:../s.properties}", warning: "no such key"},
		{in: "${dir:FILE:x}", warning: "is not a directory"},
		{in: "${env:SLUICE_TEST_NONE}", warning: "no such key"},
		{in: "pa${ss:word}", warning: "config.providers has no such provider"},
	}
	fill := strings.NewReplacer("FILE", file, "DIR", filepath.Join(dir, "d")).Replace
	for _, tt := range tests {
		in := fill(tt.in)
		if tt.warning != "" {
			tt.want = in
		}
		got, err := p.Resolve(map[string]string{"k": in})
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if diff := cmp.Diff(map[string]string{"k": tt.want}, got.Config); diff != "" {
			t.Errorf("%s: %s", tt.in, diff)
		}
		if (tt.warning != "") != (len(got.Warnings) == 1) || tt.warning != "" && (!strings.Contains(got.Warnings[0], tt.warning) || !strings.HasPrefix(got.Warnings[0], "k: ")) {
			t.Errorf("%s: warnings %q, want %q", tt.in, got.Warnings, tt.warning)
		}
		if tt.warning != "" && len(got.Secrets) > 0 {
			t.Errorf("%s: secrets %q", tt.in, got.Secrets)
		}
		if strings.Contains(strings.Join(got.Warnings, ""), "word") {
			t.Errorf("%s: the text is in the warning %q", tt.in, got.Warnings)
		}
	}
	got, err := p.Resolve(map[string]string{"a": "x${file:" + file + ":user}${env:SLUICE_TEST_EMPTY}", "b": "${file:" + file + ":user}${env:SLUICE_TEST_VALUE}", "c": "me"})
	if err != nil {
		t.Fatal(err)
	}
	want := properties.Resolved{Config: map[string]string{"a": "xme", "b": "mefrom env", "c": "me"}, Secrets: []string{"from env", "me"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestResolveErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := newProviders(t, nil)
	for in, want := range map[string]string{
		"${file:" + dir + "/none:k}": "resolve the.key by config provider file: Could not read properties from file " + dir + "/none: ",
		"${file:" + write(t, dir, "bad.properties", "a=1\nb=secret\\u12") + ":a}": "bad.properties: line 2: key \"b\": malformed escape",
		"${file:" + write(t, dir, "latin.properties", "a=\xe4secret") + ":a}":     "latin.properties: it is not UTF-8",
		"${dir:" + filepath.Dir(write(t, dir, "d/x", "secret\xff")) + ":x}":       "Could not read file " + dir + "/d/x for property x: it is not UTF-8",
		"${env:/path:HOME}": "Path is not supported for EnvVarConfigProvider, invalid value '/path'",
	} {
		got, err := p.Resolve(map[string]string{"the.key": in, "other": "x"})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "the.key") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
		if got.Config != nil {
			t.Errorf("%s: half of it is resolved: %v", in, got.Config)
		}
	}
}

func TestAllowed(t *testing.T) {
	t.Setenv("SLUICE_TEST_A", "a")
	t.Setenv("SLUICE_TEST_AB", "b")
	dir := t.TempDir()
	write(t, dir, "in/f", "k=v")
	write(t, dir, "in/deep/f", "k=v")
	write(t, dir, "inside/f", "k=v")
	write(t, dir, "one/f", "k=v")
	allowed := dir + "/in," + dir + "/one/f"
	p := newProviders(t, map[string]string{
		"config.providers.file.param.allowed.paths":    allowed,
		"config.providers.dir.param.allowed.paths":     allowed,
		"config.providers.env.param.allowlist.pattern": "SLUICE_TEST_A|X",
	})
	for in, want := range map[string]bool{
		"${file:DIR/in/f:k}": true, "${file:DIR/in/deep/../f:k}": true, "${file:DIR/one/f:k}": true, "${dir:DIR/in/deep:f}": true,
		"${file:DIR/in/../inside/f:k}": false, "${file:DIR/inside/f:k}": false, "${dir:DIR/inside:f}": false, "${file:in/f:k}": false,
		"${dir:DIR/one:f}": false, "${env:SLUICE_TEST_A}": true, "${env:SLUICE_TEST_AB}": false,
	} {
		in = strings.ReplaceAll(in, "DIR", dir)
		got, err := p.Resolve(map[string]string{"k": in})
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if (got.Config["k"] != in) != want {
			t.Errorf("%s: %v", in, got)
		}
		if want != (len(got.Warnings) == 0) || !want && !strings.Contains(got.Warnings[0], "allow") {
			t.Errorf("%s: warnings %q", in, got.Warnings)
		}
	}
}

func TestNewProvidersErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, tt := range map[string]struct {
		settings map[string]string
		want     string
	}{
		"class": {
			map[string]string{"config.providers": "x", "config.providers.x.class": "a.Vault"},
			"invalid value a.Vault for configuration config.providers.x.class: Could not load config provider class",
		},
		"relative": {
			map[string]string{"config.providers": "x", "config.providers.x.class": providerPackage + "FileConfigProvider", "config.providers.x.param.allowed.paths": "/, b"},
			"for configuration config.providers.x.param.allowed.paths: Path  b is not absolute",
		},
		"missing": {
			map[string]string{"config.providers": "x", "config.providers.x.class": providerPackage + "DirectoryConfigProvider", "config.providers.x.param.allowed.paths": dir + "/none"},
			"Path " + dir + "/none does not exist",
		},
		"pattern": {
			map[string]string{"config.providers": "x", "config.providers.x.class": providerPackage + "EnvVarConfigProvider", "config.providers.x.param.allowlist.pattern": "["},
			"invalid value [ for configuration config.providers.x.param.allowlist.pattern",
		},
	} {
		if _, err := properties.NewProviders(tt.settings); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	p, err := properties.NewProviders(map[string]string{"config.providers": "x"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := p.Resolve(map[string]string{"k": "${x:y}"})
	if err != nil || len(got.Warnings) != 2 || !strings.Contains(got.Warnings[0], "config.providers.x.class is missing") || got.Config["k"] != "${x:y}" {
		t.Errorf("got %v, %v", got, err)
	}
}

// FuzzResolve holds that text without a reference to a provider stays as it is,
// and that each such reference goes.
func FuzzResolve(f *testing.F) {
	dir := f.TempDir()
	file := write(f, dir, "f", "k=v")
	p := newProviders(f, nil)
	for _, s := range []string{"", "${x:y}", "${a:b:c}${", "$${{x:}}", "\xff${:}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "${file") || strings.Contains(text, "${dir") || strings.Contains(text, "${env") {
			return
		}
		text = strings.ReplaceAll(text, "$", "") + strings.ReplaceAll(text, "}", "")
		want := strings.TrimSuffix(text, "$") + "}v"
		got, err := p.Resolve(map[string]string{"k": strings.TrimSuffix(text, "$") + "}${file:" + file + ":k}"})
		if err != nil {
			t.Fatal(err)
		}
		if got.Config["k"] != want {
			t.Errorf("got %q, want %q", got.Config["k"], want)
		}
	})
}
