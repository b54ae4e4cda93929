package conformance_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/internal/app"
	"sluice/internal/kafka/embedded"
	"sluice/test/conformance"
)

var (
	targetURL = flag.String("target", os.Getenv("SLUICE_CONFORMANCE_TARGET"), "URL of a running worker, instead of one of our own")
	mode      = flag.String("mode", "standalone", "distributed, standalone or alt: which cases and answers")
	only      = flag.String("only", "*", "glob of the names of cases")
	seed      = flag.Uint64("seed", 1, "of the random requests")
	requests  = flag.Int("requests", 2000, "how many random requests")
	soak      = flag.Duration("soak", 0, "send random requests for this long, with seeds from -seed on")
	record    = flag.Bool("record", false, "put the answers into the cases; for the Java worker only")
)

// The worker files are those that the answers were recorded with.
const (
	common = `bootstrap.servers=%s
key.converter=org.apache.kafka.connect.json.JsonConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
key.converter.schemas.enable=true
value.converter.schemas.enable=true
offset.flush.interval.ms=1000
listeners=http://127.0.0.1:%d
`
	// group are the settings of a distributed worker.
	group = `group.id=rest
offset.storage.topic=rest-offsets
offset.storage.replication.factor=1
offset.storage.partitions=5
config.storage.topic=rest-configs
config.storage.replication.factor=1
status.storage.topic=rest-status
status.storage.replication.factor=1
`
	// alt are the settings of the mode alt, on a standalone worker.
	alt = `access.control.allow.origin=http://ok.example
access.control.allow.methods=GET,POST
response.http.headers.config=set X-Frame-Options: DENY, "add X-Suite: one, two"
topic.tracking.allow.reset=false
admin.listeners=
connector.client.config.override.policy=None
config.providers=file
config.providers.file.class=org.apache.kafka.common.config.provider.FileConfigProvider
`
)

// TestRecordedAnswers replays the answers of the Java worker.
func TestRecordedAnswers(t *testing.T) {
	address := *targetURL
	if address == "" {
		address = startWorker(t, "", standalone)
	}
	replay(t, address, *mode, nil)
}

// TestRecordedAnswersOfAGroup replays those of a distributed worker.
func TestRecordedAnswersOfAGroup(t *testing.T) {
	if *targetURL != "" {
		t.Skip("SKIPPED: this test starts a worker of its own; give -mode distributed with a target instead")
	}
	replay(t, startWorker(t, group, app.New().Distributed), "distributed", nil)
}

func standalone(ctx context.Context, file string, logs io.Writer) error {
	return app.New().Standalone(ctx, file, nil, logs)
}

// TestRecordedRestrictions replays those of a worker with CORS, header rules, no
// admin listener and no client overrides.
func TestRecordedRestrictions(t *testing.T) {
	if *targetURL != "" {
		t.Skip("SKIPPED: this test needs a worker with other settings; give -mode alt with a target instead")
	}
	replay(t, startWorker(t, alt, standalone), "alt", nil)
}

// TestLevelsOfAConnector: a connector and its tasks have a logger of their own.
func TestLevelsOfAConnector(t *testing.T) {
	t.Parallel()
	if *targetURL != "" {
		t.Skip("SKIPPED: the Java worker has no such loggers")
	}
	address := startWorker(t, "", standalone)
	send := func(method, path, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	send(http.MethodPost, "/connectors", `{"name":"one","config":{"connector.class":"FileStreamSink","topics":"t","file":"`+filepath.Join(t.TempDir(), "out")+`"}}`)
	if status, body := send(http.MethodPut, "/admin/loggers/org.apache.kafka.connect.runtime.Worker", `{"level":"ERROR"}`); status != 200 {
		t.Errorf("Java's name of the worker: %d %s", status, body)
	}
	if status, body := send(http.MethodGet, "/admin/loggers/sluice.worker", ""); status != 200 || !strings.Contains(body, `"ERROR"`) {
		t.Errorf("Java's name did not change ours: %d %s", status, body)
	}
	if status, body := send(http.MethodPut, "/admin/loggers/sluice.connector.one", `{"level":"TRACE"}`); status != 200 || body != `["sluice.connector.one"]` {
		t.Errorf("the connector's logger: %d %s", status, body)
	}
}

// TestRandomRequests sends requests that a seed makes: no panic, no 5xx without a
// reason, no hang.
func TestRandomRequests(t *testing.T) {
	t.Parallel()
	if *targetURL != "" {
		random(t, *targetURL, *mode, *requests)
		return
	}
	t.Run("standalone", func(t *testing.T) {
		t.Parallel()
		random(t, startWorker(t, "", standalone), "standalone", *requests)
	})
	t.Run("distributed", func(t *testing.T) {
		t.Parallel()
		random(t, startWorker(t, group, app.New().Distributed), "distributed", *requests)
	})
}

func random(t *testing.T, address, mode string, requests int) {
	t.Helper()
	r, err := conformance.NewRunner(t.Context(), address, mode, false)
	if err != nil {
		t.Fatal(err)
	}
	sent, began, problems := 0, time.Now(), 0
	for seed := *seed; ; seed++ {
		for _, problem := range r.Random(t.Context(), seed, requests, t.TempDir()) {
			if problems++; problems <= 20 {
				t.Error(problem)
			}
		}
		sent += requests
		if time.Since(began) >= *soak {
			break
		}
	}
	t.Logf("%s: %d requests in %s, %d problems", mode, sent, time.Since(began).Truncate(time.Second), problems)
}

// replay runs the cases against a worker. except has the cases that
// are not for it, and the steps that may fail.
func replay(t *testing.T, address, mode string, except map[string]bool) {
	t.Helper()
	r, err := conformance.NewRunner(t.Context(), address, mode, *record)
	if err != nil {
		t.Fatal(err)
	}
	cases, err := conformance.Load("cases", mode)
	if err != nil {
		t.Fatal(err)
	}
	var steps, failed atomic.Int64
	t.Run(mode, func(t *testing.T) {
		for _, c := range cases {
			if fits, err := path.Match(*only, c.Name); err != nil || !fits {
				continue
			}
			if except[c.Name] {
				continue
			}
			t.Run(c.Name, func(t *testing.T) {
				if *targetURL == "" && parallel(c.Name) {
					t.Parallel()
				}
				n, wrong, err := r.Run(t.Context(), c, t.TempDir())
				if err != nil {
					t.Fatal(err)
				}
				steps.Add(int64(n))
				for _, w := range wrong {
					step, _, _ := strings.Cut(w, "] ")
					if except[c.Name+" "+step+"]"] {
						continue
					}
					failed.Add(1)
					t.Error(w)
				}
				if *record {
					if err := c.Save(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	})
	t.Logf("%s: %d steps, %d failed", mode, steps.Load(), failed.Load())
}

// parallel reports whether a case may run beside others: not those that change
// loggers of the worker, or look at all of its connectors.
func parallel(name string) bool { return name != "loggers" && name != "list-expand" }

// startWorker runs a worker on an embedded broker until the test ends.
func startWorker(t *testing.T, settings string, run func(ctx context.Context, file string, logs io.Writer) error) string {
	t.Helper()
	return startWorkerOn(t, startBroker(t), settings, run)
}

func startBroker(t *testing.T) string {
	t.Helper()
	broker, err := embedded.Start(t.Context(), embedded.Config{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := broker.Close(); err != nil {
			t.Errorf("the broker ended with %v", err)
		}
	})
	return broker.Addr()
}

func startWorkerOn(t *testing.T, broker, settings string, run func(ctx context.Context, file string, logs io.Writer) error) string {
	t.Helper()
	dir, port := t.TempDir(), freePort(t)
	file := filepath.Join(dir, "worker.properties")
	text := fmt.Sprintf(common, broker, port) + settings
	if !strings.Contains(settings, "group.id") {
		text += "offset.storage.file.filename=" + filepath.Join(dir, "offsets") + "\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, file, io.Discard) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the worker ended with %v", err)
		}
	})
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	awaitHealth(t, address, ended)
	return address
}

func awaitHealth(t *testing.T, address string, ended chan error) {
	t.Helper()
	for range 600 {
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("the worker did not start: %v", err)
		default:
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address+"/health", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the worker at %s is not healthy", address)
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}
