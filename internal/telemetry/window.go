package telemetry

import (
	"math"
	"time"
)

// Windows says over how much time rates, averages and greatest values are
// taken: metrics.num.samples windows of metrics.sample.window.ms, as in Java.
type Windows struct {
	Samples int
	Length  time.Duration
}

// DefaultWindows are those of Java: two of 30 s.
func DefaultWindows() Windows { return Windows{Samples: 2, Length: 30 * time.Second} }

// window holds what was recorded in the last while, as SampledStat of Java.
// Who uses it locks it.
type window struct {
	of      Windows
	samples []sample
	now     int // the one in use
}

type sample struct {
	start    time.Time
	sum, max float64
	n        int64
}

func newWindow(of Windows, now time.Time) window {
	w := window{of: of, samples: make([]sample, max(of.Samples, 1))}
	for i := range w.samples {
		w.samples[i].start = now
	}
	return w
}

func (w *window) record(now time.Time, v float64) {
	s := &w.samples[w.now]
	if now.Sub(s.start) >= w.of.Length {
		w.now = (w.now + 1) % len(w.samples)
		s = &w.samples[w.now]
		*s = sample{start: now}
	}
	if s.n == 0 || v > s.max {
		s.max = v
	}
	s.sum += v
	s.n++
}

// purge empties the samples that are too old to count.
func (w *window) purge(now time.Time) {
	for i := range w.samples {
		if s := &w.samples[i]; now.Sub(s.start) >= time.Duration(len(w.samples))*w.of.Length {
			*s = sample{start: now}
		}
	}
}

// total is the sum, the greatest value, and how many there are.
func (w *window) total(now time.Time) sample {
	w.purge(now)
	var t sample
	for i, s := range w.samples {
		if i == 0 || s.start.Before(t.start) {
			t.start = s.start
		}
		if s.n > 0 && (t.n == 0 || s.max > t.max) {
			t.max = s.max
		}
		t.sum += s.sum
		t.n += s.n
	}
	return t
}

// rate is the sum for each second; all windows but one count as full.
func (w *window) rate(now time.Time) float64 {
	t := w.total(now)
	if span := w.span(now, t); span > 0 {
		return t.sum / span.Seconds()
	}
	return 0
}

// span is the time that the total t is taken over.
func (w *window) span(now time.Time, t sample) time.Duration {
	span := now.Sub(t.start)
	if full, least := int(span/w.of.Length), len(w.samples)-1; full < least {
		span += time.Duration(least-full) * w.of.Length
	}
	return span
}

// avg and max are NaN where nothing was recorded, as in Java.
func (w *window) avg(now time.Time) float64 {
	t := w.total(now)
	if t.n == 0 {
		return math.NaN()
	}
	return t.sum / float64(t.n)
}

func (w *window) greatest(now time.Time) float64 {
	t := w.total(now)
	if t.n == 0 {
		return math.NaN()
	}
	return t.max
}

// meter is a total with its rate.
type meter struct {
	window
	sum float64
}

func newMeter(of Windows, now time.Time) meter { return meter{window: newWindow(of, now)} }

func (m *meter) add(now time.Time, n float64) {
	m.sum += n
	m.record(now, n)
}

// took adds a call and keeps its time in the windows, in ms.
func (m *meter) took(now time.Time, d time.Duration) {
	m.sum++
	m.record(now, millis(d))
}

// often is how many values a second were recorded.
func (w *window) often(now time.Time) float64 {
	t := w.total(now)
	if span := w.span(now, t); span > 0 {
		return float64(t.n) / span.Seconds()
	}
	return 0
}
