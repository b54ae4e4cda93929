package conformance_test

import (
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/internal/app"
)

// TestRecordedAnswersThroughAFollower replays the answers of a distributed worker
// through a worker that forwards to the leader: what passes through a Java follower,
// must here.
func TestRecordedAnswersThroughAFollower(t *testing.T) {
	if *targetURL != "" {
		t.Skip("SKIPPED: this test starts workers of its own")
	}
	broker := startBroker(t)
	var workers []string
	for range 3 {
		workers = append(workers, startWorkerOn(t, broker, group+"heartbeat.interval.ms=100\n", app.New().Distributed))
	}
	replay(t, awaitFollower(t, workers), "distributed", notThroughFollowers(t))
}

// notThroughFollowers reads which cases and steps do not pass through a Java follower.
func notThroughFollowers(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("follower.txt")
	if err != nil {
		t.Fatal(err)
	}
	except := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		if step, _, _ := strings.Cut(line, "#"); strings.TrimSpace(step) != "" {
			except[strings.TrimSpace(step)] = true
		}
	}
	return except
}

// awaitFollower waits until one worker leads, and returns one that does not: only
// the leader answers a write that may not be forwarded.
func awaitFollower(t *testing.T, workers []string) string {
	t.Helper()
	for range 600 {
		leaders, follower := 0, ""
		for _, address := range workers {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, address+"/connectors/none?forward=false", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			switch res.StatusCode {
			case http.StatusNotFound:
				leaders++
			case http.StatusConflict:
				follower = address
			}
		}
		if leaders == 1 && follower != "" {
			return follower
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("no worker leads the others")
	return ""
}
