// Command bench compares Sluice with Java Kafka Connect 4.3.1 in one run: the
// same broker, the same properties files, both workers in standalone mode, one
// after the other. It measures start-up, memory, records a second and CPU, and
// counts records at the destination. `make bench` runs it.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	kafkatest "sluice/test/kafka"
	"sluice/test/ports"
)

// bench is one run of the harness.
type bench struct {
	cluster *cluster
	plugins string // plugin.path of the Java worker
	home    string // of all files
	input   string // the file that sources read
	filled  string // the topic that sinks read; empty until full makes it

	rowTopics   map[int64]string // with rows for JDBC sinks, by their keys
	tableFilled bool             // that JDBC sources read
	database    database
	services    *host

	records int64
	port    int
	seq     int
	log     io.Writer
}

type options struct {
	runs        int
	records     int64
	only        string
	section     string
	binary      string
	java        bool
	out         string
	broker      string
	port        int
	commandLine string
}

func main() {
	var o options
	flag.IntVar(&o.runs, "runs", 3, "runs of each scenario; the table has their medians")
	flag.Int64Var(&o.records, "records", 5_000_000, "records of each scenario")
	flag.StringVar(&o.only, "only", "", "scenarios to run, by id or the beginning of ids before a dash, comma-separated (default all)")
	flag.StringVar(&o.section, "section", "bench", "name of the markers in -out between which the table goes")
	flag.StringVar(&o.binary, "sluice", "bin/sluice", "the binary to measure; empty leaves it out")
	flag.BoolVar(&o.java, "java", true, "measure Java Connect too")
	flag.StringVar(&o.out, "out", "", "Markdown file whose part between the markers is replaced (default: print)")
	flag.StringVar(&o.broker, "broker", "", "address of a running broker (default: start one)")
	flag.IntVar(&o.port, "port", 0, "first port to use (default: free ones)")
	flag.Parse()
	o.commandLine = strings.Join(append([]string{"go run ./test/bench"}, os.Args[1:]...), " ")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (err error) {
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	var kinds []kind
	if o.java {
		kinds = append(kinds, java())
	}
	if o.binary != "" {
		binary, err := filepath.Abs(o.binary)
		if err != nil {
			return err
		}
		if _, err := os.Stat(binary); err != nil {
			return fmt.Errorf("the Sluice binary: %w; `make build` makes it", err)
		}
		kinds = append(kinds, sluice(binary))
	}
	b := &bench{records: o.records, port: o.port, log: os.Stderr, rowTopics: map[int64]string{}}
	if b.home, err = os.MkdirTemp("", "sluice-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.home)) }()
	b.services = &host{home: b.home, log: func(format string, args ...any) { fmt.Fprintf(b.log, format, args...) }}
	defer b.services.close()
	if _, err := kafkatest.Run(ctx, "install"); err != nil {
		return err
	}
	if b.plugins, err = kafkatest.Run(ctx, "plugins"); err != nil {
		return err
	}
	if o.broker == "" {
		if o.broker, err = b.startBroker(ctx); err != nil {
			return err
		}
	}
	if b.cluster, err = connect(o.broker); err != nil {
		return err
	}
	defer b.cluster.close()
	if err := b.writeInput(); err != nil {
		return err
	}
	t, err := b.all(ctx, o.runs, kinds, chosen)
	if err != nil {
		return err
	}
	t.command, t.records = o.commandLine, o.records
	if o.out == "" {
		_, err = io.WriteString(os.Stdout, t.markdown(ctx))
		return err
	}
	return t.write(ctx, o.out, o.section)
}

// choose returns the scenarios with the ids, or of the groups, or all for none.
func choose(only string) ([]scenario, error) {
	all := scenarios()
	if only == "" {
		return all, nil
	}
	var chosen []scenario
	for id := range strings.SplitSeq(only, ",") {
		if i := slices.IndexFunc(all, func(s scenario) bool { return s.id == id }); i >= 0 {
			chosen = append(chosen, all[i])
			continue
		}
		before := len(chosen)
		for _, s := range all {
			if strings.HasPrefix(s.id, id+"-") {
				chosen = append(chosen, s)
			}
		}
		if len(chosen) == before {
			ids := make([]string, len(all))
			for i, s := range all {
				ids[i] = s.id
			}
			return nil, fmt.Errorf("no scenario %q, there are %s", id, strings.Join(ids, ", "))
		}
	}
	return chosen, nil
}

// all measures every scenario with every kind, runs times. A worker that cannot
// do a scenario is reported, and its cell stays empty; the others go on.
func (b *bench) all(ctx context.Context, runs int, kinds []kind, chosen []scenario) (*table, error) {
	t := &table{runs: runs}
	for _, s := range chosen {
		r := row{scenario: s, samples: map[string][]sample{}, failures: map[string]error{}}
		for n := range runs {
			for _, k := range kinds {
				if r.failures[k.name] != nil || s.ours && k.name == javaName {
					continue
				}
				b.measured(ctx, &r, k.name, n, func(ctx context.Context) (sample, error) { return s.measure(ctx, b, k, s) })
			}
			if s.limit != nil {
				b.measured(ctx, &r, limitName, n, func(ctx context.Context) (sample, error) { return s.limit(ctx, b) })
			}
			if ctx.Err() != nil {
				return nil, context.Cause(ctx)
			}
		}
		t.rows = append(t.rows, r)
	}
	return t, nil
}

func (b *bench) measured(ctx context.Context, r *row, name string, n int, measure func(context.Context) (sample, error)) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done in %s", timeout))
	defer cancel()
	s, err := measure(ctx)
	if err != nil {
		r.failures[name] = err
		fmt.Fprintf(b.log, "%s, %s, run %d: %v\n", r.scenario.id, name, n+1, err)
		return
	}
	r.samples[name] = append(r.samples[name], s)
	fmt.Fprintf(b.log, "%s, %s, run %d: %s\n", r.scenario.id, name, n+1, s)
}

// brokerPorts are the broker's and its controller's.
const brokerPorts = 2

func (b *bench) startBroker(ctx context.Context) (string, error) {
	port := b.port
	if port == 0 {
		var err error
		if port, err = ports.Free(ctx, brokerPorts); err != nil {
			return "", err
		}
	} else {
		b.port += brokerPorts
	}
	name := "bench-broker-" + strconv.Itoa(os.Getpid())
	if err := kafkatest.Guarded(ctx, name, "broker", "start", name, strconv.Itoa(port)); err != nil {
		return "", err
	}
	return "127.0.0.1:" + strconv.Itoa(port), nil
}

// writeInput makes the file that sources read.
func (b *bench) writeInput() (err error) {
	b.input = filepath.Join(b.home, "in.txt")
	f, err := os.Create(b.input)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	text := append(line(), '\n')
	for range b.records {
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	return w.Flush()
}

// full makes the topic that sinks read, once.
func (b *bench) full(ctx context.Context) error {
	if b.filled != "" {
		return nil
	}
	topic := b.topic()
	if err := b.cluster.create(ctx, topic); err != nil {
		return err
	}
	if err := b.cluster.fill(ctx, topic, b.records); err != nil {
		return err
	}
	b.filled = topic
	return nil
}

func (b *bench) dir() (string, error) { return os.MkdirTemp(b.home, "worker-") }

func (b *bench) topic() string {
	b.seq++
	return fmt.Sprintf("bench-%d-%d", os.Getpid(), b.seq)
}

// nextPort returns a port for a worker, or 0, on which none can show its REST API
// and which its error will name.
func (b *bench) nextPort(ctx context.Context) int {
	if b.port == 0 {
		port, _ := ports.Free(ctx, 1)
		return port
	}
	b.port++
	return b.port - 1
}
