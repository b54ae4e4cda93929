package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// failure is an error whose text cannot be made.
type failure struct{ text *string }

func (f failure) Error() string { return *f.text }

func TestParseFormat(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Format{"": Text, "text": Text, " JSON ": JSON} {
		if got, err := ParseFormat(in); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := ParseFormat("xml"); err == nil || err.Error() != "log.format=xml is not known: text or json is possible" {
		t.Errorf("got %v", err)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		log  func(*slog.Logger)
		want string
	}{
		"plain":     {func(l *slog.Logger) { l.Info("worker is ready", "url", "http://x:1/", "n", 3) }, "INFO  worker is ready url=http://x:1/ n=3\n"},
		"connector": {func(l *slog.Logger) { l.With("connector", "a").Warn("m") }, "WARN  [a] m\n"},
		"task":      {func(l *slog.Logger) { l.With("connector", "a", "task", 0).Error("m", "k", 1) }, "ERROR [a|task-0] m k=1\n"},
		"task id":   {func(l *slog.Logger) { l.With("connector", "a-b").Info("m", "task", "a-b-12") }, "INFO  [a-b|task-12] m\n"},
		"task only": {func(l *slog.Logger) { l.Info("m", "task", "a-3") }, "INFO  [a-3] m\n"},
		"named":     {func(l *slog.Logger) { l.With(NameKey, "sluice.rest", "k", "v").Info("m") }, "INFO  m k=v\n"},
		"quoted": {
			func(l *slog.Logger) { l.Info("m", "a", "b c", "d", "", "e", `f"g`, "h", "i=j", "k", "\x1b[2J") },
			`INFO  m a="b c" d="" e="f\"g" h="i=j" k="\x1b[2J"` + "\n",
		},
		"unicode": {func(l *slog.Logger) { l.Info("größe", "ort", "東京") }, "INFO  größe ort=東京\n"},
		"injection": {
			func(l *slog.Logger) { l.With("connector", "a\nERROR").Info("m\r\nn\x1b", "k\nx", "v") },
			`INFO  [a\nERROR] m\r\nn\x1b "k\nx"=v` + "\n",
		},
		"error":  {func(l *slog.Logger) { l.Info("m", "error", errors.New("no way")) }, "INFO  m error=\"no way\"\n"},
		"nil":    {func(l *slog.Logger) { l.Info("m", "error", nil) }, "INFO  m error=<nil>\n"},
		"groups": {func(l *slog.Logger) { l.WithGroup("g").With("a", 1).Info("m", slog.Group("h", "b", 2)) }, "INFO  m g.a=1 g.h.b=2\n"},
		"block": {
			func(l *slog.Logger) { l.Error("m", "trace", "E: x\n\tat a\r\n\tat b\n", "k", "v") },
			"ERROR m k=v\n    trace:\n      E: x\n        at a\n        at b\n",
		},
		"one line and end": {func(l *slog.Logger) { l.Info("m", "a", "b\n") }, `INFO  m a="b\n"` + "\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			tt.log(New(Options{Writer: &out}))
			got := out.String()
			if stamp := regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} `).FindString(got); stamp == "" {
				t.Fatalf("no time in %q", got)
			} else if diff := cmp.Diff(tt.want, got[len(stamp):]); diff != "" {
				t.Error(diff)
			}
		})
	}
	var out bytes.Buffer
	New(Options{Writer: &out}).Info("m", "error", failure{})
	if !strings.Contains(out.String(), "PANIC") {
		t.Errorf("got %q", out.String())
	}
}

// Loggers that share attributes must not write into each other's.
func TestTextSiblings(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	parent := New(Options{Writer: &out}).With("a", 1, "b", "x\ny")
	one, two := parent.With("one", 1), parent.With("two", 2)
	one.Info("m", "c", 1)
	two.Info("m")
	lines := strings.Split(out.String(), "\n")
	if !strings.HasSuffix(lines[0], "m a=1 one=1 c=1") || !strings.HasSuffix(lines[4], "m a=1 two=2") {
		t.Errorf("got %q", lines)
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	secrets := &Secrets{}
	secrets.Add("hunter2")
	log := New(Options{Writer: &out, Format: JSON, Secrets: secrets})
	log.With("connector", "a", "task", 0, NameKey, "sluice.worker").Log(t.Context(), LevelFatal, "m hunter2", "error", fmt.Errorf("pw hunter2: %w", errors.New("x")))
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if _, ok := got["time"].(string); !ok {
		t.Errorf("time %v", got["time"])
	}
	delete(got, "time")
	want := map[string]any{"level": "FATAL", "logger": "sluice.worker", "msg": "m [hidden]", "connector": "a", "task": 0.0, "error": "pw [hidden]: x"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	secrets := &Secrets{}
	if got := secrets.Mask("abc"); got != "abc" {
		t.Errorf("got %q", got)
	}
	secrets.Add("pass", "password-long", "", "1", "12345", "file-content\n")
	for in, want := range map[string]string{
		"password-long":      Hidden,
		"x password-long, y": "x [hidden], y",
		"jdbc://u:pass@h":    "jdbc://u:[hidden]@h",
		"1":                  Hidden,
		"a1b":                "a1b",
		"k=file-content;":    "k=[hidden];",
		"k=file-content\n;":  "k=[hidden];",
	} {
		if got := secrets.Mask(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	type config struct{ Password string }
	var out bytes.Buffer
	for _, format := range []Format{Text, JSON} {
		log := New(Options{Writer: &out, Format: format, Secrets: secrets})
		log.With("w", "password-long").Info("m password-long", "s", "a password-long", "i", 12345, "any", config{"password-long"},
			slog.Group("g", "p", "password-long"), "ok", config{"plain"}, "lines", "a\npassword-long")
	}
	if got := out.String(); strings.Contains(got, "password-long") || strings.Contains(got, "12345") || strings.Count(got, Hidden) != 14 || strings.Count(got, "plain") != 2 {
		t.Errorf("got %s", got)
	}
}

func TestConcurrent(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	levels, secrets := NewLevels(), &Secrets{}
	log := New(Options{Writer: &out, Levels: levels, Secrets: secrets})
	var group sync.WaitGroup
	const goroutines, each = 8, 50
	for g := range goroutines {
		group.Go(func() {
			l := log.With(NameKey, fmt.Sprint("n.", g), "g", g)
			for i := range each {
				l.Info("message", "i", i)
				secrets.Add(fmt.Sprint("secret-", g, "-", i))
				levels.List()
				if _, err := levels.Set("n", "INFO", at); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != goroutines*each {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if !regexp.MustCompile(`^\S+ \S+ INFO  message g=\d i=\d+$`).MatchString(line) {
			t.Fatalf("line %q", line)
		}
	}
}
