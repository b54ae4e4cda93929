//go:build integration

package faults

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// section is the part of the document that the table replaces.
func (r *run) section() string {
	if r.plan.java {
		return "faults java"
	}
	return "faults"
}

// table renders what was broken and what was counted, in Markdown.
func (r *run) table() string {
	var b strings.Builder
	who, flag := "Sluice", ""
	if r.plan.java {
		who, flag = "Java 4.3.1", " JAVA=1"
	}
	fmt.Fprintf(&b, "\n    make faults SEED=%d T=%s WORKERS=%d%s\n\n%s, %d workers, %s.\n\n", r.plan.seed, r.plan.during, r.plan.workers, flag, who, r.plan.workers, time.Now().UTC().Format(time.DateOnly))
	b.WriteString("| fault | times | recovery, median | recovery, longest |\n|---|---|---|---|\n")
	n, all := 0, []time.Duration(nil)
	for _, name := range slices.Sorted(maps.Keys(r.recoveries)) {
		took := r.recoveries[name]
		n, all = n+len(took), append(all, took...)
		writeRecovery(&b, name, took)
	}
	writeRecovery(&b, "**all**", all)
	fmt.Fprintf(&b, "\nREST requests that change connectors meanwhile: %s.\n\n", &r.changes)
	b.WriteString("| counted | in Kafka | in the sinks' files |\n|---|---|---|\n")
	for _, row := range []struct {
		name        string
		kafka, file int
	}{
		{"lines written", r.kafka.written, r.files.written},
		{"**lost**", r.kafka.lost, r.files.lost},
		{"first occurrences out of order", r.kafka.disorder, r.files.disorder},
		{"lines that nobody wrote", r.kafka.foreign, r.files.foreign},
		{"repeated", r.kafka.repeated, r.files.repeated},
		{"repeated for each fault", r.kafka.repeated / max(n, 1), r.files.repeated / max(n, 1)},
		{"torn by a kill in the middle of a write", r.kafka.torn, r.files.torn},
	} {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", row.name, row.kafka, row.file)
	}
	b.WriteString("\nThe committed offsets are the ends of the files and topics. ")
	if !r.plan.java {
		fmt.Fprintf(&b, "Goroutines of the workers before the first connector %v, after the last %v; at most %.0f MB resident; slowest orderly stop of a worker %.1f s, all with exit code 0.\n", r.idle, r.left, r.peak/1e6, r.cluster.slowest.Seconds())
	} else {
		b.WriteString("\n")
	}
	return b.String()
}

func writeRecovery(b *strings.Builder, name string, took []time.Duration) {
	if len(took) == 0 {
		return
	}
	took = slices.Sorted(slices.Values(took))
	fmt.Fprintf(b, "| %s | %d | %.1f s | %.1f s |\n", name, len(took), took[len(took)/2].Seconds(), took[len(took)-1].Seconds())
}
