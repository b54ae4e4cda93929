package app

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var p progress
	var got []string
	for _, counts := range [][2]int64{{0, 0}, {1500, 1000}, {100, 1_234_000}} { // the source has begun anew
		got = append(got, p.next(at, counts[0], counts[1]))
		at = at.Add(2 * time.Second)
	}
	want := []string{
		"moving: 0 records in (0/s), 0 out (0/s)",
		"moving: 1,500 records in (750/s), 1,000 out (500/s)",
		"moving: 1,600 records in (50/s), 1,234,000 out (616,500/s)",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// On a terminal the line is written over, and log lines come above it.
func TestScreenOnATerminal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := &screen{out: &out, live: true}
		logs := s.over(&out)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.follow(ctx, func() (int64, int64) { return 7, 3 })
		}()
		time.Sleep(liveEvery)
		synctest.Wait()
		if _, err := logs.Write([]byte("a log line\n")); err != nil {
			t.Fatal(err)
		}
		cancel()
		<-done
		line := "moving: 7 records in (0/s), 3 out (0/s)"
		want := line + "\r\x1b[K" + "a log line\n" + line + "\r\x1b[K"
		if diff := cmp.Diff(want, out.String()); diff != "" {
			t.Error(diff)
		}
	})
}

// Elsewhere there is a plain line from time to time.
func TestScreenElsewhere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := newScreen(&out)
		ctx, cancel := context.WithTimeout(t.Context(), 2*plainEvery+time.Second)
		defer cancel()
		s.follow(ctx, func() (int64, int64) { return 7, 3 })
		if got := strings.Count(out.String(), "\n"); got != 2 || strings.ContainsAny(out.String(), "\r\x1b") {
			t.Errorf("got %q", out.String())
		}
	})
}

// The commands of the banner are right for what runs.
func TestBanner(t *testing.T) {
	t.Parallel()
	none := devBanner("http://127.0.0.1:8083/", "127.0.0.1:9092", "/d", nil)
	for _, want := range []string{"http://127.0.0.1:8083/connectors/users/config", "/connector-plugins", "'http://127.0.0.1:8083/connectors?expand=status'", "/d\n", "127.0.0.1:9092"} {
		if !strings.Contains(none, want) {
			t.Errorf("without an example, %s is missing:\n%s", want, none)
		}
	}
	example := devBanner("http://127.0.0.1:8083/", "127.0.0.1:9092", "/d", []connectorFile{
		{name: "clicks", config: config.Map{"connector.class": "x.DatagenConnector"}.Raw()},
		{name: "out", config: config.Map{"connector.class": "x.FileStreamSinkConnector", "file": "/d/out.txt"}.Raw()},
	})
	for _, want := range []string{"running: clicks (DatagenConnector)", "tail -f /d/out.txt", "-X PUT http://127.0.0.1:8083/connectors/clicks/pause"} {
		if !strings.Contains(example, want) {
			t.Errorf("with an example, %s is missing:\n%s", want, example)
		}
	}
	for _, banner := range []string{none, example} {
		_, next, _ := strings.Cut(banner, "Try next:\n")
		if n := strings.Count(next, "\n"); n != 3 {
			t.Errorf("%d commands, want 3:\n%s", n, next)
		}
	}
}
