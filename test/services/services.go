// Package services runs real databases and file systems for tests: HDFS from the
// jars of Maven (see HDFS), PostgreSQL and MariaDB from
// the packages of Debian, on loopback ports, in a directory of the test.
//
// Where a server is not installed and the test runs as root, the package is
// installed. Where that fails the test is skipped with a word about it, and in
// CI (the variable CI is set) it fails.
package services

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"sluice/test/ports"
)

// T is as much of a test as a service needs: [testing.T], or a program that
// measures. Fatalf and Skipf do not return.
type T interface {
	Helper()
	Context() context.Context
	TempDir() string
	Cleanup(f func())
	Failed() bool
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// startLimit bounds the start of a server on a busy machine.
const startLimit = 2 * time.Minute

// Postgres starts PostgreSQL and returns its JDBC URL, without parameters, of
// the user postgres with any password, with the empty database
// "conn". The server ends with the test.
func Postgres(t T) string {
	t.Helper()
	bin := program(t, "postgresql", "postgres", "/usr/lib/postgresql/*/bin")
	dir, as := home(t, "postgres")
	data := filepath.Join(dir, "data")
	run(t, as, filepath.Join(filepath.Dir(bin), "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	port := freePort(t)
	serve(t, as, syscall.SIGINT, bin, "-D", data, "-p", strconv.Itoa(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="+dir,
		"-c", "fsync=off", "-c", "timezone=UTC")
	await(t, port)
	// The port is open before the server takes connections.
	for end := time.Now().Add(startLimit); ; time.Sleep(20 * time.Millisecond) {
		err := exec.CommandContext(t.Context(), filepath.Join(filepath.Dir(bin), "pg_isready"), "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(port)).Run()
		if err == nil {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("PostgreSQL does not take connections: %v", err)
		}
	}
	run(t, as, filepath.Join(filepath.Dir(bin), "createdb"), "-h", "127.0.0.1", "-p", strconv.Itoa(port), "-U", "postgres", "conn")
	return fmt.Sprintf("jdbc:postgresql://127.0.0.1:%d/conn", port)
}

// MariaDB starts MariaDB and returns its JDBC URL of the user root without a
// password, with the empty database "conn". The server ends with the test.
func MariaDB(t T) string {
	t.Helper()
	bin := program(t, "mariadb-server", "mariadbd", "/usr/sbin")
	dir, as := home(t, "mysql")
	data := filepath.Join(dir, "data")
	init := program(t, "mariadb-server", "mariadb-install-db", "/usr/bin")
	run(t, as, init, "--no-defaults", "--datadir="+data, "--tmpdir="+dir, "--auth-root-authentication-method=normal", "--skip-test-db")
	port := freePort(t)
	first := filepath.Join(dir, "init.sql")
	if err := os.WriteFile(first, []byte("CREATE DATABASE conn;\n"), 0o644); err != nil { //nolint:gosec // The server's user reads it.
		t.Fatalf("%v", err)
	}
	serve(t, as, syscall.SIGTERM, bin, "--no-defaults", "--datadir="+data, "--tmpdir="+dir, "--bind-address=127.0.0.1", "--port="+strconv.Itoa(port), "--socket="+filepath.Join(dir, "s"),
		"--pid-file="+filepath.Join(dir, "pid"), "--init-file="+first, "--default-time-zone=+00:00", "--innodb-flush-log-at-trx-commit=0")
	await(t, port)
	return fmt.Sprintf("jdbc:mariadb://127.0.0.1:%d/conn?user=root", port)
}

// program finds a program in the path or the folders, or installs its package.
func program(t T, debian, name, folders string) string {
	t.Helper()
	find := func() string {
		found, _ := filepath.Glob(filepath.Join(folders, name))
		if len(found) > 0 {
			return found[len(found)-1]
		}
		path, err := exec.LookPath(name)
		if err != nil {
			return ""
		}
		return path
	}
	if path := find(); path != "" {
		return path
	}
	var why string
	if os.Geteuid() == 0 {
		out, err := exec.CommandContext(t.Context(), "apt-get", "install", "-y", "--no-install-recommends", debian).CombinedOutput()
		if path := find(); path != "" {
			return path
		}
		why = fmt.Sprintf("apt-get install: %v\n%s", err, out)
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not here and CI needs it. %s", name, why)
	}
	t.Skipf("%s IS NOT TESTED: install the package %s, or run as root on Debian. %s", name, debian, why)
	return ""
}

// home makes a directory for a server, which does not run as root: it gets the
// user of its package there.
func home(t T, name string) (string, *syscall.SysProcAttr) {
	t.Helper()
	// Below /tmp, since others must not be able to look into a test's directory
	// but the server's user must be able to reach its own.
	dir, err := os.MkdirTemp("", "services-"+name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attr := &syscall.SysProcAttr{}
	if os.Geteuid() != 0 {
		return dir, attr
	}
	u, err := user.Lookup(name)
	if err != nil {
		u, err = user.Lookup("nobody")
	}
	if err != nil {
		t.Fatalf("%v", err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	if err := os.Chown(dir, uid, gid); err != nil {
		t.Fatalf("%v", err)
	}
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return dir, attr
}

func run(t T, as *syscall.SysProcAttr, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Credential: as.Credential}, "/"
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// serve runs a server until the test ends; stop is the signal that ends it soon,
// whoever is connected.
func serve(t T, as *syscall.SysProcAttr, stop syscall.Signal, name string, args ...string) {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatalf("%v", err)
	}
	// Not t.Context(): that ends before the cleanup, which stops the server in order.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), name, args...)
	cmd.SysProcAttr, cmd.Dir, cmd.Stdout, cmd.Stderr = &syscall.SysProcAttr{Credential: as.Credential}, "/", log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(stop)
		timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		timer.Stop()
		if t.Failed() {
			out, _ := os.ReadFile(log.Name())
			t.Logf("%s said:\n%s", name, out)
		}
		_ = log.Close()
	})
}

func freePort(t T) int {
	t.Helper()
	port, err := ports.Free(t.Context(), 1)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return port
}

// await waits until the port takes connections.
func await(t T, port int) {
	t.Helper()
	for limit := time.Now().Add(startLimit); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			_ = c.Close()
			return
		}
	}
	t.Fatalf("no server answers on port %d", port)
}
