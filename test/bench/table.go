package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	kafkatest "sluice/test/kafka"
)

const limitName = "limit"

// row is a scenario with what was measured, by the name of the worker.
type row struct {
	scenario scenario
	samples  map[string][]sample
	failures map[string]error
}

// table is the result of a run.
type table struct {
	rows    []row
	runs    int
	records int64
	command string
}

// measure is a column of a sample: lower or higher is better.
type measure struct {
	title  string
	value  func(sample) float64
	format func(float64) string
	higher bool
}

var measures = []measure{
	{"exec to the list of connectors", func(s sample) float64 { return s.start.Seconds() }, seconds, false},
	{"resident memory, idle", func(s sample) float64 { return float64(s.idle) }, megabytes, false},
	{"records/s", func(s sample) float64 { return s.rate }, thousands, true},
	{"CPU s per million records", func(s sample) float64 { return s.cpu }, func(v float64) string { return fmt.Sprintf("%.2f", v) }, false},
	{"resident memory at full rate", func(s sample) float64 { return float64(s.resident) }, megabytes, false},
	{"all created, running, first records in Kafka", func(s sample) float64 { return s.created.Seconds() }, seconds, false},
	{"CPU at rest, % of a core", func(s sample) float64 { return s.idleCPU }, func(v float64) string { return fmt.Sprintf("%.1f", v) }, false},
	{"GET list with status and info, p50", func(s sample) float64 { return s.list50.Seconds() }, millis, false},
	{"the same, p99", func(s sample) float64 { return s.list99.Seconds() }, millis, false},
	{"GET one status, p50", func(s sample) float64 { return s.status50.Seconds() }, millis, false},
	{"the same, p99", func(s sample) float64 { return s.status99.Seconds() }, millis, false},
	{"exec of a new worker to all running", func(s sample) float64 { return s.restart.Seconds() }, seconds, false},
	{"kill -9 of a worker to all running elsewhere", func(s sample) float64 { return s.killed.Seconds() }, seconds, false},
	{"its orderly stop to all running elsewhere", func(s sample) float64 { return s.left.Seconds() }, seconds, false},
	{"its high-water mark", func(s sample) float64 { return float64(s.peak) }, megabytes, false},
}

func millis(v float64) string    { return fmt.Sprintf("%.2f ms", v*1e3) }
func seconds(v float64) string   { return fmt.Sprintf("%.3f s", v) }
func megabytes(v float64) string { return fmt.Sprintf("%.0f MB", v/1e6) }
func thousands(v float64) string { return fmt.Sprintf("%.0fk", v/1e3) }

// String shows a sample for the log of a run.
func (s sample) String() string {
	var parts []string
	for _, m := range measures {
		if v := m.value(s); v != 0 {
			parts = append(parts, m.title+" "+m.format(v))
		}
	}
	return strings.Join(parts, ", ")
}

// median returns the middle of the samples; ok is false where nothing was measured.
func (m measure) median(samples []sample) (v float64, ok bool) {
	if len(samples) == 0 {
		return 0, false
	}
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = m.value(s)
	}
	slices.SortFunc(values, cmp.Compare)
	v = values[len(values)/2]
	if len(values)%2 == 0 {
		v = (v + values[len(values)/2-1]) / 2
	}
	return v, v != 0
}

// markdown renders the table with the machine and the command that made it.
func (t *table) markdown(ctx context.Context) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMedians of %d runs with %d records on %s, %s.\n\n    %s\n\n", t.runs, t.records, machine(ctx), time.Now().UTC().Format(time.DateOnly), t.command)
	b.WriteString("| scenario | measure | Java 4.3.1 | Sluice | Sluice against Java | limit |\n|---|---|---|---|---|---|\n")
	for _, r := range t.rows {
		r.write(&b)
	}
	for _, r := range t.rows {
		for name, err := range r.failures {
			first, _, _ := strings.Cut(err.Error(), "\n")
			fmt.Fprintf(&b, "\n**%s could not do `%s`:** %s\n", name, r.scenario.id, first)
		}
	}
	b.WriteByte('\n')
	return b.String()
}

func (r row) write(b *strings.Builder) {
	title := r.scenario.title
	for _, m := range measures {
		java, okJava := m.median(r.samples["Java"])
		ours, okOurs := m.median(r.samples["Sluice"])
		limit, okLimit := m.median(r.samples[limitName])
		if !okJava && !okOurs && !okLimit {
			continue
		}
		ratio := ""
		switch {
		case !okJava || !okOurs:
		case m.higher:
			ratio = fmt.Sprintf("%.1f x", ours/java)
		default:
			ratio = fmt.Sprintf("1/%.1f", java/ours)
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", title, m.title, m.cell(java, okJava), m.cell(ours, okOurs), ratio, m.cell(limit, okLimit))
		title = ""
	}
}

func (m measure) cell(v float64, ok bool) string {
	if !ok {
		return ""
	}
	return m.format(v)
}

// write replaces the part of the file between the markers; the rest is written
// by hand.
func (t *table) write(ctx context.Context, path, section string) error {
	return kafkatest.ReplaceSection(path, section, t.markdown(ctx))
}

// machine says what the figures were made on.
func machine(ctx context.Context) string {
	model := "an unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(info)) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	jvm := "no Java"
	if out, err := exec.CommandContext(ctx, "java", "-version").CombinedOutput(); err == nil {
		jvm, _, _ = strings.Cut(string(out), "\n")
	}
	return fmt.Sprintf("%s, %d cores shared with the broker, %s, %s", model, runtime.NumCPU(), runtime.Version(), strings.ReplaceAll(jvm, `"`, ""))
}
