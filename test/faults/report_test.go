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
	name := "faults"
	switch r.plan.kinds {
	case "all":
		name += " java"
	case "mixed":
		name += " mixed"
	}
	if r.plan.exactlyOnce {
		name += " exactly-once"
	}
	return name
}

// head says how to repeat the run, and what ran.
func (r *run) head() string {
	flags, who := "", fmt.Sprintf("%d workers of Sluice", r.plan.workers)
	switch r.plan.kinds {
	case "all":
		flags, who = " JAVA=1", fmt.Sprintf("%d workers of Java 4.3.1", r.plan.workers)
	case "mixed":
		flags, who = " JAVA=mixed", fmt.Sprintf("%d workers, every second one of Java 4.3.1", r.plan.workers)
	}
	delivery := "at least once"
	if r.plan.exactlyOnce {
		flags, delivery = flags+" EOS=1", "exactly once"
	}
	return fmt.Sprintf("\n    make faults SEED=%d T=%s WORKERS=%d%s\n\n%s, %s, %s.\n\n",
		r.plan.seed, r.plan.during, r.plan.workers, flags, who, delivery, time.Now().UTC().Format(time.DateOnly))
}

// table renders what was broken and what was counted, in Markdown.
func (r *run) table() string {
	var b strings.Builder
	b.WriteString(r.head())
	b.WriteString("| fault | times | recovery, median | recovery, longest |\n|---|---|---|---|\n")
	n, all := 0, []time.Duration(nil)
	for _, name := range slices.Sorted(maps.Keys(r.recoveries)) {
		took := r.recoveries[name]
		n, all = n+len(took), append(all, took...)
		writeRecovery(&b, name, took)
	}
	writeRecovery(&b, "**all**", all)
	fmt.Fprintf(&b, "\nREST requests that change connectors meanwhile: %s. Restarts of FAILED tasks of the other connectors: %s.\n\n", &r.changes, &r.operator)
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
	fmt.Fprintf(&b, "\nThe committed offsets are the ends of the files and topics. Connections to the broker before the first connector %d, after the last %d.", r.idleConns, r.leftConns)
	if r.ours() {
		fmt.Fprintf(&b, " Goroutines of our workers likewise %v and %v; resident memory of the biggest one %s; slowest orderly stop %.1f s, all with exit code 0.", r.idle, r.left, r.memories(), r.cluster.slowest.Seconds())
	}
	if r.hung > 0 {
		fmt.Fprintf(&b, " The broker had forgotten the end of %d transactions, which were aborted as with `kafka-transactions.sh`.", r.hung)
	}
	for _, fault := range r.never {
		fmt.Fprintf(&b, " After %q no line came for two minutes, and all workers were started anew.", fault)
	}
	b.WriteByte('\n')
	return b.String()
}

// memories says how memory went.
func (r *run) memories() string {
	n := len(r.memory)
	if n < 2 {
		return "was not measured"
	}
	return fmt.Sprintf("%.0f MB in the first half of the faults, %.0f MB in the second (medians)", median(r.memory[:n/2])/1e6, median(r.memory[n/2:])/1e6)
}

func writeRecovery(b *strings.Builder, name string, took []time.Duration) {
	if len(took) == 0 {
		return
	}
	took = slices.Sorted(slices.Values(took))
	fmt.Fprintf(b, "| %s | %d | %.1f s | %.1f s |\n", name, len(took), took[len(took)/2].Seconds(), took[len(took)-1].Seconds())
}
