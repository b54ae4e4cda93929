package dfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"time"

	"github.com/colinmarc/hdfs/v2"
)

const folderMode = 0o755

// cluster is a FileSystem on a real cluster.
type cluster struct {
	hdfs    *hdfs.Client
	network *network
	login   *login // nil without Kerberos
	closed  sync.Once
}

// Dial connects to the active name node of a cluster. The error says why there is
// none, or why it does not let the user in.
func Dial(o Options) (FileSystem, error) {
	n := &network{limit: callLimit}
	if o.Limit > 0 {
		n.limit = o.Limit
	}
	options := o.client
	options.Addresses, options.User = o.Addresses, o.User
	options.NamenodeDialFunc, options.DatanodeDialFunc = n.dial, n.dial
	c := &cluster{network: n}
	if o.Kerberos.Enabled {
		l, err := newLogin(o.Kerberos)
		if err != nil {
			return nil, err
		}
		c.login = l
		options.KerberosClient, options.KerberosServicePrincipleName = l.client, l.service
	}
	connected, err := hdfs.NewClient(options)
	if err != nil {
		c.login.end()
		n.interrupt()
		return nil, explain("connect to", fmt.Sprint(o.Addresses), err)
	}
	c.hdfs = connected
	// The client connects before it asks: a first question finds a standby, or
	// somebody who is no name node.
	if _, err := c.Stat("/"); err != nil {
		_ = c.Close() // the first error counts
		return nil, err
	}
	return c, nil
}

func (c *cluster) Create(name string) (Writer, error) {
	if err := c.Mkdir(path.Dir(name)); err != nil {
		return nil, err
	}
	w, err := c.hdfs.Create(name)
	if err != nil {
		return nil, explain("create", name, err)
	}
	return &writer{file: w, name: name}, nil
}

func (c *cluster) Append(name string) (Writer, error) {
	if err := c.renew(); err != nil {
		return nil, err
	}
	w, err := c.hdfs.Append(name)
	if err != nil {
		return nil, explain("append to", name, err)
	}
	return &writer{file: w, name: name}, nil
}

func (c *cluster) Open(name string) (Reader, error) {
	r, err := c.hdfs.Open(name)
	if err != nil {
		return nil, explain("open", name, err)
	}
	return &reader{file: r, name: name}, nil
}

func (c *cluster) Stat(name string) (Info, error) {
	info, err := c.hdfs.Stat(name)
	if err != nil {
		return Info{}, explain("look at", name, err)
	}
	return describe(info), nil
}

func describe(info os.FileInfo) Info {
	i := Info{Name: info.Name(), Dir: info.IsDir(), Size: info.Size(), Modified: info.ModTime()}
	if status, ok := info.Sys().(*hdfs.FileStatus); ok {
		i.ID = status.GetFileId()
	}
	return i
}

func (c *cluster) List(dir string) ([]Info, error) {
	found, err := c.hdfs.ReadDir(dir)
	if err != nil {
		return nil, explain("list", dir, err)
	}
	infos := make([]Info, len(found))
	for i, f := range found {
		infos[i] = describe(f)
	}
	return infos, nil
}

func (c *cluster) Mkdir(dir string) error {
	if err := c.renew(); err != nil {
		return err
	}
	return explain("make the folder", dir, c.hdfs.MkdirAll(dir, folderMode))
}

func (c *cluster) Rename(from, to string) error {
	// The client's rename takes the place of a file that is there.
	if _, err := c.hdfs.Stat(to); err == nil {
		return &fs.PathError{Op: "rename to", Path: to, Err: fs.ErrExist}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return explain("look at", to, err)
	}
	return explain("rename to "+to, from, c.hdfs.Rename(from, to))
}

func (c *cluster) Remove(name string) error {
	return explain("remove", name, c.hdfs.Remove(name))
}

func (c *cluster) Interrupt() { c.network.interrupt() }

func (c *cluster) Close() error {
	var err error
	c.closed.Do(func() {
		// A call that hangs would hold up the end.
		c.network.interrupt()
		err = c.hdfs.Close()
		c.login.end()
	})
	if errors.Is(err, os.ErrClosed) || connectionGone(err) {
		return nil
	}
	return explain("close", "the client", err)
}

func connectionGone(err error) bool { return err != nil && connectionLost(err) }

// renew logs in again when the ticket is old.
func (c *cluster) renew() error {
	if c.login == nil {
		return nil
	}
	return c.login.renew(time.Now())
}

// writer is a file that is written.
type writer struct {
	file   *hdfs.FileWriter
	name   string
	failed error
}

func (w *writer) Write(b []byte) (int, error) {
	if w.failed != nil {
		return 0, w.failed
	}
	n, err := w.file.Write(b)
	w.failed = explain("write", w.name, err)
	return n, w.failed
}

const (
	completeLimit = time.Minute
	completeFirst = 10 * time.Millisecond
	completeMost  = time.Second
)

func (w *writer) Close() error {
	failed := w.failed
	w.failed = fmt.Errorf("write %s: %w", w.name, fs.ErrClosed)
	wait := completeFirst
	for end := time.Now().Add(completeLimit); ; {
		err := w.file.Close()
		switch {
		case failed != nil:
			// Closing gives the lease back; the data is not whole.
			return failed
		case err == nil:
			return nil
		case !hdfs.IsErrReplicating(err):
			return explain("close", w.name, err)
		case time.Now().After(end):
			return fmt.Errorf("close %s: the data nodes have not reported the last block for %v: see `hdfs dfsadmin -report`", w.name, completeLimit)
		}
		time.Sleep(wait)
		wait = min(2*wait, completeMost)
	}
}

// reader is a file that is read.
type reader struct {
	file *hdfs.FileReader
	name string
}

func (r *reader) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.file.ReadAt(b, off)
	if errors.Is(err, io.EOF) {
		return n, io.EOF
	}
	return n, explain("read", r.name, err)
}

func (r *reader) Size() int64  { return r.file.Stat().Size() }
func (r *reader) Close() error { return explain("close", r.name, r.file.Close()) }
