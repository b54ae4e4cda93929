//go:build integration

package soak

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	kafkatest "sluice/test/kafka"
)

// measure is something that must not grow. More than allowed times its value
// before, plus spare, is growth.
type measure struct {
	name, unit     string
	allowed, spare float64
}

// measures are in the order of a sample's values. Latency depends on what else the
// machine does, so only a growth to a multiple is one.
func measures() []measure {
	return []measure{
		{"goroutines", "", 1.15, 20},
		{"resident memory", "MB", 1.2, 10},
		{"live heap", "MB", 1.2, 5},
		{"open files", "", 1.15, 10},
		{"connections", "", 1.15, 10},
		{"GET /connectors?expand=status", "ms", 3, 20},
	}
}

// sample holds a value of each measure.
type sample [6]float64

// take looks at the worker once.
func take(ctx context.Context, w *kafkatest.Worker) (sample, error) {
	var s sample
	began := time.Now()
	if _, err := kafkatest.Call(ctx, http.MethodGet, w.URL+"/connectors?expand=status", nil); err != nil {
		return s, err
	}
	s[5] = float64(time.Since(began).Microseconds()) / 1e3
	values, err := kafkatest.Metrics(ctx, w.URL, "go_goroutines", "process_resident_memory_bytes", "go_gc_heap_live_bytes")
	if err != nil {
		return s, err
	}
	s[0], s[1], s[2] = values[0], values[1]/1e6, values[2]/1e6
	dir := filepath.Join("/proc", strconv.Itoa(w.PID()), "fd")
	files, err := os.ReadDir(dir)
	if err != nil {
		return s, err
	}
	s[3] = float64(len(files))
	for _, f := range files {
		if to, err := os.Readlink(filepath.Join(dir, f.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			s[4]++
		}
	}
	return s, nil
}

// settled waits until goroutines, files and connections of the worker are no more
// than before, with what idle connections of clients may hold, and returns a
// sample of that time. Compared with nothing it takes the least of two seconds.
func settled(t *testing.T, w *kafkatest.Worker, before sample) sample {
	t.Helper()
	const spare = 8
	var least sample
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		now, err := take(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		if least == (sample{}) {
			least = now
		}
		for i := range now {
			least[i] = min(least[i], now[i])
		}
		switch {
		case before == sample{} && time.Now().After(end):
			return least
		case before != sample{} && now[0] <= before[0]+spare && now[3] <= before[3]+spare && now[4] <= before[4]+spare:
			return now
		case time.Now().After(end.Add(wait)):
			t.Errorf("left after all connectors were deleted: %v, before: %v", now, before)
			return now
		}
	}
}

// report is what a run found.
type report struct {
	seed              uint64
	during            time.Duration
	requests, created int64
	before, after     sample
	samples           []sample
}

// quarter returns the medians of the n-th quarter of the time, from 0.
func (r *report) quarter(n int) sample {
	part := r.samples[len(r.samples)*n/4 : len(r.samples)*(n+1)/4]
	var out sample
	for i := range out {
		values := make([]float64, 0, len(part))
		for _, s := range part {
			values = append(values, s[i])
		}
		slices.SortFunc(values, cmp.Compare)
		if len(values) > 0 {
			out[i] = values[len(values)/2]
		}
	}
	return out
}

// verdict names what has grown.
func (r *report) verdict() []string {
	var out []string
	second, last := r.quarter(1), r.quarter(3)
	for i, m := range measures() {
		if last[i] > second[i]*m.allowed+m.spare {
			out = append(out, fmt.Sprintf("%s grew from %.1f to %.1f %s", m.name, second[i], last[i], m.unit))
		}
	}
	return out
}

// table renders the report in Markdown.
func (r *report) table() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n    make soak SEED=%d T=%s\n\n%d requests that change connectors, %d connectors created, %d at a time; %s. Medians of %d samples.\n\n",
		r.seed, r.during, r.requests, r.created, clients*slots, time.Now().UTC().Format(time.DateOnly), len(r.samples))
	b.WriteString("| measure | before | second quarter | last quarter | all deleted |\n|---|---|---|---|---|\n")
	second, last := r.quarter(1), r.quarter(3)
	for i, m := range measures() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", m.name, m.cell(r.before[i]), m.cell(second[i]), m.cell(last[i]), m.cell(r.after[i]))
	}
	b.WriteByte('\n')
	return b.String()
}

func (m measure) cell(v float64) string {
	if m.unit == "" {
		return strconv.Itoa(int(v))
	}
	return fmt.Sprintf("%.1f %s", v, m.unit)
}
