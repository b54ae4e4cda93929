package faults

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// echo answers every connection with its own bytes.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
		}
	}()
	return l.Addr().String()
}

func connected(t *testing.T, p *proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return c
}

func say(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, []byte(want)) {
		t.Fatalf("%q came back with %v, want %q", got, err, want)
	}
}

func TestProxy(t *testing.T) {
	t.Parallel()
	p, err := startProxy(t.Context(), 0, echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	first := connected(t, p)
	say(t, first, "one")
	hear(t, first, "one")
	if n := p.count(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}

	p.hold(true)
	say(t, first, "two")
	if err := first.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := first.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes passed while all is held", n)
	}
	if err := first.SetReadDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	p.hold(false)
	hear(t, first, "two")

	p.slow(time.Millisecond)
	say(t, first, "three")
	hear(t, first, "three")

	p.refuseAll(true)
	if n, err := first.Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes came on a closed connection", n)
	}
	if n, err := connected(t, p).Read(make([]byte, 1)); err == nil {
		t.Errorf("%d bytes came on a refused connection", n)
	}
	p.refuseAll(false)

	p.tearAll(true)
	torn := connected(t, p)
	say(t, torn, "abcd")
	if got, _ := io.ReadAll(torn); len(got) >= 4 {
		t.Errorf("%q came through a torn connection", got)
	}
	p.tearAll(false)
	last := connected(t, p)
	say(t, last, "four")
	hear(t, last, "four")
}
