//go:build integration

package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// disk is a small file system of its own in memory, so that filling it harms
// nobody else.
type disk struct{ path string }

// newDisk mounts a disk of so many bytes until the end of the test. It returns nil
// where this process may not mount: then there is nothing to fill.
func newDisk(t *testing.T, size int64) *disk {
	t.Helper()
	d := &disk{path: t.TempDir()}
	err := syscall.Mount("none", d.path, "tmpfs", 0, fmt.Sprintf("size=%d", size))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Logf("no small disks, so none is filled: %v", err)
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(d.path, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *disk) filler() string { return filepath.Join(d.path, "filler") }

// fill leaves no room.
func (d *disk) fill() error {
	f, err := os.Create(d.filler())
	if err != nil {
		return err
	}
	for piece := make([]byte, 1<<20); ; {
		_, err := f.Write(piece)
		switch {
		case errors.Is(err, syscall.ENOSPC) && len(piece) > 1:
			piece = piece[:len(piece)/2]
		case errors.Is(err, syscall.ENOSPC):
			return f.Close()
		case err != nil:
			return errors.Join(err, f.Close())
		}
	}
}

// free gives the room back.
func (d *disk) free() error { return os.Remove(d.filler()) }
