// Package dfstest is a distributed file system in memory, for tests: leases, files
// whose bytes are there when they are closed, and faults at any call.
package dfstest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/connectors/hdfs/dfs"
)

// Cluster holds the files. Several sessions may use it at once.
type Cluster struct {
	mu     sync.Mutex
	files  map[string]*file // guarded by mu
	lastID uint64           // guarded by mu
	clock  time.Time        // guarded by mu; goes on with each change
}

type file struct {
	dir      bool
	data     []byte
	id       uint64
	modified time.Time
	holder   *Session // of the lease
}

// New returns an empty cluster.
func New() *Cluster {
	return &Cluster{files: map[string]*file{"/": {dir: true, id: 1}}, lastID: 1, clock: time.UnixMilli(1_750_000_000_000)}
}

// Session is one client. It implements dfs.FileSystem.
type Session struct {
	cluster *Cluster
	// fault, if set, is asked before each call; guarded by cluster.mu.
	fault func(op, name string) error
	dead  bool // guarded by cluster.mu
}

var _ dfs.FileSystem = (*Session)(nil)

// Connect returns a new client.
func (c *Cluster) Connect() *Session { return &Session{cluster: c} }

// ExpireLeases closes what was left open by clients that are dead, as the name
// node does a minute after they were heard last.
func (c *Cluster) ExpireLeases() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.files {
		if f.holder != nil && f.holder.dead {
			f.holder = nil
			f.modified = c.tick()
		}
	}
}

// Files returns the names and bytes of all files, also open ones.
func (c *Cluster) Files() map[string][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make(map[string][]byte)
	for name, f := range c.files {
		if !f.dir {
			out[name] = slices.Clone(f.data)
		}
	}
	return out
}

// Put makes a file, or replaces it.
func (c *Cluster) Put(name string, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.mkdir(path.Dir(name))
	c.lastID++
	c.files[name] = &file{data: data, id: c.lastID, modified: c.tick()}
}

// Fault sets what is asked before each call of the session, with create, append,
// open, stat, list, mkdir, rename, remove, write or close, and the path. An error
// is the answer of the call; a close that fails leaves half of what was written
// last, and the lease. nil ends the faults.
func (s *Session) Fault(f func(op, name string) error) {
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	s.fault = f
}

// Kill ends the client as the death of its process does: leases stay.
func (s *Session) Kill() {
	s.cluster.mu.Lock()
	defer s.cluster.mu.Unlock()
	s.dead = true
}

// guarded by mu.
func (c *Cluster) tick() time.Time {
	c.clock = c.clock.Add(time.Millisecond)
	return c.clock
}

// ask tells whether a call may go on. It is called with the lock, and asks
// without: the answer may take other calls.
func (s *Session) ask(op, name string) error {
	if s.dead {
		return fmt.Errorf("%s %s: the client is dead: %w", op, name, io.ErrClosedPipe)
	}
	if s.fault == nil {
		return nil
	}
	fault := s.fault
	s.cluster.mu.Unlock()
	defer s.cluster.mu.Lock()
	return fault(op, name)
}

func (s *Session) lock() func() {
	s.cluster.mu.Lock()
	return s.cluster.mu.Unlock
}

// mkdir is called with the lock.
func (c *Cluster) mkdir(dir string) {
	for ; ; dir = path.Dir(dir) {
		if _, ok := c.files[dir]; ok {
			return
		}
		c.lastID++
		c.files[dir] = &file{dir: true, id: c.lastID, modified: c.clock}
	}
}

// Create implements dfs.FileSystem.
func (s *Session) Create(name string) (dfs.Writer, error) {
	defer s.lock()()
	if err := s.ask("create", name); err != nil {
		return nil, err
	}
	c := s.cluster
	if _, ok := c.files[name]; ok {
		return nil, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	}
	c.mkdir(path.Dir(name))
	c.lastID++
	f := &file{id: c.lastID, modified: c.tick(), holder: s}
	c.files[name] = f
	return &writer{session: s, name: name, file: f}, nil
}

// Append implements dfs.FileSystem.
func (s *Session) Append(name string) (dfs.Writer, error) {
	defer s.lock()()
	if err := s.ask("append", name); err != nil {
		return nil, err
	}
	f, ok := s.cluster.files[name]
	switch {
	case !ok || f.dir:
		return nil, &fs.PathError{Op: "append", Path: name, Err: fs.ErrNotExist}
	case f.holder != nil:
		return nil, fmt.Errorf("append %s: %w", name, dfs.ErrLease)
	}
	f.holder = s
	return &writer{session: s, name: name, file: f}, nil
}

// Open implements dfs.FileSystem.
func (s *Session) Open(name string) (dfs.Reader, error) {
	defer s.lock()()
	if err := s.ask("open", name); err != nil {
		return nil, err
	}
	f, ok := s.cluster.files[name]
	if !ok || f.dir {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return &reader{strings.NewReader(string(f.data))}, nil
}

type reader struct{ *strings.Reader }

func (r *reader) Close() error { return nil }

// Stat implements dfs.FileSystem.
func (s *Session) Stat(name string) (dfs.Info, error) {
	defer s.lock()()
	if err := s.ask("stat", name); err != nil {
		return dfs.Info{}, err
	}
	f, ok := s.cluster.files[name]
	if !ok {
		return dfs.Info{}, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return f.info(name), nil
}

func (f *file) info(name string) dfs.Info {
	i := dfs.Info{Name: path.Base(name), Dir: f.dir, Size: int64(len(f.data)), ID: f.id, Modified: f.modified}
	if f.holder != nil {
		i.Size = 0 // as the name node does with a block that is open
	}
	return i
}

// List implements dfs.FileSystem.
func (s *Session) List(dir string) ([]dfs.Info, error) {
	defer s.lock()()
	if err := s.ask("list", dir); err != nil {
		return nil, err
	}
	if _, ok := s.cluster.files[dir]; !ok {
		return nil, &fs.PathError{Op: "list", Path: dir, Err: fs.ErrNotExist}
	}
	var out []dfs.Info
	for _, name := range slices.Sorted(maps.Keys(s.cluster.files)) {
		if name != "/" && path.Dir(name) == dir {
			out = append(out, s.cluster.files[name].info(name))
		}
	}
	return out, nil
}

// Mkdir implements dfs.FileSystem.
func (s *Session) Mkdir(dir string) error {
	defer s.lock()()
	if err := s.ask("mkdir", dir); err != nil {
		return err
	}
	s.cluster.mkdir(dir)
	return nil
}

// Rename implements dfs.FileSystem.
func (s *Session) Rename(from, to string) error {
	defer s.lock()()
	if err := s.ask("rename", from); err != nil {
		return err
	}
	c := s.cluster
	f, ok := c.files[from]
	if _, there := c.files[to]; there {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	if _, parent := c.files[path.Dir(to)]; !ok || !parent {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(c.files, from)
	c.files[to] = f
	return nil
}

// Remove implements dfs.FileSystem.
func (s *Session) Remove(name string) error {
	defer s.lock()()
	if err := s.ask("remove", name); err != nil {
		return err
	}
	if _, ok := s.cluster.files[name]; !ok {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(s.cluster.files, name)
	return nil
}

// Interrupt implements dfs.FileSystem; no call takes long here.
func (s *Session) Interrupt() {}

// Close implements dfs.FileSystem. Leases of files that are open stay.
func (s *Session) Close() error {
	s.Kill()
	return nil
}

type writer struct {
	session *Session
	name    string
	file    *file
	pending []byte
	closed  bool
}

var errClosed = errors.New("the writer is closed")

func (w *writer) Write(b []byte) (int, error) {
	defer w.session.lock()()
	if err := w.session.ask("write", w.name); err != nil {
		return 0, err
	}
	if w.closed || w.file.holder != w.session {
		return 0, errClosed
	}
	w.pending = append(w.pending, b...)
	return len(b), nil
}

func (w *writer) Close() error {
	defer w.session.lock()()
	if w.closed || w.file.holder != w.session {
		return errClosed
	}
	w.closed = true
	if err := w.session.ask("close", w.name); err != nil {
		w.file.data = append(w.file.data, w.pending[:len(w.pending)/2]...)
		return err
	}
	w.file.data = append(w.file.data, w.pending...)
	w.file.holder = nil
	w.file.modified = w.session.cluster.tick()
	return nil
}
