//go:build integration

// Package integration runs the built binary against a real Apache Kafka 4.3.1.
// Without Java and Maven it says so and skips; in CI (CI=true) it fails.
package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

// wait bounds every wait of these tests; nothing is measured with it.
const wait = 90 * time.Second

func TestFileToKafkaToFileSurvivesKills(t *testing.T) {
	bootstrap := kafkatest.Broker(t)
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.txt")
	port := freePort(t)
	write(t, filepath.Join(dir, "worker.properties"), fmt.Sprintf(`bootstrap.servers=%s
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename=%s
offset.flush.interval.ms=200
consumer.session.timeout.ms=6000
listeners=http://127.0.0.1:%d
`, bootstrap, filepath.Join(dir, "offsets"), port))
	write(t, filepath.Join(dir, "source.properties"), "name=in\nconnector.class=FileStreamSource\ntasks.max=1\ntopic=lines\nfile="+in+"\n")
	write(t, filepath.Join(dir, "sink.json"), `{"name":"out","config":{"connector.class":"FileStreamSink","topics":"lines","file":"`+out+`"}}`)

	stopWriter := make(chan struct{})
	total := make(chan int, 1)
	go func() { total <- writeLines(t, in, stopWriter) }()
	const kills = 2
	for range kills {
		seen := countLines(out)
		cmd := startSluice(t, dir)
		until(t, "more lines in the sink's file", func() bool { return countLines(out) > seen+1000 })
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // killed: its error is expected
	}
	close(stopWriter)
	n := <-total
	cmd := startSluice(t, dir)
	until(t, "two connectors RUNNING", func() bool { return running(port) == 2 })
	until(t, "every line in the sink's file", func() bool { return missing(t, out, n) == 0 })
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the worker ended with %v after TERM", err)
	}
	inOrder(t, out, n)
}

func TestABadConnectorFileEndsWithExitCode3(t *testing.T) {
	bootstrap := kafkatest.Broker(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "worker.properties"), fmt.Sprintf(`bootstrap.servers=%s
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename=%s
listeners=http://127.0.0.1:0
`, bootstrap, filepath.Join(dir, "offsets")))
	write(t, filepath.Join(dir, "bad.json"), `{"name":"bad","config":{"connector.class":"NoSuchConnector"}}`)
	err := exec.CommandContext(t.Context(), binary(t), "standalone", filepath.Join(dir, "worker.properties"), filepath.Join(dir, "bad.json")).Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("the worker ended with %v, want exit code 3", err)
	}
}

func binary(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../bin/sluice")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: build it first, with make build", err)
	}
	return path
}

func startSluice(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	return startWith(t, dir, filepath.Join(dir, "source.properties"), filepath.Join(dir, "sink.json"))
}

// startWith starts a standalone worker of the directory's worker.properties.
func startWith(t *testing.T, dir string, connectors ...string) *exec.Cmd {
	t.Helper()
	args := append([]string{"standalone", filepath.Join(dir, "worker.properties")}, connectors...)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), binary(t), args...)
	log, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "log"))
			t.Logf("log of the worker:\n%s", b[max(0, len(b)-8000):])
		}
	})
	return cmd
}

// writeLines appends numbered lines until stop is closed, and returns how many.
func writeLines(t *testing.T, path string, stop chan struct{}) int {
	f, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer f.Close()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ; {
		select {
		case <-stop:
			return n
		case <-tick.C:
		}
		var b strings.Builder
		for range 100 {
			fmt.Fprintf(&b, "line %d\n", n)
			n++
		}
		if _, err := f.WriteString(b.String()); err != nil {
			t.Error(err)
			return n
		}
	}
}

// missing returns how many of the lines 0 to n-1 are not in the file.
func missing(t *testing.T, path string, n int) int {
	t.Helper()
	seen := make([]bool, n)
	left := n
	for _, i := range numbers(path) {
		if i < n && !seen[i] {
			seen[i] = true
			left--
		}
	}
	return left
}

// inOrder checks that the first occurrences of the lines are in order, and
// says how many came twice.
func inOrder(t *testing.T, path string, n int) {
	t.Helper()
	next, repeats := 0, 0
	for _, i := range numbers(path) {
		switch {
		case i == next:
			next++
		case i < next:
			repeats++
		default:
			t.Fatalf("line %d comes before line %d", i, next)
		}
	}
	t.Logf("%d lines, %d repeats", n, repeats)
}

func numbers(path string) []int {
	f, err := os.Open(path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var all []int
	s := bufio.NewScanner(f)
	for s.Scan() {
		var i int
		if _, err := fmt.Sscanf(s.Text(), "line %d", &i); err == nil {
			all = append(all, i)
		}
	}
	return all
}

func countLines(path string) int { return len(numbers(path)) }

func running(port int) int {
	resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/connectors?expand=status", port))
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var all map[string]struct {
		Status struct {
			Connector struct{ State string }
			Tasks     []struct{ State string }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return 0
	}
	n := 0
	for _, c := range all {
		if c.Status.Connector.State == "RUNNING" && len(c.Status.Tasks) == 1 && c.Status.Tasks[0].State == "RUNNING" {
			n++
		}
	}
	return n
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	end := time.Now().Add(wait)
	for !holds() {
		if time.Now().After(end) {
			t.Fatalf("no %s after %s", what, wait)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
