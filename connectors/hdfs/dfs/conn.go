package dfs

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	dialLimit = 20 * time.Second // as ipc.client.connect.timeout
	callLimit = time.Minute      // as ipc.client.rpc-timeout.ms is used to be, and dfs.client.socket-timeout
)

// network dials for the client, which knows neither deadlines nor contexts, and
// can cut all that it dialled.
type network struct {
	limit time.Duration // of one read or write

	mu    sync.Mutex
	conns map[*conn]struct{} // guarded by mu
}

func (n *network) dial(ctx context.Context, kind, address string) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: min(dialLimit, n.limit), KeepAlive: 30 * time.Second}).DialContext(ctx, kind, address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	wrapped := &conn{Conn: c, network: n}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.conns == nil {
		n.conns = make(map[*conn]struct{})
	}
	n.conns[wrapped] = struct{}{}
	return wrapped, nil
}

// interrupt cuts what is connected.
func (n *network) interrupt() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for c := range n.conns {
		_ = c.Conn.Close() // its user sees the error
	}
	clear(n.conns)
}

// conn bounds each read and write, and is dead after the first error: a late
// answer must not pass for that of the next call.
type conn struct {
	net.Conn
	network *network
}

func (c *conn) Read(b []byte) (int, error) {
	_ = c.SetReadDeadline(time.Now().Add(c.network.limit)) // the read says it
	n, err := c.Conn.Read(b)
	if err != nil {
		_ = c.Close() // the first error counts
	}
	return n, err //nolint:wrapcheck // io.EOF must stay bare.
}

func (c *conn) Write(b []byte) (int, error) {
	_ = c.SetWriteDeadline(time.Now().Add(c.network.limit)) // the write says it
	n, err := c.Conn.Write(b)
	if err != nil {
		_ = c.Close() // the first error counts
	}
	return n, err //nolint:wrapcheck // The client looks at it.
}

func (c *conn) Close() error {
	c.network.mu.Lock()
	delete(c.network.conns, c)
	c.network.mu.Unlock()
	return c.Conn.Close() //nolint:wrapcheck // As above.
}
