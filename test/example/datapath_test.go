package example

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/internal/app"
)

const dataPath = "../../docs/data-path.md"

// TestDataPath validates every configuration of the guide. Those that need nothing
// else run: the source gives lines that are no JSON to the sink with a dead letter
// queue. Then every metric that the guide names is there.
func TestDataPath(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	banner := filepath.Join(dir, "banner")
	screen, err := os.Create(banner)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- app.New().Dev(ctx, app.DevOptions{Data: filepath.Join(dir, "data"), LogFormat: "text", Out: screen, Logs: io.Discard})
	}()
	url := addressIn(ctx, t, banner)

	configs := map[string]map[string]string{}
	for _, block := range blocks(t, dataPath, "json") {
		var cfg map[string]string
		if err := json.Unmarshal([]byte(strings.ReplaceAll(block, "/tmp/", dir+"/")), &cfg); err != nil {
			t.Fatalf("%v in %s", err, block)
		}
		configs[cfg["name"]] = cfg
		var infos struct {
			ErrorCount int `json:"error_count"`
		}
		answer := ask(ctx, t, http.MethodPut, url+"/connector-plugins/"+cfg["connector.class"]+"/config/validate", cfg)
		if err := json.Unmarshal(answer, &infos); err != nil || infos.ErrorCount != 0 {
			t.Errorf("%s has errors (%v): %s", cfg["name"], err, answer)
		}
	}
	source, sink := configs["lines"], configs["orders-checked"]
	if err := os.WriteFile(source["file"], []byte("no JSON\n{\"a\":1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	source["value.converter"] = "org.apache.kafka.connect.storage.StringConverter"
	sink["topics"], sink["errors.deadletterqueue.topic.name"] = source["topic"], "dead"
	for _, cfg := range []map[string]string{source, sink} {
		ask(ctx, t, http.MethodPut, url+"/connectors/"+cfg["name"]+"/config", cfg)
	}
	skipped := regexp.MustCompile(`kafka_connect_task_error_total_records_skipped\{connector="orders-checked",task="0"\} 1\n`)
	scrape := await(ctx, t, func() ([]byte, bool) {
		metrics := ask(ctx, t, http.MethodGet, url+"/metrics", nil)
		return metrics, skipped.Match(metrics)
	})
	text, err := os.ReadFile(dataPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`\b(?:kafka_connect|sluice)_[a-z_]+[a-z]\b`).FindAll(text, -1) {
		if !bytes.Contains(scrape, append([]byte("\n"), name...)) {
			t.Errorf("the guide names the metric %s, which is not there", name)
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// await asks again until the answer is right.
func await(ctx context.Context, t *testing.T, look func() ([]byte, bool)) []byte {
	t.Helper()
	for {
		got, right := look()
		if right {
			return got
		}
		select {
		case <-ctx.Done():
			t.Fatalf("not in time; at last: %s", got)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// ask sends a request with a JSON body, if any, and returns the answer's.
func ask(ctx context.Context, t *testing.T, method, url string, body any) []byte {
	t.Helper()
	var reader io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		t.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		t.Fatalf("%s %s: %d %s %v", method, url, res.StatusCode, answer, err)
	}
	return answer
}
