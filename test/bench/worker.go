package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	kafkatest "sluice/test/kafka"
)

// ticksPerSecond is the unit of CPU times in /proc, the same on every Linux.
const ticksPerSecond = 100

// errEnded is the error of a worker that ended by itself with exit code 0.
var errEnded = errors.New("exit code 0")

// kind is a worker to measure.
type kind struct {
	name    string
	command func(ctx context.Context, m mode, files []string) *exec.Cmd
}

// mode is how a worker runs.
type mode int

const (
	standalone mode = iota
	distributed
)

// javaName is the kind that ours is compared with.
const javaName = "Java"

func java() kind {
	return kind{name: javaName, command: func(ctx context.Context, m mode, files []string) *exec.Cmd {
		class := [...]string{standalone: "org.apache.kafka.connect.cli.ConnectStandalone", distributed: "org.apache.kafka.connect.cli.ConnectDistributed"}[m]
		return kafkatest.Command(ctx, append([]string{"java", class}, files...)...)
	}}
}

func sluice(binary string) kind {
	return kind{name: "Sluice", command: func(ctx context.Context, m mode, files []string) *exec.Cmd {
		verb := [...]string{standalone: "standalone", distributed: "distributed"}[m]
		return exec.CommandContext(ctx, binary, append([]string{verb}, files...)...)
	}}
}

// worker is a running process of either kind.
type worker struct {
	cmd   *exec.Cmd
	url   string
	log   string
	began time.Time
	ended chan struct{}
	err   error // of the process, once ended is closed
}

// start writes the properties files into dir and runs a worker on them. The
// files of both kinds differ in the port and in the paths of what they write.
func (k kind) start(ctx context.Context, dir string, port int, props map[string]string, connectors ...map[string]string) (*worker, error) {
	props["offset.storage.file.filename"] = filepath.Join(dir, "offsets")
	var files []string
	for _, c := range connectors {
		file := filepath.Join(dir, c["name"]+".properties")
		if err := os.WriteFile(file, kafkatest.Properties(c), 0o600); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return k.launch(ctx, standalone, dir, port, props, files)
}

// startCluster runs a distributed worker.
func (k kind) startCluster(ctx context.Context, dir string, port int, props map[string]string) (*worker, error) {
	return k.launch(ctx, distributed, dir, port, props, nil)
}

func (k kind) launch(ctx context.Context, m mode, dir string, port int, props map[string]string, connectors []string) (*worker, error) {
	w := &worker{url: fmt.Sprintf("http://127.0.0.1:%d", port), log: filepath.Join(dir, "worker.log"), ended: make(chan struct{})}
	props = maps.Clone(props)
	props["listeners"] = w.url
	file := filepath.Join(dir, "worker.properties")
	if err := os.WriteFile(file, kafkatest.Properties(props), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(w.log)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }() // the process has its own descriptor
	w.cmd = k.command(ctx, m, append([]string{file}, connectors...))
	w.cmd.Stdout, w.cmd.Stderr = log, log
	w.cmd.Cancel = func() error { return w.cmd.Process.Signal(syscall.SIGTERM) }
	w.cmd.WaitDelay = time.Minute
	w.began = time.Now()
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", k.name, err)
	}
	go func() {
		w.err = w.cmd.Wait()
		close(w.ended)
	}()
	return w, nil
}

// ready waits until the list of connectors holds the names, and returns the
// time since the start of the process.
func (w *worker) ready(ctx context.Context, names ...string) (time.Duration, error) {
	for {
		if list, err := w.connectors(ctx); err == nil && !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(list, n) }) {
			return time.Since(w.began), nil
		}
		if err := w.pause(ctx, 2*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

func (w *worker) connectors(ctx context.Context) ([]string, error) {
	var list []string
	err := w.get(ctx, "/connectors", &list)
	return list, err
}

func (w *worker) get(ctx context.Context, path string, into any) error {
	body, err := w.body(ctx, path)
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

func (w *worker) body(ctx context.Context, path string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s", path, response.Status)
	}
	return body, err
}

// pause waits between two looks; it fails when the worker is gone.
func (w *worker) pause(ctx context.Context, d time.Duration) error {
	select {
	case <-w.ended:
		return fmt.Errorf("the worker ended: %w; its log ends with: %s", cmp.Or(w.err, errEnded), tail(w.log))
	case <-ctx.Done():
		return fmt.Errorf("%w; the worker's log ends with: %s", context.Cause(ctx), tail(w.log))
	case <-time.After(d):
		return nil
	}
}

// create makes a connector, again where the worker says that it is rebalancing.
func (w *worker) create(ctx context.Context, name string, cfg map[string]string) error {
	body, err := json.Marshal(map[string]any{"name": name, "config": cfg})
	if err != nil {
		return err
	}
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url+"/connectors", bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		switch {
		case err != nil:
			return err
		case response.StatusCode == http.StatusCreated:
			return nil
		case response.StatusCode != http.StatusConflict:
			return fmt.Errorf("create %s: %s: %s", name, response.Status, text)
		}
		if err := w.pause(ctx, 10*time.Millisecond); err != nil {
			return err
		}
	}
}

// terminate asks the process to end.
func (w *worker) terminate() error { return w.cmd.Process.Signal(syscall.SIGTERM) }

// stop ends the process in order, and by force after a minute.
func (w *worker) stop() {
	_ = w.terminate() // it may be gone
	select {
	case <-w.ended:
	case <-time.After(time.Minute):
		_ = w.cmd.Process.Kill()
		<-w.ended
	}
}

// memory returns the resident memory and its peak, in bytes.
func (w *worker) memory() (resident, peak int64, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.cmd.Process.Pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, _ := strconv.ParseInt(fields[1], 10, 64) // other lines hold words
		switch fields[0] {
		case "VmRSS:":
			resident = kib << 10
		case "VmHWM:":
			peak = kib << 10
		}
	}
	if resident == 0 || peak == 0 {
		return 0, 0, errors.New("no VmRSS or VmHWM in the status of the process")
	}
	return resident, peak, nil
}

// cpu returns the time that the process has computed so far.
func (w *worker) cpu() (time.Duration, error) { return cpuOf(strconv.Itoa(w.cmd.Process.Pid)) }

func cpuOf(pid string) (time.Duration, error) {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}
	// The name is in parentheses and may hold anything; utime and stime are the
	// 12th and 13th field after it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("the stat of the process is too short")
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	if err != nil {
		return 0, err
	}
	return time.Duration(user+system) * time.Second / ticksPerSecond, nil
}

// tail returns the last lines of a log, for an error.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-2000):])
}
