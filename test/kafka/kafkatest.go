// Package kafkatest gives tests a real Apache Kafka 4.3.1: a broker, and the
// Java Connect worker to compare with. It drives the script named kafka beside
// it; tests that use it carry the build tag integration.
//
// Where Java or Maven cannot be had the test is skipped with the reason, except
// with CI=true: there it fails, so that nothing goes untested unseen.
// SLUICE_TEST_BOOTSTRAP=host:port names a running broker to use instead.
package kafkatest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"sluice/test/ports"
)

// unavailable is the script's exit code for "Java or Maven cannot be had here".
const unavailable = 3

// errUnavailable says that this machine cannot run Apache Kafka.
var errUnavailable = errors.New("no Apache Kafka, so nothing is tested against it")

// shared is the one broker of a test binary. It ends with the process.
var shared = sync.OnceValues(startBroker)

// Broker returns the bootstrap address of a broker that all tests of the test
// binary share; the first caller starts it, which takes some seconds. It ends
// with the process, whichever way that ends. Topics and groups should have
// names of the test's own (see Name).
func Broker(t testing.TB) string {
	t.Helper()
	if address := os.Getenv("SLUICE_TEST_BOOTSTRAP"); address != "" {
		return address // which a test may set for itself
	}
	address, err := shared()
	check(t, err)
	return address
}

// Name returns a name that no other test of this run uses.
func Name(t testing.TB) string {
	t.Helper()
	clean := strings.Map(func(r rune) rune {
		if r == '/' || r == ' ' || r == '#' || r == '=' {
			return '-'
		}
		return r
	}, t.Name())
	return clean + "-" + strconv.Itoa(FreePort(t))
}

// FreePort returns a port of 127.0.0.1 that nobody listens on at the moment.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := ports.Free(t.Context(), 1)
	check(t, err)
	return port
}

// Seed returns the seed of a random test: that of the variable SEED, which repeats
// a run, or the one given. It is logged.
func Seed(t testing.TB, otherwise uint64) uint64 {
	t.Helper()
	if s := os.Getenv("SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		check(t, err)
		otherwise = seed
	}
	t.Logf("SEED=%d", otherwise)
	return otherwise
}

// check skips or fails the test when err is not nil.
func check(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errUnavailable) && os.Getenv("CI") != "true":
		t.Skipf("SKIPPED: %v", err)
	default:
		t.Fatal(err)
	}
}

func startBroker() (string, error) {
	ctx := context.Background() // the broker belongs to the process, not to the test that asks first
	// Between the look for free ports and the broker's start somebody else may
	// take one.
	for try := 1; ; try++ {
		port, err := ports.Free(ctx, 2)
		if err != nil {
			return "", err
		}
		name := fmt.Sprintf("test-broker-%d-%d", os.Getpid(), try)
		err = Guarded(ctx, name, "broker", "start", name, strconv.Itoa(port))
		if err == nil {
			return fmt.Sprintf("127.0.0.1:%d", port), nil
		}
		if try == 3 || !strings.Contains(err.Error(), "Address already in use") {
			return "", err
		}
	}
}

// Guarded runs a verb of the script that starts name, and leaves a guard that
// kills and wipes it as soon as this process is gone.
func Guarded(ctx context.Context, name string, args ...string) error {
	// Not by ctx: its end would kill the guard before it has struck.
	guard := Command(context.WithoutCancel(ctx), "guard", name)
	if _, err := guard.StdinPipe(); err != nil { // closed by the end of this process
		return fmt.Errorf("guard %s: %w", name, err)
	}
	if err := guard.Start(); err != nil {
		return fmt.Errorf("guard %s: %w", name, err)
	}
	// Waiting keeps the pipe referenced: a collected pipe is closed, and the
	// guard would strike in the middle of a test.
	go func() { _ = guard.Wait() }()
	_, err := Run(ctx, args...)
	return err
}

// Run runs a verb of the script, see its head, and returns what it printed.
func Run(ctx context.Context, args ...string) (string, error) {
	cmd := Command(ctx, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == unavailable {
		return "", fmt.Errorf("%w: %s", errUnavailable, bytes.TrimSpace(errs.Bytes()))
	}
	if err != nil {
		return "", fmt.Errorf("kafka %s: %w: %s", strings.Join(args, " "), err, errs.Bytes())
	}
	return strings.TrimSpace(string(out)), nil
}

// Command prepares a run of the script in a process group of its own, so that a
// Ctrl-C at the terminal ends the test and not the guard.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	_, file, _, _ := runtime.Caller(0)
	cmd := exec.CommandContext(ctx, filepath.Join(filepath.Dir(file), "kafka"), args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}
