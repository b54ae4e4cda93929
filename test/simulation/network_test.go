//go:build synctests

package simulation

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// network is what lies between the workers and the broker, which is kfake's but
// for the group coordinator.
type network struct {
	virtual     kfake.VirtualNetwork
	coordinator *coordinator
	wires       sync.WaitGroup // the goroutines of all connections

	mu    sync.Mutex // guards the following
	links int
	slow  time.Duration // what a request to the group coordinator takes longer
	turn  time.Time     // when the last of these requests is handled
}

// hop is what a frame takes from one end of a link to the other. It differs from
// link to link, so that what happens at once is rare, and the order of events is
// the same whenever a seed is run.
const hop = time.Millisecond

func (n *network) link() *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.links++
	return &link{network: n, latency: hop + time.Duration(n.links)*37*time.Microsecond, wires: map[*wire]bool{}}
}

func (n *network) slowDown(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.slow = d
}

// queue waits until the group coordinator takes a request: in the order in which
// they come, as Kafka's does, also where it was slow and is not any more.
func (n *network) queue() {
	n.mu.Lock()
	turn := time.Now().Add(n.slow)
	if !turn.After(n.turn) {
		turn = n.turn.Add(time.Microsecond) // at one instant there is no order
	}
	n.turn = turn
	n.mu.Unlock()
	time.Sleep(time.Until(turn))
}

// gate is open, or shut for some time. The zero value is open.
type gate struct {
	mu     sync.Mutex
	opened chan struct{} // guarded by mu: closed when the gate opens; nil while it is open
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened == nil {
		g.opened = make(chan struct{})
	}
}

func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.opened != nil {
		close(g.opened)
		g.opened = nil
	}
}

func (g *gate) isShut() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.opened != nil
}

// wait returns when the gate is open.
func (g *gate) wait(ctx context.Context) error {
	for {
		g.mu.Lock()
		opened := g.opened
		g.mu.Unlock()
		if opened == nil {
			return nil
		}
		select {
		case <-opened:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// link is the network of one worker. It can be cut, which breaks its
// connections, and its gate can be shut, which holds all that is under way.
type link struct {
	network *network
	latency time.Duration
	gate    gate

	mu     sync.Mutex // guards the following
	broken bool
	wires  map[*wire]bool
}

// wire is one connection. As a broker does, it takes one request after the other
// and answers each before it takes the next.
type wire struct {
	link         *link
	near, remote net.Conn // the ends that the client's and the broker's are tied to
	requests     chan []byte
	once         sync.Once
	gone         chan struct{} // closed when the client has no connection any more
	lost         atomic.Bool   // what is under way does not arrive
}

// opts have a Kafka client use the link, and wait between attempts as long as the
// times before.
func (l *link) opts() []kgo.Opt {
	return []kgo.Opt{kgo.Dialer(l.connect), kgo.RetryBackoffFn(func(attempt int) time.Duration {
		return min(100*time.Millisecond<<min(attempt, 6), time.Second)
	})}
}

var errNoRoute = &net.OpError{Op: "dial", Net: "virtual", Err: errors.New("no route to host")}

func (l *link) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if err := l.gate.wait(ctx); err != nil {
		return nil, err
	}
	if l.isCut() {
		return nil, errNoRoute
	}
	remote, err := l.network.virtual.DialContext(ctx, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	client, near := net.Pipe()
	w := &wire{link: l, near: near, remote: remote, requests: make(chan []byte, 100), gone: make(chan struct{})}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken {
		_, _ = near.Close(), remote.Close()
		return nil, errNoRoute
	}
	l.wires[w] = true
	l.network.wires.Go(w.listen)
	l.network.wires.Go(w.serve)
	return end{client}, nil
}

// end is the client's end of a connection, with the errors of a network.
type end struct{ net.Conn }

func (e end) Write(b []byte) (int, error) {
	n, err := e.Conn.Write(b)
	if errors.Is(err, io.ErrClosedPipe) {
		err = &net.OpError{Op: "write", Net: "virtual", Err: syscall.EPIPE}
	}
	return n, err
}

// listen takes what the client sends, until the connection ends.
func (w *wire) listen() {
	defer close(w.requests)
	defer w.hangUp()
	for {
		frame, err := readFrame(w.near)
		if err != nil {
			return
		}
		w.requests <- frame
	}
}

// serve has requests answered.
func (w *wire) serve() {
	defer func() { _ = w.remote.Close() }()
	defer w.hangUp()
	for frame := range w.requests {
		if !w.pass() {
			return
		}
		answer, err := w.ask(frame)
		if err != nil || !w.pass() {
			return
		}
		if _, err := w.near.Write(answer); err != nil {
			return
		}
	}
}

// pass takes a frame's time, and tells whether it arrives.
func (w *wire) pass() bool {
	time.Sleep(w.link.latency)
	_ = w.link.gate.wait(context.Background())
	return !w.lost.Load()
}

// ask gets the answer of the coordinator or the broker.
func (w *wire) ask(frame []byte) ([]byte, error) {
	switch kmsg.Key(binary.BigEndian.Uint16(frame[4:])) {
	case kmsg.JoinGroup, kmsg.SyncGroup, kmsg.Heartbeat, kmsg.LeaveGroup:
		return w.coordinate(frame)
	case kmsg.FindCoordinator:
		w.link.network.queue()
	default:
	}
	if _, err := w.remote.Write(frame); err != nil {
		return nil, err
	}
	return readFrame(w.remote)
}

// coordinate gets the answer of the coordinator, which may come late.
func (w *wire) coordinate(frame []byte) ([]byte, error) {
	w.link.network.queue()
	r := kbin.Reader{Src: frame[4:]}
	req := kmsg.RequestForKey(r.Int16())
	req.SetVersion(r.Int16())
	correlation, clientID := r.Int32(), r.NullableString()
	if req.IsFlexible() {
		kmsg.SkipTags(&r)
	}
	if err := req.ReadFrom(r.Src); err != nil {
		return nil, err
	}
	answers := make(chan kmsg.Response, 1)
	w.link.network.coordinator.handle(req, *clientID, func(resp kmsg.Response) { answers <- resp })
	select {
	case resp := <-answers:
		resp.SetVersion(req.GetVersion())
		answer := binary.BigEndian.AppendUint32(make([]byte, 4), uint32(correlation))
		if req.IsFlexible() {
			answer = append(answer, 0) // no tags
		}
		answer = resp.AppendTo(answer)
		binary.BigEndian.PutUint32(answer, uint32(len(answer)-4))
		return answer, nil
	case <-w.gone:
		return nil, net.ErrClosed
	}
}

// hangUp ends the connection for the client; what the broker was asked goes on.
func (w *wire) hangUp() {
	w.once.Do(func() {
		close(w.gone)
		_ = w.near.Close()
		w.link.mu.Lock()
		defer w.link.mu.Unlock()
		delete(w.link.wires, w)
	})
}

func readFrame(from io.Reader) ([]byte, error) {
	size := make([]byte, 4)
	if _, err := io.ReadFull(from, size); err != nil {
		return nil, err
	}
	frame := append(size, make([]byte, binary.BigEndian.Uint32(size))...)
	_, err := io.ReadFull(from, frame[4:])
	return frame, err
}

func (l *link) isCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// silent tells whether nothing comes through.
func (l *link) silent() bool { return l.isCut() || l.gate.isShut() }

func (l *link) cut() {
	l.mu.Lock()
	l.broken = true
	wires := l.wires
	l.wires = map[*wire]bool{}
	l.mu.Unlock()
	for w := range wires {
		w.lost.Store(true)
		w.hangUp()
	}
}

// heal mends a cut, and lets go what is held.
func (l *link) heal() {
	l.mu.Lock()
	l.broken = false
	l.mu.Unlock()
	l.gate.open()
}
