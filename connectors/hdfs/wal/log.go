package wal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"time"

	"sluice/connectors/hdfs/dfs"
)

// ErrMoved says that somebody else wrote to the log since this task read it:
// another task had the partition meanwhile. What is open must be thrown away and
// the log be recovered.
var ErrMoved = errors.New("another task has written to the write-ahead log")

// rotateSize is the size from which a log is put aside, so that it does not grow
// for as long as the task runs.
const rotateSize = 4 << 20

// Log is the write-ahead log of one topic partition. It holds the lease of its
// file only while it writes, so that a task that was killed at another moment
// leaves none behind; that nobody else wrote meanwhile it sees by the file itself.
type Log struct {
	fs     dfs.FileSystem
	dir    string
	url    string
	logger *slog.Logger

	encoder *encoder
	known   version
}

// version tells a state of the log's file from every other one.
type version struct {
	id       uint64
	modified time.Time
	size     int64
}

// New returns the log in a folder. url is put before paths to make full names.
// Recover comes before Commit.
func New(files dfs.FileSystem, dir, url string, logger *slog.Logger) *Log {
	return &Log{fs: files, dir: dir, url: url, logger: logger}
}

func (l *Log) name() string { return path.Join(l.dir, "log") }
func (l *Log) old() string  { return path.Join(l.dir, "log.1") }

// Recover finishes what a commit began: the files of the last whole block get
// their final names. It puts the log aside, begins a new one, and returns the last
// whole block that there is, nil for none. A log that is damaged is put aside too;
// what is whole in it counts. dfs.ErrLease says that somebody holds the log.
func (l *Log) Recover() (Block, error) {
	c, found, err := l.take()
	if err != nil {
		return nil, err
	}
	last := c.Last()
	for _, e := range last {
		if err := l.apply(e); err != nil {
			return nil, err
		}
	}
	switch {
	case !found:
		err = l.create()
	case c.Records == 0 && c.Damage == nil:
		l.encoder = &encoder{mark: c.mark}
		err = l.look()
	case last == nil:
		// log.1 knows more than this one.
		if err = l.fs.Remove(l.name()); err == nil {
			err = l.create()
		}
	default:
		err = l.rotate()
	}
	if err != nil {
		return nil, err
	}
	if last != nil {
		return local(last), nil
	}
	before, err := l.read(l.old())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return local(before.Last()), nil
}

// take reads the log after it has had the lease, so that a dead writer's is closed
// and a living one's is left alone.
func (l *Log) take() (Contents, bool, error) {
	w, err := l.fs.Append(l.name())
	if errors.Is(err, fs.ErrNotExist) {
		return Contents{}, false, nil
	}
	if err != nil {
		return Contents{}, false, fmt.Errorf("write-ahead log: %w", err)
	}
	if err := w.Close(); err != nil {
		return Contents{}, false, fmt.Errorf("write-ahead log: %w", err)
	}
	c, err := l.read(l.name())
	return c, err == nil, err
}

func (l *Log) read(name string) (Contents, error) {
	r, err := l.fs.Open(name)
	if err != nil {
		return Contents{}, fmt.Errorf("write-ahead log: %w", err)
	}
	data := make([]byte, r.Size())
	n, err := r.ReadAt(data, 0)
	if closeErr := r.Close(); err == nil || errors.Is(err, io.EOF) && n == len(data) {
		err = closeErr
	}
	if err != nil {
		return Contents{}, fmt.Errorf("write-ahead log: %w", err)
	}
	c := Parse(data)
	if c.Damage != nil {
		l.logger.Error("the write-ahead log is damaged: its whole blocks count, the rest is skipped", "log", name, "blocks", len(c.Blocks), "error", c.Damage)
	}
	return c, nil
}

// apply gives a file its final name, unless it has it.
func (l *Log) apply(e Entry) error {
	temp, final := Path(e.Temp), Path(e.Final)
	if _, err := l.fs.Stat(final); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err //nolint:wrapcheck // It says all.
	}
	if err := l.fs.Mkdir(path.Dir(final)); err != nil {
		return err //nolint:wrapcheck // As above.
	}
	err := l.fs.Rename(temp, final)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil // another task was faster
	case errors.Is(err, fs.ErrNotExist):
		l.logger.Warn("a file of the last commit is neither where it was written nor where it belongs: somebody has moved it on", "temporary", temp, "final", final)
		return nil
	}
	return err //nolint:wrapcheck // As above.
}

// create begins a new log.
func (l *Log) create() error {
	encoder, header := newEncoder()
	w, err := l.fs.Create(l.name())
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: %w", ErrMoved, err)
	}
	if err != nil {
		return fmt.Errorf("write-ahead log: %w", err)
	}
	_, err = w.Write(header)
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write-ahead log: %w", err)
	}
	l.encoder = encoder
	return l.look()
}

// rotate puts the log aside and begins a new one.
func (l *Log) rotate() error {
	if err := l.fs.Remove(l.old()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write-ahead log: %w", err)
	}
	if err := l.fs.Rename(l.name(), l.old()); err != nil {
		return fmt.Errorf("write-ahead log: %w", err)
	}
	return l.create()
}

// look notes which version of the log is ours.
func (l *Log) look() error {
	v, err := l.version()
	l.known = v
	return err
}

func (l *Log) version() (version, error) {
	info, err := l.fs.Stat(l.name())
	if err != nil {
		return version{}, fmt.Errorf("write-ahead log: %w", err)
	}
	return version{id: info.ID, modified: info.Modified, size: info.Size}, nil
}

// Commit makes it certain that the files get their final names: when it returns
// nil, or does not return at all but the block is whole, Recover will do it. Paths
// have no scheme and host. After an error it is not known whether the block is
// there; only Recover tells.
func (l *Log) Commit(b Block) error {
	now, err := l.version()
	if errors.Is(err, fs.ErrNotExist) || err == nil && now != l.known {
		return ErrMoved
	}
	if err == nil && l.known.size > rotateSize {
		err = l.rotate()
	}
	if err != nil {
		return err
	}
	w, err := l.fs.Append(l.name())
	if errors.Is(err, fs.ErrNotExist) {
		return ErrMoved
	}
	if err != nil {
		return fmt.Errorf("write-ahead log: %w", err)
	}
	// Only now can nobody else write. The size of an open file says nothing, but
	// the time is that of the last writer's end.
	if now, err = l.version(); err == nil && (now.id != l.known.id || !now.modified.Equal(l.known.modified)) {
		err = ErrMoved
	}
	if err != nil {
		_ = w.Close() // nothing was written
		return err
	}
	block := l.encoder.appendBlock(nil, l.full(b))
	_, err = w.Write(block)
	// Only a closed file is acknowledged by all data nodes.
	if closeErr := w.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return fmt.Errorf("write-ahead log: %w", err)
	}
	size := l.known.size + int64(len(block))
	if err := l.look(); err != nil {
		return err
	}
	if l.known.size != size {
		return ErrMoved
	}
	return nil
}

// full makes the paths of a block to full names, as the original writes them.
func (l *Log) full(b Block) Block {
	out := make(Block, len(b))
	for i, e := range b {
		out[i] = Entry{Temp: l.url + e.Temp, Final: l.url + e.Final}
	}
	return out
}

func local(b Block) Block {
	out := make(Block, len(b))
	for i, e := range b {
		out[i] = Entry{Temp: Path(e.Temp), Final: Path(e.Final)}
	}
	return out
}

// Path returns the path of a full name: without scheme and host, and clean, since
// the original writes doubled slashes.
func Path(name string) string {
	if _, rest, ok := strings.Cut(name, "://"); ok {
		slash := strings.IndexByte(rest, '/')
		if slash < 0 {
			return "/"
		}
		name = rest[slash:]
	}
	return path.Clean("/" + name)
}
