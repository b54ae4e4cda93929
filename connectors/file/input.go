package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"sluice/connect"
)

// input is where a source task reads from.
type input interface {
	// read fills into as far as there is data. Where there is none it waits, at
	// most so long, and may then return 0. It returns soon after ctx ends.
	read(ctx context.Context, into []byte, wait time.Duration) (int, error)
	close() error
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, wait time.Duration) {
	if wait <= 0 {
		return
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// fileInput reads an open file. It stays with it when the path is renamed.
type fileInput struct {
	file    *os.File
	regular bool
	taken   int64 // bytes read so far
}

// openFile opens the path. A named pipe without a writer does not hold it up.
func openFile(path string) (*fileInput, int64, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = &os.PathError{Op: "read", Path: path, Err: syscall.EISDIR}
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return &fileInput{file: f, regular: info.Mode().IsRegular()}, info.Size(), nil
}

func (f *fileInput) read(ctx context.Context, into []byte, wait time.Duration) (int, error) {
	if !f.regular {
		// Pipes wait in the read itself. Devices without deadlines have data or end.
		if f.file.SetReadDeadline(time.Now().Add(max(wait, time.Millisecond))) == nil {
			stop := context.AfterFunc(ctx, func() { _ = f.file.SetReadDeadline(time.Unix(1, 0)) })
			defer stop()
		}
	}
	n, err := f.file.Read(into)
	f.taken += int64(n)
	switch {
	case n > 0, errors.Is(err, os.ErrDeadlineExceeded):
		return n, nil
	case err != nil && !errors.Is(err, io.EOF):
		return 0, connect.Errorf("%w", err)
	}
	if err := f.checkLength(); err != nil {
		return 0, err
	}
	pause(ctx, wait)
	return 0, nil
}

// checkLength finds out at the end of the file whether it was cut behind the
// reader's back: what is written from then on would not be read.
func (f *fileInput) checkLength() error {
	if !f.regular {
		return nil
	}
	info, err := f.file.Stat()
	if err != nil {
		return connect.Errorf("%w", err)
	}
	if info.Size() < f.taken {
		return connect.Errorf("File %s has %d bytes, but %d were read from it already: it was truncated. "+
			"Reset the offsets of the connector to read it from its start", f.file.Name(), info.Size(), f.taken)
	}
	return nil
}

// left returns the bytes behind those that were read; false for what has no size.
func (f *fileInput) left() (int64, bool) {
	if !f.regular {
		return 0, false
	}
	info, err := f.file.Stat()
	if err != nil {
		return 0, false // The next read says why.
	}
	return max(info.Size()-f.taken, 0), true
}

func (f *fileInput) close() error { return f.file.Close() }

// console is the process's standard input, shared by all tasks that read it. A
// read of it cannot be ended, so one goroutine does it from the first use until
// the input or the process ends; what it holds when a task stops goes to the
// next one.
type console struct {
	in     io.Reader
	begin  sync.Once
	chunks chan []byte // closed at the end of the input
	err    error       // why it ended; set before chunks is closed
	mu     sync.Mutex
	rest   []byte // of a chunk that did not fit; guarded by mu
}

func newConsole(in io.Reader) *console { return &console{in: in, chunks: make(chan []byte)} }

func (c *console) pump() {
	defer close(c.chunks)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.in.Read(buf)
		if n > 0 {
			c.chunks <- bytes.Clone(buf[:n])
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				c.err = fmt.Errorf("read standard input: %w", err)
			}
			return
		}
	}
}

func (c *console) read(ctx context.Context, into []byte, wait time.Duration) (int, error) {
	c.begin.Do(func() { go c.pump() })
	if n := c.take(into, nil); n > 0 {
		return n, nil
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case chunk, ok := <-c.chunks:
		if ok {
			return c.take(into, chunk), nil
		}
		if c.err != nil {
			return 0, connect.Errorf("%w", c.err)
		}
		pause(ctx, wait)
	case <-ctx.Done():
	case <-t.C:
	}
	return 0, nil
}

// take copies of what is left and the chunk, and leaves what does not fit.
func (c *console) take(into, chunk []byte) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(chunk) > 0 {
		c.rest = append(c.rest, chunk...)
	}
	n := copy(into, c.rest)
	c.rest = c.rest[n:]
	return n
}

func (c *console) close() error { return nil }
