package kafka

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// connections sets how a connection is made: time, socket buffers, pause
// after a failure, TLS and login.
func (b *builder) connections() {
	d := &dialer{
		net:     net.Dialer{Timeout: millis(b, "socket.connection.setup.timeout.ms", 10*time.Second)},
		receive: int(number(b, "receive.buffer.bytes", -1)),
		send:    int(number(b, "send.buffer.bytes", -1)),
		pause: backoff(
			millis(b, "reconnect.backoff.ms", 50*time.Millisecond),
			millis(b, "reconnect.backoff.max.ms", time.Second),
		),
		failed: make(map[string]failure),
	}
	protocol := str(b, "security.protocol")
	if protocol == "SSL" || protocol == "SASL_SSL" {
		d.tls = b.tlsConfig()
	}
	if protocol == "SASL_PLAINTEXT" || protocol == "SASL_SSL" {
		b.login()
	}
	b.add(kgo.Dialer(d.dial))
}

// dialer connects to brokers. After a failure the next attempt at the same
// address waits, longer each time, as Java's reconnect.backoff.ms says.
type dialer struct {
	net     net.Dialer
	tls     *tls.Config // nil for none
	receive int         // bytes of the socket's buffer, negative for the system's
	send    int
	pause   func(fails int) time.Duration

	mu     sync.Mutex
	failed map[string]failure // by address; guarded by mu
}

type failure struct {
	times int
	until time.Time
}

func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := d.wait(ctx, address); err != nil {
		return nil, err
	}
	conn, err := d.connect(ctx, network, address)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		delete(d.failed, address)
		return conn, nil
	}
	if ctx.Err() == nil { // otherwise the broker is not to blame
		f := d.failed[address]
		f.times++
		f.until = time.Now().Add(d.pause(f.times))
		d.failed[address] = f
	}
	return nil, err
}

func (d *dialer) wait(ctx context.Context, address string) error {
	d.mu.Lock()
	rest := time.Until(d.failed[address].until)
	d.mu.Unlock()
	if rest <= 0 {
		return nil
	}
	timer := time.NewTimer(rest)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		if d.receive > 0 {
			_ = tcp.SetReadBuffer(d.receive) // a wish: the system may give less
		}
		if d.send > 0 {
			_ = tcp.SetWriteBuffer(d.send)
		}
	}
	if d.tls == nil {
		return conn, nil
	}
	return d.handshake(ctx, conn, address)
}

func (d *dialer) handshake(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ctx, cancel := context.WithTimeout(ctx, d.net.Timeout)
	defer cancel()
	cfg := d.tls.Clone()
	cfg.ServerName = host
	secure := tls.Client(conn, cfg)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("TLS handshake with broker %s: %w", address, err)
	}
	return secure, nil
}
