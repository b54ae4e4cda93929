package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	liveEvery  = 500 * time.Millisecond // on a terminal
	plainEvery = 10 * time.Second       // elsewhere
)

// screen shows what moves: on a terminal one line that is written over, with the
// log lines above it; elsewhere a line from time to time.
type screen struct {
	out  io.Writer
	live bool

	mu   sync.Mutex
	line string // what stands on the terminal; guarded by mu
}

func newScreen(out io.Writer) *screen {
	f, ok := out.(*os.File)
	if !ok {
		return &screen{out: out}
	}
	info, err := f.Stat()
	return &screen{out: out, live: err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"}
}

// over returns a writer for log lines that may go to the same terminal.
func (s *screen) over(w io.Writer) io.Writer {
	if !s.live {
		return w
	}
	return above{s, w}
}

type above struct {
	*screen
	w io.Writer
}

func (a above) Write(p []byte) (int, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wipe()
	n, err := a.w.Write(p)
	fmt.Fprint(a.out, a.line)
	return n, err
}

// say writes whole lines.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	fmt.Fprintf(s.out, format, args...)
	fmt.Fprint(s.out, s.line)
}

// wipe takes the line off the terminal; mu is locked.
func (s *screen) wipe() {
	if s.line != "" {
		fmt.Fprint(s.out, "\r\x1b[K")
	}
}

func (s *screen) show(line string) {
	if !s.live {
		fmt.Fprintln(s.out, line)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	s.line = line
	fmt.Fprint(s.out, line)
}

// follow shows what moved returns until ctx ends: records written to Kafka and
// put by sinks, each since its task has started.
func (s *screen) follow(ctx context.Context, moved func() (written, put int64)) {
	every := plainEvery
	if s.live {
		every = liveEvery
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	var p progress
	for {
		select {
		case <-ctx.Done():
			s.mu.Lock()
			s.wipe()
			s.line = ""
			s.mu.Unlock()
			return
		case now := <-tick.C:
			written, put := moved()
			s.show(p.next(now, written, put))
		}
	}
}

// progress makes totals and rates of counts that begin anew with a task.
type progress struct {
	at                        time.Time
	lastIn, lastOut, in, out  int64
	inPerSecond, outPerSecond float64
}

func (p *progress) next(now time.Time, in, out int64) string {
	plusIn, plusOut := grown(p.lastIn, in), grown(p.lastOut, out)
	p.lastIn, p.lastOut = in, out
	p.in, p.out = p.in+plusIn, p.out+plusOut
	if span := now.Sub(p.at).Seconds(); !p.at.IsZero() && span > 0 {
		p.inPerSecond, p.outPerSecond = float64(plusIn)/span, float64(plusOut)/span
	}
	p.at = now
	return fmt.Sprintf("moving: %s records in (%s/s), %s out (%s/s)",
		thousands(p.in), thousands(int64(p.inPerSecond+0.5)), thousands(p.out), thousands(int64(p.outPerSecond+0.5)))
}

// grown is what a count has grown by; one that is less has begun anew.
func grown(last, now int64) int64 {
	if now < last {
		return now
	}
	return now - last
}

func thousands(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
