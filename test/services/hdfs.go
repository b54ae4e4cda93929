package services

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/colinmarc/hdfs/v2"

	"sluice/test/ports"
)

// unavailable is the script's exit code for "Java or Maven cannot be had here".
const unavailable = 3

var errNoHDFS = errors.New("HDFS IS NOT TESTED")

// sharedHDFS is the one HDFS of a test binary.
var sharedHDFS = sync.OnceValues(startHDFS)

// HDFS returns the URL of a real HDFS, such as "hdfs://127.0.0.1:40001", that all
// tests of the test binary share: a name node and a data node in one process,
// where the user of the tests may do everything. The first caller starts it, which
// takes ten seconds and more. It ends with the process. Each test should write
// below a folder of its own.
func HDFS(t T) string {
	t.Helper()
	url, err := sharedHDFS()
	switch {
	case err == nil:
	case errors.Is(err, errNoHDFS) && os.Getenv("CI") == "":
		t.Skipf("%v", err)
	default:
		t.Fatalf("%v", err)
	}
	return url
}

// DFSAdmin runs `hdfs dfsadmin` on the HDFS of the URL, such as "-safemode",
// "enter", and returns what it printed.
func DFSAdmin(t T, url string, args ...string) string {
	t.Helper()
	out, err := script(t.Context(), append([]string{"dfsadmin", "-fs", url}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("dfsadmin %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func startHDFS() (string, error) {
	// It belongs to the process, not to the test that asks first.
	ctx := context.Background()
	out, err := script(ctx, "install").CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == unavailable {
		return "", fmt.Errorf("%w: %s", errNoHDFS, bytes.TrimSpace(out))
	}
	if err != nil {
		return "", fmt.Errorf("install HDFS: %w\n%s", err, out)
	}
	// A port that is free now may be taken when the server starts.
	for range 3 {
		var url string
		if url, err = tryHDFS(ctx); err == nil {
			return url, nil
		}
	}
	return "", err
}

// tryHDFS starts HDFS once. A server that does not get ready is ended.
func tryHDFS(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "services-hdfs-")
	if err != nil {
		return "", fmt.Errorf("folder for HDFS: %w", err)
	}
	port, err := ports.Free(ctx, 1)
	if err != nil {
		return "", err
	}
	webPort, err := ports.Free(ctx, 1)
	if err != nil {
		return "", err
	}
	cmd := script(ctx, "run", dir, strconv.Itoa(port), strconv.Itoa(webPort))
	input, err := cmd.StdinPipe() // closed by the end of this process: the script ends then
	if err != nil {
		return "", fmt.Errorf("start HDFS: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start HDFS: %w", err)
	}
	// Waiting keeps the pipe referenced: a collected one is closed.
	go func() { _ = cmd.Wait() }()
	address := "127.0.0.1:" + strconv.Itoa(port)
	for end := time.Now().Add(startLimit); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // not there yet
		if bytes.Contains(log, []byte("BindException")) {
			break
		}
		if _, err := os.Stat(filepath.Join(dir, "conf.xml")); err != nil {
			continue
		}
		// The data node registers last.
		if err = probeHDFS(address); err == nil {
			return "hdfs://" + address, nil
		}
	}
	log, _ := os.ReadFile(filepath.Join(dir, "log")) // for the message alone
	_ = input.Close()                                // ends the script
	return "", fmt.Errorf("HDFS on %s is not ready after %v: %w\n%s", address, startLimit, err, log[max(0, len(log)-4000):])
}

// probeHDFS writes a file and removes it.
func probeHDFS(address string) error {
	client, err := hdfs.NewClient(hdfs.ClientOptions{Addresses: []string{address}, User: superuser()})
	if err != nil {
		return fmt.Errorf("probe HDFS: %w", err)
	}
	defer func() { _ = client.Close() }()
	_ = client.Remove("/tmp/probe") // a probe before the data node came leaves an empty file
	w, err := create(client)
	if err != nil {
		return err
	}
	if _, err := w.Write([]byte("probe")); err != nil {
		return fmt.Errorf("probe HDFS: %w", err)
	}
	if err := w.Close(); err != nil && !hdfs.IsErrReplicating(err) {
		return fmt.Errorf("probe HDFS: %w", err)
	}
	return nil
}

func create(client *hdfs.Client) (*hdfs.FileWriter, error) {
	if err := client.MkdirAll("/tmp", 0o777); err != nil {
		return nil, fmt.Errorf("probe HDFS: %w", err)
	}
	w, err := client.Create("/tmp/probe")
	if err != nil {
		return nil, fmt.Errorf("probe HDFS: %w", err)
	}
	return w, nil
}

// script prepares a run of the script in a process group of its own, so that a
// Ctrl-C at the terminal ends the test first.
func script(ctx context.Context, args ...string) *exec.Cmd {
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(file), "hdfs"), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// superuser is the user that the name node runs as.
func superuser() string {
	u, err := user.Current()
	if err != nil {
		return "root"
	}
	return u.Username
}
