package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheTableReplacesOnlyItsPart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, []byte("# Before\n<!-- bench: begin -->\nold\n<!-- bench: end -->\nAfter.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := scenarios()[1]
	made := table{runs: 3, records: 10, command: "bench -runs 3", rows: []row{{
		scenario: s,
		samples: map[string][]sample{
			"Java":    {{rate: 100e3, cpu: 8}, {rate: 300e3, cpu: 9}, {rate: 200e3, cpu: 7}},
			"Sluice":  {{rate: 900e3, cpu: 1}, {rate: 1100e3, cpu: 1}},
			limitName: {{rate: 2e6, cpu: 0.5}},
		},
		failures: map[string]error{"Sluice": errors.New("the worker ended\nand its log")},
	}}}
	if err := made.write(t.Context(), path, "bench"); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{
		"# Before\n", "\nAfter.\n", "    bench -runs 3\n",
		"| " + s.title + " | records/s | 200k | 1000k | 5.0 x | 2000k |\n",
		"|  | CPU s per million records | 8.00 | 1.00 | 1/8.0 | 0.50 |\n",
		"**Sluice could not do `source`:** the worker ended\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	if strings.Contains(text, "old") || strings.Contains(text, "memory") {
		t.Errorf("the old part, or a measure that nobody made, in:\n%s", text)
	}
}

func TestAFileWithoutMarkersIsLeftAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "performance.md")
	if err := os.WriteFile(path, []byte("by hand\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := new(table).write(t.Context(), path, "bench"); err == nil {
		t.Error("a file without markers was accepted")
	}
	if b, _ := os.ReadFile(path); string(b) != "by hand\n" {
		t.Errorf("the file holds %q", b)
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	if got, err := choose(""); err != nil || len(got) != len(scenarios()) {
		t.Errorf("all: %d scenarios, %v", len(got), err)
	}
	got, err := choose("sink,start")
	if err != nil || len(got) != 2 || got[0].id != "sink" || got[1].id != "start" {
		t.Errorf("two: %v, %v", got, err)
	}
	if got, err := choose("jdbc"); err != nil || len(got) != len(jdbcScenarios()) {
		t.Errorf("a group: %d scenarios, %v", len(got), err)
	}
	if _, err := choose("sink,nothing"); err == nil || !strings.Contains(err.Error(), `"nothing"`) {
		t.Errorf("unknown: %v", err)
	}
}

func TestOwnProcessIsMeasured(t *testing.T) {
	t.Parallel()
	before, err := cpuOf("self")
	if err != nil {
		t.Fatal(err)
	}
	// Reading its own times takes time: some day they are higher.
	for {
		after, err := cpuOf("self")
		if err != nil {
			t.Fatal(err)
		}
		if after > before {
			return
		}
	}
}

// TestRow holds the size that the titles of the table claim, as PostgreSQL counts it.
func TestRow(t *testing.T) {
	t.Parallel()
	row := string(appendRow(nil, 7, 5, "text"))
	if want := `"payload":{"id":2,"n":7,"text":"text","amount":8.75,"at":1700000000007}}`; !strings.HasSuffix(row, want) {
		t.Errorf("a record is %s", row)
	}
	const fixed = 8 + 8 + 8 + 8 // id, n, amount, at
	if size := fixed + rowText + 4; size != 200 {
		t.Errorf("a row has %d bytes", size)
	}
}
