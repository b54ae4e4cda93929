//go:build integration

// Package hdfs_test runs the HDFS sink and its client against a real HDFS, with a
// broker and workers that are killed. Start with README.md.
package hdfs_test

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"sluice/connectors/hdfs/dfs"
	"sluice/test/services"
)

// cluster connects to the shared HDFS and returns a folder of the test's own.
func cluster(t *testing.T) (url string, files dfs.FileSystem, dir string) {
	t.Helper()
	url = services.HDFS(t)
	return url, connect(t, url), "/" + strings.ReplaceAll(t.Name(), "/", "-")
}

func connect(t *testing.T, url string) dfs.FileSystem {
	t.Helper()
	o, err := dfs.Resolve(url, "")
	if err != nil {
		t.Fatal(err)
	}
	files, err := dfs.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := files.Close(); err != nil {
			t.Error(err)
		}
	})
	return files
}

func write(t *testing.T, w dfs.Writer, err error, text string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, files dfs.FileSystem, name string) string {
	t.Helper()
	r, err := files.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, r.Size())
	if _, err := r.ReadAt(data, 0); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	_, files, dir := cluster(t)
	name := path.Join(dir, "a/b/file")
	w, err := files.Create(name)
	write(t, w, err, "hello ")
	w, err = files.Append(name)
	write(t, w, err, "world")
	if got := read(t, files, name); got != "hello world" {
		t.Errorf("the file holds %q", got)
	}
	if _, err := files.Create(name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second Create: %v", err)
	}
	if _, err := files.Append(name + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Append to nothing: %v", err)
	}
	if _, err := files.Stat(name + "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Stat of nothing: %v", err)
	}
	other := path.Join(dir, "other")
	w, err = files.Create(other)
	write(t, w, err, "x")
	if err := files.Rename(other, name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Rename over a file: %v", err)
	}
	if err := files.Rename(other, path.Join(dir, "a/moved")); err != nil {
		t.Error(err)
	}
	infos, err := files.List(path.Join(dir, "a"))
	if err != nil || len(infos) != 2 || infos[0].Name != "b" || !infos[0].Dir || infos[1].Size != 1 || infos[1].ID == 0 {
		t.Errorf("List: %+v, %v", infos, err)
	}
	if err := files.Remove(other); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Remove of nothing: %v", err)
	}
}

// TestLease: what the write-ahead log relies on.
func TestLease(t *testing.T) {
	t.Parallel()
	url, files, dir := cluster(t)
	name := path.Join(dir, "log")
	w, err := files.Create(name)
	write(t, w, err, "one")
	before, err := files.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	held, err := files.Append(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := connect(t, url).Append(name); !errors.Is(err, dfs.ErrLease) {
		t.Errorf("a second writer: %v", err)
	}
	if _, err := files.Append(name); !errors.Is(err, dfs.ErrLease) {
		t.Errorf("a second writer of the same client: %v", err)
	}
	open, err := files.Stat(name)
	if err != nil || open.ID != before.ID || !open.Modified.Equal(before.Modified) {
		t.Errorf("an open file is %+v, %v; it was %+v", open, err, before)
	}
	time.Sleep(2 * time.Millisecond) // the name node counts milliseconds
	if err := held.Close(); err != nil {
		t.Errorf("Close of a writer that wrote nothing: %v", err)
	}
	after, err := files.Stat(name)
	if err != nil || after.ID != before.ID || !after.Modified.After(before.Modified) || after.Size != 3 {
		t.Errorf("a closed file is %+v, %v; it was %+v", after, err, before)
	}
	if got := read(t, files, name); got != "one" {
		t.Errorf("the file holds %q", got)
	}
}

// TestInterrupt: a client whose connections were cut connects again.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	_, files, dir := cluster(t)
	w, err := files.Create(path.Join(dir, "cut"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	files.Interrupt()
	if err := w.Close(); err == nil {
		t.Error("the file is whole after its connections were cut")
	}
	for limit := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		if err = files.Mkdir(path.Join(dir, "again")); err == nil {
			break
		}
		if time.Now().After(limit) {
			t.Fatal(err)
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	url, files, dir := cluster(t)
	small := path.Join(dir, "small")
	if err := files.Mkdir(small); err != nil {
		t.Fatal(err)
	}
	services.DFSAdmin(t, url, "-setSpaceQuota", "1k", small)
	w, err := files.Create(path.Join(small, "file"))
	if err == nil {
		_, err = w.Write([]byte("x"))
	}
	if err == nil || !strings.Contains(err.Error(), "-setSpaceQuota") {
		t.Errorf("a full folder: %v", err)
	}
}

// TestSafeMode is not parallel: it concerns the whole cluster.
func TestSafeMode(t *testing.T) {
	url, files, dir := cluster(t)
	services.DFSAdmin(t, url, "-safemode", "enter")
	err := files.Mkdir(dir)
	services.DFSAdmin(t, url, "-safemode", "leave")
	if err == nil || !strings.Contains(err.Error(), "safe mode") || !strings.Contains(err.Error(), "hdfs dfsadmin") {
		t.Errorf("a write in safe mode: %v", err)
	}
	if err := files.Mkdir(dir); err != nil {
		t.Errorf("a write after it: %v", err)
	}
}

// TestDeadWriter: the name node takes a log back from a writer that died in the
// middle of a block a minute later. Its whole blocks are there, and it is written on.
func TestDeadWriter(t *testing.T) {
	if os.Getenv("KILL_TEST") != "full" {
		t.Skip("it takes more than a minute: KILL_TEST=full runs it")
	}
	t.Parallel()
	url, files, dir := cluster(t)
	name := path.Join(dir, "log")
	w, err := files.Create(name)
	write(t, w, err, "one")
	o, err := dfs.Resolve(url, "")
	if err != nil {
		t.Fatal(err)
	}
	dead, err := dfs.Dial(o)
	if err != nil {
		t.Fatal(err)
	}
	if w, err = dead.Append(name); err == nil {
		_, err = w.Write([]byte("tw"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	refused := 0
	for limit := time.Now().Add(3 * time.Minute); ; time.Sleep(time.Second) {
		if w, err = files.Append(name); err == nil {
			break
		}
		if !errors.Is(err, dfs.ErrLease) || time.Now().After(limit) {
			t.Fatal(err)
		}
		refused++
	}
	write(t, w, nil, "three")
	if got := read(t, files, name); refused == 0 || !strings.HasPrefix(got, "one") || !strings.HasSuffix(got, "three") {
		t.Errorf("after %d refusals the log holds %q", refused, got)
	}
	t.Logf("the lease was free after %d tries, a second apart", refused)
}
