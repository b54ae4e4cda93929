// Package dfs is HDFS as the sink needs it: the small interface [FileSystem], the
// client of a real cluster behind it ([Dial]), what the files of hadoop.conf.dir
// say about a cluster ([Resolve]), the login with a Kerberos keytab, and errors
// that say what to do.
//
// Paths are absolute, without scheme and host. Every method blocks on the
// network; [FileSystem.Interrupt] ends what is under way.
package dfs

import (
	"errors"
	"io"
	"time"
)

// FileSystem is a distributed file system. Errors match fs.ErrNotExist,
// fs.ErrExist and fs.ErrPermission of io/fs where they fit, and [ErrLease].
type FileSystem interface {
	// Create makes a new file, and its folders; a file that exists is an error.
	Create(name string) (Writer, error)
	// Append opens a file to write behind its end. It takes the lease, which one
	// writer has at a time.
	Append(name string) (Writer, error)
	// Open opens a file that nobody writes.
	Open(name string) (Reader, error)
	// Stat describes a file or folder.
	Stat(name string) (Info, error)
	// List describes what is in a folder, by name.
	List(dir string) ([]Info, error)
	// Mkdir makes a folder and those above it; one that exists is no error.
	Mkdir(dir string) error
	// Rename moves a file; the folder of its new name must exist, and the new name
	// must not.
	Rename(from, to string) error
	// Remove removes a file.
	Remove(name string) error
	// Interrupt cuts all connections, so that calls under way return. Later calls
	// connect again. It may be called by any goroutine, and does not block.
	Interrupt()
	// Close ends the client.
	Close() error
}

// Writer writes one file.
type Writer interface {
	io.Writer
	// Close returns when the data nodes and the name node have it all, and gives
	// the lease back. After an error the file must not be relied on.
	Close() error
}

// Reader reads one file.
type Reader interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Info describes a file or folder.
type Info struct {
	Name string // without folders
	Dir  bool
	Size int64
	// ID names the file whatever becomes of its name; a new one has another.
	ID uint64
	// Modified is when its last writer closed it.
	Modified time.Time
}

// ErrLease says that another writer has the file open, or that the name node
// believes so, for up to a minute after that writer died.
var ErrLease = errors.New("another writer holds the lease")
