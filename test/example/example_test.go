// Package example runs the guides in docs: the code that write-a-connector.md shows
// is that of examples/csv, which builds, passes its tests and moves the page's rows;
// the configurations of data-path.md are valid, and do what the page says.
package example

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	page   = "../../docs/write-a-connector.md"
	module = "../../examples/csv"
)

// blocks returns the code of a page in a language.
func blocks(t *testing.T, page, language string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllSubmatch(text, -1) {
		found = append(found, string(m[1]))
	}
	if len(found) == 0 {
		t.Fatalf("%s has no %s", page, language)
	}
	return found
}

func TestThePageShowsTheExample(t *testing.T) {
	t.Parallel()
	var code strings.Builder
	for _, pattern := range []string{"*.go", "*/*.go"} {
		paths, _ := filepath.Glob(filepath.Join(module, pattern)) // the pattern is good
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(text)
		}
	}
	for _, block := range blocks(t, page, "go") {
		if !strings.Contains(code.String(), block) {
			t.Errorf("%s shows code that is not in %s:\n%s", page, module, block)
		}
	}
}

// TestTheExampleRuns builds and tests the module as its author would, starts its
// program and creates the connectors of the page.
func TestTheExampleRuns(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	dir := t.TempDir()
	program := filepath.Join(dir, "sluice-csv")
	for _, args := range [][]string{{"vet", "./..."}, {"test", "./..."}, {"build", "-o", program, "./sluice-csv"}} {
		cmd := exec.CommandContext(ctx, "go", args...)
		cmd.Dir = module
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out")
	for _, d := range []string{in, out} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	const rows = "id,city\n1,Bonn\n2,\"Halle, Saale\"\n"
	if err := os.WriteFile(filepath.Join(in, "cities.csv"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	url := start(ctx, t, program, filepath.Join(dir, "data"))
	for _, body := range blocks(t, page, "json") {
		ask(ctx, t, http.MethodPost, url+"/connectors", json.RawMessage(strings.NewReplacer("/tmp/csv-in", in, "/tmp/csv-out", out).Replace(body)))
	}
	for path := filepath.Join(out, "cities-0.csv"); ; time.Sleep(50 * time.Millisecond) {
		text, err := os.ReadFile(path)
		if string(text) == rows {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%s holds %q (%v), want %q", path, text, err, rows)
		}
	}
}

// start starts the program with a broker of its own, until the test ends, and
// returns the address of its REST API.
func start(ctx context.Context, t *testing.T, program, data string) string {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, "dev", "--data", data, "--port", "0", "--kafka-port", "0")
	banner, err := os.Create(filepath.Join(t.TempDir(), "banner"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = banner, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program ends with %v", err)
		}
		_ = banner.Close()
		if t.Failed() {
			t.Logf("it said:\n%s", &log)
		}
	})
	return addressIn(ctx, t, banner.Name())
}

// addressIn waits for the address of the REST API in a banner.
func addressIn(ctx context.Context, t *testing.T, banner string) string {
	t.Helper()
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	return string(address.Find(await(ctx, t, func() ([]byte, bool) {
		text, err := os.ReadFile(banner)
		return text, err == nil && address.Match(text)
	})))
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
