package telemetry

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var at = time.UnixMilli(1795406400123)

func TestLevelNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"info": "INFO", " Warn ": "WARN", "TRACE": "TRACE", "fatal": "FATAL", "off": "OFF", "all": "ALL"} {
		level, err := ParseLevel(in)
		if got := LevelName(level); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "BOGUS", "INFO2"} {
		_, err := ParseLevel(in)
		var bad *LevelError
		if !errors.As(err, &bad) || err.Error() != "invalid log level '"+in+"'." {
			t.Errorf("%q: %v", in, err)
		}
	}
	for level, want := range map[slog.Level]string{slog.LevelInfo + 1: "INFO", slog.LevelError + 1: "ERROR", LevelTrace - 5: "ALL", LevelTrace: "TRACE"} {
		if got := LevelName(level); got != want {
			t.Errorf("%d: %q, want %q", level, got, want)
		}
	}
}

// The steps are those that were recorded from the Java worker.
func TestSetAsJava(t *testing.T) {
	t.Parallel()
	levels := NewLevels()
	if got, ok := levels.Get("ROOT"); !ok || got != (LoggerLevel{Name: "root", Level: "INFO"}) {
		t.Errorf("got %v", got)
	}
	if _, ok := levels.Get("run.none"); ok {
		t.Error("unknown logger is there")
	}
	steps := []struct {
		name, level string
		want        []string
	}{
		{"run.pkg", "DEBUG", []string{"run.pkg"}},
		{"run.pkg", "DEBUG", []string{}},
		{"run.pkg", "warn", []string{"run.pkg"}},
		{"run.pkg.Sub", "TRACE", []string{"run.pkg.Sub"}},
		{"run.pkg", "ERROR", []string{"run.pkg", "run.pkg.Sub"}},
		{"run.pkg", "INFO", []string{"run.pkg", "run.pkg.Sub"}},
		{"run.new", "INFO", []string{}},
		{"abc", "DEBUG", []string{"abc"}},
		{"a", "ERROR", []string{"a", "abc"}},
		{"a", "OFF", []string{"a", "abc"}},
		{"a", "OFF", []string{"a", "abc"}},
		{"Root", "WARN", []string{"a", "abc", "root", "run.new", "run.pkg", "run.pkg.Sub"}},
	}
	for _, s := range steps {
		got, err := levels.Set(s.name, s.level, at)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Errorf("%s=%s: %s", s.name, s.level, diff)
		}
	}
	before := levels.List()
	if _, err := levels.Set("run.more", "BOGUS", at); err == nil {
		t.Error("no error")
	}
	if diff := cmp.Diff(before, levels.List()); diff != "" {
		t.Error(diff)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	levels := NewLevels()
	log := New(Options{Writer: &bytes.Buffer{}, Levels: levels})
	log.With(NameKey, "z.one")
	if _, err := levels.Set("b", "OFF", at); err != nil {
		t.Fatal(err)
	}
	if _, err := levels.Set("c", "DEBUG", at); err != nil {
		t.Fatal(err)
	}
	want := []LoggerLevel{
		{"c", "DEBUG", new(at.UnixMilli())},
		{"root", "INFO", nil},
		{"z.one", "INFO", nil},
	}
	if diff := cmp.Diff(want, levels.List()); diff != "" {
		t.Error(diff)
	}
	if got, ok := levels.Get("b"); !ok || got.Level != "OFF" {
		t.Errorf("got %v, %v", got, ok)
	}
}

func TestLevelsOfLoggers(t *testing.T) {
	t.Parallel()
	levels := NewLevels()
	log := New(Options{Writer: &bytes.Buffer{}, Levels: levels})
	early := log.With("k", "v", NameKey, "sluice.kafka.fetch")
	enabled := func(l *slog.Logger, level slog.Level, want bool) {
		t.Helper()
		if l.Enabled(t.Context(), level) != want {
			t.Errorf("level %s is not %v", LevelName(level), want)
		}
	}
	set := func(name, level string) {
		t.Helper()
		if _, err := levels.Set(name, level, at); err != nil {
			t.Fatal(err)
		}
	}
	enabled(early, slog.LevelDebug, false)
	set("sluice.kafka", "DEBUG")
	enabled(early, slog.LevelDebug, true)
	enabled(log, slog.LevelDebug, false)
	enabled(log.With(NameKey, "sluice.kafka.late"), slog.LevelDebug, true)
	enabled(log.With(NameKey, "sluice.kafkaesque"), slog.LevelDebug, false)
	enabled(early.WithGroup("g").With(NameKey, "other"), slog.LevelDebug, true)

	set("org.apache.kafka.clients", "ERROR") // later, so Java's name counts
	enabled(early, slog.LevelWarn, false)
	set("org.apache", "TRACE")
	enabled(early, LevelTrace, true)
	set("sluice", "WARN")
	enabled(early, slog.LevelInfo, false)

	set("", "OFF")
	enabled(early, LevelFatal, false)
	enabled(log, LevelOff, false)
	set("root", "ALL")
	enabled(early, LevelTrace-100, true)
}
