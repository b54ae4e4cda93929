package kafkatest

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Java is a running Java Connect worker.
type Java struct {
	// URL is the root of its REST API, without a slash at the end.
	URL string
	// Log is the path of its log file.
	Log string

	name string
}

// JavaConnect starts a Java Connect worker, waits until its REST API answers,
// and stops it at the end of the test. With a group.id in the worker's
// properties it is a distributed worker; otherwise a standalone one, and
// connectors are its files. Properties that are not given: the shared broker,
// String converters, a free port, file connectors in plugin.path, and for the
// standalone worker an offsets file in the test's directory.
func JavaConnect(t testing.TB, worker map[string]string, connectors ...string) *Java {
	t.Helper()
	bootstrap := Broker(t)
	ctx := context.WithoutCancel(t.Context()) // it is stopped after the test's context ends
	plugins, err := Run(ctx, "plugins")
	check(t, err)
	url := worker["listeners"]
	if url == "" {
		url = fmt.Sprintf("http://127.0.0.1:%d", FreePort(t))
	}
	j := &Java{URL: url, name: "test-java-" + url[strings.LastIndexByte(url, ':')+1:]}
	props := map[string]string{
		"bootstrap.servers": bootstrap,
		"key.converter":     "org.apache.kafka.connect.storage.StringConverter",
		"value.converter":   "org.apache.kafka.connect.storage.StringConverter",
		"listeners":         j.URL,
		"plugin.path":       plugins,
	}
	verb := "connect"
	if worker["group.id"] == "" {
		verb = "standalone"
		props["offset.storage.file.filename"] = filepath.Join(t.TempDir(), "java.offsets")
	}
	maps.Copy(props, worker)
	file := filepath.Join(t.TempDir(), "worker.properties")
	check(t, os.WriteFile(file, Properties(props), 0o600))
	check(t, Guarded(ctx, j.name, append([]string{verb, "start", j.name, file}, connectors...)...))
	t.Cleanup(func() { j.Stop(t) })
	j.Log, err = Run(ctx, "log", j.name)
	check(t, err)
	j.Wait(t, "/connectors")
	return j
}

// Mirror returns a plugin.path with the connectors of MirrorMaker beside those of
// files.
func Mirror(t testing.TB) string {
	t.Helper()
	plugins, err := Run(t.Context(), "plugins")
	check(t, err)
	mirror, err := Run(t.Context(), "mirror")
	check(t, err)
	return plugins + "," + mirror
}

// Wait returns when GET of the path answers 200, and fails the test after two
// minutes. The worker creates the connectors of its files after its REST API is
// up, so wait for "/connectors/NAME" before using one.
func (j *Java) Wait(t testing.TB, path string) {
	t.Helper()
	_, err := Run(t.Context(), "wait", j.URL+path, "120")
	check(t, err)
}

// Stop ends the worker in order and waits for it: its offsets are then stored.
// Stopping twice does nothing.
func (j *Java) Stop(t testing.TB) {
	t.Helper()
	if _, err := Run(context.WithoutCancel(t.Context()), "stop", j.name); err != nil {
		t.Errorf("stop the Java worker: %v", err)
	}
}

// Properties renders keys and values as a .properties file, sorted by key.
// Values with a backslash or a line end are not its business.
func Properties(m map[string]string) []byte {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "%s=%s\n", k, m[k])
	}
	return []byte(b.String())
}

// Kill ends the worker with no chance to say goodbye.
func (j *Java) Kill() {
	_, _ = Run(context.Background(), "kill", j.name) // it may be gone
}

// Freeze stops the worker's process where it is, until Thaw: it answers nobody, and
// its connections stay open.
func (j *Java) Freeze(t testing.TB) { j.signal(t, syscall.SIGSTOP) }

// Thaw lets a frozen worker go on.
func (j *Java) Thaw(t testing.TB) { j.signal(t, syscall.SIGCONT) }

func (j *Java) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	text, err := Run(context.WithoutCancel(t.Context()), "pid", j.name)
	check(t, err)
	pid, err := strconv.Atoi(text)
	check(t, err)
	check(t, syscall.Kill(pid, sig))
}
