// Package embedded runs a Kafka broker inside this process, for the first run
// and for tests: one broker, on the loopback interface only, with its data in
// a directory that survives a restart and a kill -9.
//
// It owns the data directory (one process at a time) and the ways round the
// defects of the library that it stands on, franz-go's kfake; it never offers
// authentication, replication or a way in from another machine. Start reading
// at Start. Production uses a real cluster.
package embedded

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Config says where the broker keeps its data and where it listens.
type Config struct {
	// Dir is the data directory, made when it does not exist. One process at
	// a time may use it.
	Dir string
	// Port is the TCP port on 127.0.0.1; 0 takes a free one.
	Port int
	// Log gets what the broker has to say; nil is silent.
	Log *slog.Logger
	// Partitions is the number of partitions of a topic that was created
	// without one; 0 means 1.
	Partitions int
}

// Broker is a running embedded broker. Its methods are safe for concurrent
// use.
type Broker struct {
	addr    string
	cluster *kfake.Cluster
	close   func() error
}

// Start opens the data directory, loads what it holds, and returns when the
// broker answers. It blocks for as long as loading takes: some milliseconds,
// 0.4 s for a million records. ctx bounds opening the port only; the broker
// runs until Close.
//
// It fails with a *DirInUseError when another process has the directory, with
// a *PortInUseError when the port is taken, and when the data cannot be read.
func Start(ctx context.Context, cfg Config) (*Broker, error) {
	if cfg.Dir == "" {
		return nil, errors.New("the embedded broker needs a data directory")
	}
	if cfg.Port < 0 || cfg.Port > 65535 {
		return nil, fmt.Errorf("port %d of the embedded broker is not between 0 and 65535", cfg.Port)
	}
	if cfg.Partitions < 0 {
		return nil, fmt.Errorf("%d default partitions for the embedded broker: give 1 or more", cfg.Partitions)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the data directory of the embedded broker: %w", err)
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	cluster, err := newCluster(ctx, cfg)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Broker{
		addr:    cluster.ListenAddrs()[0],
		cluster: cluster,
		close: sync.OnceValue(func() error {
			cluster.Close()
			return lock.Close() // releases the lock, after the last write
		}),
	}, nil
}

// Addr returns the host and port to put into bootstrap.servers.
func (b *Broker) Addr() string { return b.addr }

// Close stops the broker: it drops its connections, writes its state to disk
// and gives the directory free. Further calls do nothing and return the same.
func (b *Broker) Close() error { return b.close() }

func newCluster(ctx context.Context, cfg Config) (*kfake.Cluster, error) {
	log := cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1),
		kfake.Ports(cfg.Port),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			return listen(ctx, network, address, cfg.Port)
		}),
		kfake.ClusterID(newClusterID()), // of a new directory only: an old one remembers its own
		kfake.DataDir(filepath.Join(cfg.Dir, "broker")),
		kfake.DefaultNumPartitions(cmp.Or(cfg.Partitions, 1)),
		kfake.WithLogger(logger{log}),
	)
	if portErr, ok := errors.AsType[*PortInUseError](err); ok {
		return nil, portErr
	}
	if err != nil {
		return nil, fmt.Errorf("start the embedded broker on %s: %w", cfg.Dir, err)
	}
	r := &remedies{cluster: cluster, log: log}
	cluster.ControlKey(kmsg.Metadata.Int16(), r.metadata)
	cluster.ControlKey(kmsg.CreateTopics.Int16(), r.createTopics)
	cluster.ControlKey(kmsg.AlterConfigs.Int16(), r.alterConfigs)
	cluster.ControlKey(kmsg.IncrementalAlterConfigs.Int16(), r.incrementalAlterConfigs)
	return cluster, nil
}

// PortInUseError says that the port wanted is taken by somebody else.
type PortInUseError struct{ Port int }

// Error names the port and what to do.
func (e *PortInUseError) Error() string {
	return fmt.Sprintf("port %d on 127.0.0.1 is in use: stop what listens there or give the embedded broker another port", e.Port)
}

func listen(ctx context.Context, network, address string, port int) (net.Listener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, network, address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &PortInUseError{Port: port}
	}
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	if host, _, err := net.SplitHostPort(ln.Addr().String()); err != nil || !net.ParseIP(host).IsLoopback() {
		return nil, errors.Join(fmt.Errorf("listener %s is not on the loopback interface", ln.Addr()), ln.Close())
	}
	return ln, nil
}

// newClusterID makes an id of the form that Kafka uses: 16 random bytes in
// base64 for URLs.
func newClusterID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails: it ends the process instead
	return base64.RawURLEncoding.EncodeToString(id[:])
}

// logger turns the library's lines into slog records. What the library calls
// information is noise to an operator.
type logger struct{ log *slog.Logger }

func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	at := slog.LevelDebug
	switch level {
	case kfake.LogLevelError:
		at = slog.LevelError
	case kfake.LogLevelWarn:
		at = slog.LevelWarn
	case kfake.LogLevelNone, kfake.LogLevelInfo, kfake.LogLevelDebug:
	}
	ctx := context.Background() //nolint:forbidigo // the library's logger has no context
	if l.log.Enabled(ctx, at) {
		l.log.Log(ctx, at, "embedded broker", "detail", fmt.Sprintf(format, args...))
	}
}

// DirInUseError says that another process runs on the data directory.
type DirInUseError struct {
	Dir string
	PID int // of the other process; 0 when it is not known
}

// Error names the directory, the other process, and what to do.
func (e *DirInUseError) Error() string {
	who := "another process"
	if e.PID != 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("data directory %s is in use by %s: stop it or give another directory", e.Dir, who)
}
