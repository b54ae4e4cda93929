package kafkatest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// Binary returns the path of the built binary, which `make build` makes.
func Binary(t testing.TB) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	path := filepath.Join(filepath.Dir(file), "..", "..", "bin", "sluice")
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: build it first, with make build", err)
	}
	return path
}

// Sluice starts our worker in standalone mode, with properties as those of
// JavaConnect, waits until its REST API answers, and stops it at the end of the
// test. It returns the root of the API, without a slash at the end.
func Sluice(t testing.TB, worker map[string]string, connectors ...string) string {
	t.Helper()
	url := fmt.Sprintf("http://127.0.0.1:%d", FreePort(t))
	props := map[string]string{
		"key.converter":                "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":              "org.apache.kafka.connect.storage.StringConverter",
		"offset.storage.file.filename": filepath.Join(t.TempDir(), "sluice.offsets"),
		"listeners":                    url,
	}
	maps.Copy(props, worker)
	if props["bootstrap.servers"] == "" {
		props["bootstrap.servers"] = Broker(t)
	}
	file := filepath.Join(t.TempDir(), "worker.properties")
	check(t, os.WriteFile(file, Properties(props), 0o600))
	log, err := os.Create(filepath.Join(t.TempDir(), "sluice.log"))
	check(t, err)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), Binary(t), append([]string{"standalone", file}, connectors...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // the end is what counts: it may be killed
		close(ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may be gone
		select {
		case <-ended:
		case <-time.After(time.Minute):
			_ = cmd.Process.Kill() // as above
			<-ended
			t.Error("the worker did not end after TERM")
		}
		_ = log.Close()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("log of the worker:\n%s", text[max(0, len(text)-6000):])
		}
	})
	for end := time.Now().Add(time.Minute); ; {
		if answers(t.Context(), url+"/connectors") {
			return url
		}
		if time.Now().After(end) {
			t.Fatalf("no answer from %s", url)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func answers(ctx context.Context, url string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}
