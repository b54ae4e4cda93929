package dfs

import (
	"errors"
	"io/fs"
	"sync"
)

// Redialer is a FileSystem that connects when it is used, and anew after Reset.
type Redialer struct {
	dial func() (FileSystem, error)

	mu   sync.Mutex
	live FileSystem // guarded by mu; nil when not connected
	done bool       // guarded by mu
}

var _ FileSystem = (*Redialer)(nil)

// NewRedialer returns a file system that connects by dial.
func NewRedialer(dial func() (FileSystem, error)) *Redialer { return &Redialer{dial: dial} }

// Reset ends the client: leases that it holds are not renewed any more, and the
// next call connects a new one. Files that it has open fail.
func (r *Redialer) Reset() error {
	r.mu.Lock()
	live := r.live
	r.live = nil
	r.mu.Unlock()
	if live == nil {
		return nil
	}
	return live.Close() //nolint:wrapcheck // It says all.
}

// get connects. Only one goroutine calls the file system, and others Interrupt: the
// lock is not held while it dials.
func (r *Redialer) get() (FileSystem, error) {
	r.mu.Lock()
	live, done := r.live, r.done
	r.mu.Unlock()
	if done {
		return nil, &fs.PathError{Op: "use", Path: "the client of HDFS", Err: fs.ErrClosed}
	}
	if live != nil {
		return live, nil
	}
	live, err := r.dial()
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.live = live
	return live, nil
}

// use calls f with the client.
func use[T any](r *Redialer, f func(FileSystem) (T, error)) (T, error) {
	live, err := r.get()
	if err != nil {
		var none T
		return none, err
	}
	return f(live)
}

// Create implements FileSystem.
func (r *Redialer) Create(name string) (Writer, error) {
	return use(r, func(f FileSystem) (Writer, error) { return f.Create(name) })
}

// Append implements FileSystem.
func (r *Redialer) Append(name string) (Writer, error) {
	return use(r, func(f FileSystem) (Writer, error) { return f.Append(name) })
}

// Open implements FileSystem.
func (r *Redialer) Open(name string) (Reader, error) {
	return use(r, func(f FileSystem) (Reader, error) { return f.Open(name) })
}

// Stat implements FileSystem.
func (r *Redialer) Stat(name string) (Info, error) {
	return use(r, func(f FileSystem) (Info, error) { return f.Stat(name) })
}

// List implements FileSystem.
func (r *Redialer) List(dir string) ([]Info, error) {
	return use(r, func(f FileSystem) ([]Info, error) { return f.List(dir) })
}

// Mkdir implements FileSystem.
func (r *Redialer) Mkdir(dir string) error {
	return r.do(func(f FileSystem) error { return f.Mkdir(dir) })
}

// Rename implements FileSystem.
func (r *Redialer) Rename(from, to string) error {
	return r.do(func(f FileSystem) error { return f.Rename(from, to) })
}

// Remove implements FileSystem.
func (r *Redialer) Remove(name string) error {
	return r.do(func(f FileSystem) error { return f.Remove(name) })
}

func (r *Redialer) do(f func(FileSystem) error) error {
	live, err := r.get()
	if err != nil {
		return err
	}
	return f(live)
}

// Interrupt implements FileSystem.
func (r *Redialer) Interrupt() {
	r.mu.Lock()
	live := r.live
	r.mu.Unlock()
	if live != nil {
		live.Interrupt()
	}
}

// Close implements FileSystem. Later calls fail with fs.ErrClosed.
func (r *Redialer) Close() error {
	r.mu.Lock()
	r.done = true
	r.mu.Unlock()
	if err := r.Reset(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return err
	}
	return nil
}
