// Package faults breaks things while records flow, and counts afterwards: a
// driver kills, freezes and restarts workers and the broker, and disturbs the
// connections between them, in an order that a seed decides; an audit compares
// what was written with what arrived. `make faults` runs it.
package faults

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// proxy passes bytes between workers and the broker, unchanged, and can be told
// to close, delay, hold and tear. Every worker reaches the broker through it,
// because the broker advertises its port.
type proxy struct {
	listener net.Listener
	target   string
	done     sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	delay  time.Duration
	flows  chan struct{} // closed while bytes flow
	refuse bool          // new connections are closed
	tear   bool          // the next piece of each connection is cut in the middle
	closed bool
}

// startProxy listens on a port of 127.0.0.1 and passes on to the target.
func startProxy(ctx context.Context, port int, target string) (*proxy, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, target: target, conns: map[net.Conn]struct{}{}, flows: make(chan struct{})}
	close(p.flows)
	p.done.Go(func() { p.serve(ctx) })
	return p, nil
}

// address is where workers reach the broker.
func (p *proxy) address() string { return p.listener.Addr().String() }

// close ends all connections and waits for the goroutines.
func (p *proxy) close() {
	_ = p.listener.Close()
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.hold(false)
	p.closeAll()
	p.done.Wait()
}

// count returns how many connections there are.
func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.conns) / 2 // both ends
}

// closeAll closes every connection.
func (p *proxy) closeAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
}

// slow delays every piece by d.
func (p *proxy) slow(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// hold keeps all bytes back, or lets them flow again; connections stay.
func (p *proxy) hold(back bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.flows:
		if back {
			p.flows = make(chan struct{})
		}
	default:
		if !back {
			close(p.flows)
		}
	}
}

// refuseAll closes what is there and what comes, or ends that.
func (p *proxy) refuseAll(refuse bool) {
	p.mu.Lock()
	p.refuse = refuse
	p.mu.Unlock()
	if refuse {
		p.closeAll()
	}
}

// tearAll drops the second half of the pieces that come next, and closes their
// connections, until it is ended.
func (p *proxy) tearAll(tear bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tear = tear
}

func (p *proxy) serve(ctx context.Context) {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.done.Go(func() { p.join(ctx, c) })
	}
}

// join connects an accepted connection with the target until either ends.
func (p *proxy) join(ctx context.Context, from net.Conn) {
	defer func() { _ = from.Close() }()
	if !p.admit(from) {
		return
	}
	defer p.forget(from)
	var d net.Dialer
	to, err := d.DialContext(ctx, "tcp", p.target)
	if err != nil {
		return // no broker: the client sees a closed connection
	}
	defer func() { _ = to.Close() }()
	if !p.admit(to) {
		return
	}
	defer p.forget(to)
	var back sync.WaitGroup
	back.Go(func() {
		p.pass(from, to)
		_ = from.Close()
	})
	p.pass(to, from)
	_ = to.Close()
	back.Wait()
}

func (p *proxy) admit(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuse || p.closed {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// pass copies until one side ends, as disturbed as was asked for.
func (p *proxy) pass(to, from net.Conn) {
	piece := make([]byte, 16<<10)
	for {
		n, err := from.Read(piece)
		if n > 0 {
			p.mu.Lock()
			flows, delay := p.flows, p.delay
			p.mu.Unlock()
			<-flows
			if delay > 0 {
				time.Sleep(delay) // the delay is the point
			}
			p.mu.Lock()
			tear := p.tear
			p.mu.Unlock()
			if tear {
				n /= 2
			}
			if _, e := to.Write(piece[:n]); e != nil || tear {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
