package kafkatest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Worker is our worker, in a process that can be killed and frozen.
type Worker struct {
	// URL is the root of its REST API, without a slash at the end.
	URL string
	// Log is the path of its log file.
	Log string

	cmd *exec.Cmd
}

// DistributedProps are the properties of a distributed worker, Java's or ours, of
// the group: its internal topics bear the group's name, and it gives lost work
// away at once.
func DistributedProps(t testing.TB, group string) map[string]string {
	t.Helper()
	props := map[string]string{
		"bootstrap.servers": Broker(t), "group.id": group,
		"key.converter":                    "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":                  "org.apache.kafka.connect.storage.StringConverter",
		"offset.flush.interval.ms":         "500",
		"scheduled.rebalance.max.delay.ms": "0",
	}
	for _, kind := range []string{"config", "offset", "status"} {
		props[kind+".storage.topic"] = group + "-" + kind
		props[kind+".storage.replication.factor"] = "1"
	}
	return props
}

// Distributed starts our worker in distributed mode with the properties, on a port of its
// own where they name no listeners. It is killed at the end of the test, if it runs still.
func Distributed(t testing.TB, props map[string]string) *Worker {
	t.Helper()
	return launch(t, "distributed", props)
}

// Standalone starts our worker in standalone mode, as Distributed does, with the
// connectors of the files.
func Standalone(t testing.TB, props map[string]string, connectors ...string) *Worker {
	t.Helper()
	return launch(t, "standalone", props, connectors...)
}

func launch(t testing.TB, verb string, props map[string]string, connectors ...string) *Worker {
	t.Helper()
	dir := t.TempDir()
	s := &Worker{URL: props["listeners"], Log: filepath.Join(dir, "log")}
	if s.URL == "" {
		s.URL = fmt.Sprintf("http://127.0.0.1:%d", FreePort(t))
	}
	all := maps.Clone(props)
	all["listeners"] = s.URL
	file := filepath.Join(dir, "worker.properties")
	check(t, os.WriteFile(file, Properties(all), 0o600))
	log, err := os.Create(s.Log)
	check(t, err)
	s.cmd = exec.CommandContext(context.WithoutCancel(t.Context()), Binary(t), append([]string{verb, file}, connectors...)...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(t, s.cmd.Start())
	t.Cleanup(func() {
		s.Kill()
		_ = log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(s.Log)
			t.Logf("log of the worker %s:\n%s", s.URL, b[max(0, len(b)-6000):])
		}
	})
	return s
}

// WorkerID is how statuses name the worker.
func (s *Worker) WorkerID() string { return strings.TrimPrefix(s.URL, "http://") }

// WorkerID is how statuses name the worker.
func (j *Java) WorkerID() string { return strings.TrimPrefix(j.URL, "http://") }

// Kill ends the worker with no chance to say goodbye.
func (s *Worker) Kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait() // killed: its error is expected
	}
}

// Freeze stops the worker's process where it is, until Thaw: it answers nobody, and
// its connections stay open.
func (s *Worker) Freeze(t testing.TB) {
	t.Helper()
	check(t, s.cmd.Process.Signal(syscall.SIGSTOP))
}

// Thaw lets a frozen worker go on.
func (s *Worker) Thaw(t testing.TB) {
	t.Helper()
	check(t, s.cmd.Process.Signal(syscall.SIGCONT))
}

// PID is the id of the worker's process.
func (s *Worker) PID() int { return s.cmd.Process.Pid }

// Stop ends the worker in order and waits for it. The test fails when the worker
// does not end with exit code 0.
func (s *Worker) Stop(t testing.TB) {
	t.Helper()
	check(t, s.cmd.Process.Signal(os.Interrupt))
	late := time.AfterFunc(patience, func() { _ = s.cmd.Process.Kill() }) // Wait tells
	defer late.Stop()
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("the worker ended with %v after an interrupt", err)
	}
}
