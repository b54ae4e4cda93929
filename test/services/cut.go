package services

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
)

// Cutter passes bytes between clients and a service, and cuts all connections
// when it is told to. New connections are taken at once.
type Cutter struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu
	left  int64                 // bytes until the cut, 0 is never; guarded by mu
	cuts  int                   // guarded by mu
}

// Cut puts a Cutter before the service of a JDBC URL and returns the URL that
// leads through it. It ends with the test.
func Cut(t T, url string) (string, *Cutter) {
	t.Helper()
	_, rest, _ := strings.Cut(url, "//")
	target, _, _ := strings.Cut(rest, "/")
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("%v", err)
	}
	c := &Cutter{listener: l, target: target, conns: map[net.Conn]struct{}{}}
	c.running.Go(func() { c.serve(context.WithoutCancel(t.Context())) })
	t.Cleanup(func() {
		_ = l.Close()
		c.now()
		c.running.Wait()
	})
	return strings.Replace(url, target, l.Addr().String(), 1), c
}

// After cuts all connections once, when so many more bytes have passed in either
// direction.
func (c *Cutter) After(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.left = bytes
}

// Cuts is how often connections were cut.
func (c *Cutter) Cuts() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cuts
}

func (c *Cutter) now() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for conn := range c.conns {
		_ = conn.Close()
	}
	c.left = 0
	c.cuts++
}

func (c *Cutter) serve(ctx context.Context) {
	for {
		client, err := c.listener.Accept()
		if err != nil {
			return // closed
		}
		server, err := new(net.Dialer).DialContext(ctx, "tcp", c.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		c.mu.Lock()
		c.conns[client], c.conns[server] = struct{}{}, struct{}{}
		c.mu.Unlock()
		c.running.Go(func() { c.pass(client, server) })
		c.running.Go(func() { c.pass(server, client) })
	}
}

// pass copies until either end closes, and then closes both.
func (c *Cutter) pass(to, from net.Conn) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil || c.isCut(int64(n)) {
			break
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range []io.Closer{to, from} {
		_ = conn.Close()
	}
	delete(c.conns, to)
	delete(c.conns, from)
}

// isCut counts bytes and cuts when they are enough.
func (c *Cutter) isCut(n int64) bool {
	c.mu.Lock()
	due := c.left > 0 && n >= c.left
	if c.left > 0 && !due {
		c.left -= n
	}
	c.mu.Unlock()
	if due {
		c.now()
	}
	return due
}
