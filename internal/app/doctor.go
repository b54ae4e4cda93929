package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/internal/group"
	"sluice/internal/herder"
	"sluice/internal/kafka"
	"sluice/internal/plugins"
	"sluice/internal/properties"
	"sluice/internal/rest"
	"sluice/internal/setting"
	"sluice/internal/store"
	stores "sluice/internal/store/kafka"
	"sluice/internal/telemetry"
)

// ErrNotWell says that the doctor has found problems; its report names them.
var ErrNotWell = errors.New("there are problems, see the report")

// Doctor says what would not work if a Sluice worker with the properties file took
// the place of a Java worker of its group: it reads the file and the live cluster,
// changes nothing and joins nothing. The report goes to out. The error is
// ErrNotWell where it names a problem.
func (p Program) Doctor(ctx context.Context, path string, out io.Writer) error {
	d := &doctor{path: path, registry: p.registry, secrets: &telemetry.Secrets{}, log: slog.New(slog.DiscardHandler)}
	err := d.examine(ctx)
	if _, printed := io.WriteString(out, d.secrets.Mask(d.report.String())); printed != nil {
		return printed
	}
	return err
}

// doctor is one examination.
type doctor struct {
	path      string
	registry  *plugins.Registry
	secrets   *telemetry.Secrets
	log       *slog.Logger
	report    report
	settings  config.Map
	providers *properties.Providers
}

func (d *doctor) examine(ctx context.Context) error {
	if err := d.file(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, clusterWait)
	defer cancel()
	if found := d.cluster(ctx); found != nil {
		d.group(ctx, found)
		d.connectors(ctx, found)
	}
	return d.report.end()
}

// file reads the properties file. The error is about a file that is none.
func (d *doctor) file() error {
	d.report.section("worker file %s", d.path)
	raw, odd, err := properties.Load(d.path)
	if err != nil {
		return err
	}
	for _, w := range odd {
		d.report.note("%s", w)
	}
	d.settings = raw
	if d.providers, err = properties.NewProviders(raw); err != nil {
		d.report.problem("%v", err)
		d.providers = nil
	} else if resolved, err := d.providers.Resolve(raw); err != nil {
		d.report.problem("%v", err)
	} else {
		d.settings = resolved.Config
		d.secrets.Add(resolved.Secrets...)
		for _, w := range resolved.Warnings {
			d.report.note("%s", w)
		}
	}
	jaasFile(d.settings, os.Getenv("KAFKA_OPTS"))
	d.secrets.Add(passwords(d.settings)...)
	d.report.problems(setting.Check(setting.Distributed, d.settings, resolver(d.registry)))
	d.report.problems(herder.CheckSettings(d.settings))
	d.report.problems(checkReporters(d.settings))
	d.report.problems(rest.CheckSettings(d.settings))
	for _, key := range setting.Unknown(setting.Distributed, d.settings, kafka.KnownKey) {
		d.report.note("unknown key %q is ignored, as Java does", key)
	}
	if _, err := stores.ExactlyOnce(d.settings); err != nil {
		d.report.problem("%v", err)
	}
	d.clients()
	return nil
}

// clients looks at the keys of all Kafka clients of the worker.
func (d *doctor) clients() {
	for _, role := range []kafka.Role{kafka.AdminRole, kafka.ConsumerRole, kafka.ProducerRole} {
		d.plan(role.String()+" of the worker", kafka.Settings{Role: role, Values: kafka.WorkerSettings(role, d.settings, nil)})
		d.plan(role.String()+" of connectors", kafka.Settings{Role: role, Values: kafka.Merge(role, d.settings, nil, nil)})
	}
}

// plan says which keys of a client cannot be obeyed.
func (d *doctor) plan(whose string, s kafka.Settings) {
	plan, err := s.Plan()
	if err != nil {
		d.report.problem("%s: %v", whose, err)
		return
	}
	for _, w := range plan.Warnings {
		if strings.HasPrefix(w, "unknown ") { // Java ignores it too
			d.report.note("%s: %s", whose, w)
		} else {
			d.report.problem("%s: %s", whose, w)
		}
	}
}

// cluster reads the internal topics; nil where it cannot.
func (d *doctor) cluster(ctx context.Context) *stores.Inspection {
	d.report.section("cluster at %s", d.settings["bootstrap.servers"])
	found, err := stores.Inspect(ctx, stores.Config{Worker: d.settings, Log: d.log})
	if err != nil {
		d.report.problem("%v", err)
		return nil
	}
	d.report.fact("id %s, %s", found.ClusterID, count(found.Brokers, "broker"))
	missing := 0
	for _, t := range found.Topics {
		d.report.section("topic %s (%s)", t.Name, t.Key)
		if !t.Exists && len(t.Problems) == 0 {
			missing++
			d.report.note("it does not exist: the first worker creates it")
			continue
		}
		if t.Exists {
			d.report.fact("%s, replication factor %d, %s", count(t.Partitions, "partition"), t.Replication, count(t.Records, "record"))
		}
		for _, p := range t.Problems {
			d.report.problem("%s", p)
		}
	}
	if missing > 0 && missing < len(found.Topics) {
		d.report.problem("some of the internal topics exist and some do not: do all three names belong to the same group?")
	}
	return found
}

// group looks at who is in the group.
func (d *doctor) group(ctx context.Context, found *stores.Inspection) {
	d.report.section("group %s", d.settings["group.id"])
	g, err := group.Look(ctx, d.settings, d.log)
	switch {
	case err != nil:
		d.report.problem("%v", err)
		return
	case len(g.Members) == 0:
		d.report.note("no worker is in it")
		return
	case g.ProtocolType != "connect":
		d.report.problem("it is a group of type %q with %s: give another group.id", g.ProtocolType, count(len(g.Members), "member"))
		return
	}
	d.report.fact("%s, protocol %s, leader %s", g.State, g.Protocol, g.Leader)
	for _, m := range g.Members {
		d.report.fact("worker %s (client %s, host %s), config offset %d", m.URL, m.ClientID, m.Host, m.ConfigOffset)
		if m.ConfigOffset > found.Configs.Offset() {
			d.report.problem("worker %s has read its config topic up to %d, this one ends at %d: does the group use another config.storage.topic?", m.URL, m.ConfigOffset, found.Configs.Offset())
		}
	}
	if own := d.settings["connect.protocol"]; g.Protocol == "default" && own != "eager" {
		d.report.note("the group speaks the eager protocol, so that every rebalance restarts all tasks")
	}
}

// connectors looks at what is to run.
func (d *doctor) connectors(ctx context.Context, found *stores.Inspection) {
	for name := range found.Configs.Connectors() {
		cfg := found.Configs.Connector(name)
		class := ""
		if c := cfg["connector.class"]; c != nil {
			class = config.Trim(*c)
		}
		status, _ := found.Statuses.Connector(name)
		d.report.section("connector %s (%s, %s, %s)", name, class, count(found.Configs.TaskCount(name), "task"), strings.TrimSpace(string(found.Configs.TargetState(name))+" "+string(status.State)))
		for id, task := range found.Statuses.Tasks(name) {
			if task.State == store.Failed {
				line, _, _ := strings.Cut(task.Trace, "\n")
				d.report.note("task %d has failed: %s", id, line)
			}
		}
		if found.Configs.Inconsistent(name) {
			d.report.note("compaction has removed some of its task configurations: it has no tasks until its owner makes them anew")
		}
		_, source := d.registry.Source(class)
		if _, sink := d.registry.Sink(class); !source && !sink {
			d.report.problem("the class is not native here, and Java code is not run in this version: it would fail on this worker")
			continue
		}
		d.config(ctx, cfg, source)
		if source {
			d.offsets(found.Offsets, name)
		}
	}
}

// config validates a configuration as a worker would, and looks at the keys that
// validation does not know.
func (d *doctor) config(ctx context.Context, cfg config.Raw, source bool) {
	resolved := cfg.Map()
	if d.providers != nil {
		r, err := d.providers.Resolve(resolved)
		if err != nil {
			d.report.problem("%v", err)
			return
		}
		d.secrets.Add(r.Secrets...)
		for _, w := range r.Warnings {
			d.report.problem("%s", w)
		}
		resolved = r.Config
	}
	infos, err := herder.Check(ctx, d.registry, d.settings, d.providers, d.log, cfg)
	if err != nil {
		d.report.problem("%v", err)
		return
	}
	known := map[string]bool{}
	for _, info := range infos.Configs {
		known[info.Value.Name] = true
		for _, text := range info.Value.Errors {
			d.report.problem("%s", text)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(cfg)) {
		if !known[key] && !ofAPart(key) {
			d.report.note("key %q means nothing to the connector", key)
		}
	}
	for _, c := range []struct {
		prefix string
		role   kafka.Role
	}{{kafka.ProducerOverride, kafka.ProducerRole}, {kafka.ConsumerOverride, kafka.ConsumerRole}, {kafka.AdminOverride, kafka.AdminRole}} {
		if overrides := kafka.WithPrefix(resolved, c.prefix); len(overrides) > 0 {
			worker := map[string]string{"bootstrap.servers": d.settings["bootstrap.servers"]} // its own keys were looked at
			d.plan(c.prefix+"*", kafka.Settings{Role: c.role, Values: kafka.Merge(c.role, worker, nil, overrides)})
		}
	}
	if source && resolved["offsets.storage.topic"] != "" {
		d.report.note("offsets.storage.topic=%s: the offsets in this topic count, those below are the worker's copies", resolved["offsets.storage.topic"])
	}
}

// ofAPart says whether a key belongs to a part of the connector that looks at its
// own keys when it is made.
func ofAPart(key string) bool {
	return slices.ContainsFunc([]string{
		"key.converter.", "value.converter.", "header.converter.", "producer.override.", "consumer.override.", "admin.override.", "topic.creation.",
	}, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

// offsets says which offsets of a source connector would not be found.
func (d *doctor) offsets(found *store.OffsetSnapshot, name string) {
	listed, err := found.List(name)
	if err != nil {
		d.report.problems(err)
	}
	if len(listed) > 0 {
		d.report.fact("offsets of %s", count(len(listed), "partition"))
	}
	for _, key := range found.Unreachable(name) {
		d.report.problem("the offset under the key %s cannot be looked up here: the connector would start without it", key)
	}
}

// report is text in sections, each with facts, notes and problems.
type report struct {
	strings.Builder

	bad, notes int
	open       bool            // a section has begun
	said       map[string]bool // in this section
}

func (r *report) section(format string, args ...any) {
	if r.open {
		r.WriteByte('\n')
	}
	r.open, r.said = true, map[string]bool{}
	fmt.Fprintf(r, format+"\n", args...)
}

func (r *report) fact(format string, args ...any) { r.line("", format, args...) }

func (r *report) note(format string, args ...any) {
	if r.line("note: ", format, args...) {
		r.notes++
	}
}

func (r *report) problem(format string, args ...any) {
	if r.line("PROBLEM: ", format, args...) {
		r.bad++
	}
}

// line writes a line once in a section, and says whether it did.
func (r *report) line(kind, format string, args ...any) bool {
	text := "  " + kind + strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n    ") + "\n"
	if r.said[text] {
		return false
	}
	r.said[text] = true
	r.WriteString(text)
	return true
}

// problems notes each part of a joined error.
func (r *report) problems(err error) {
	switch e := err.(type) { //nolint:errorlint // It takes apart what was joined, and wraps nothing.
	case nil:
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			r.problems(part)
		}
	default:
		r.problem("%v", err)
	}
}

func (r *report) end() error {
	fmt.Fprintf(r, "\n%s, %s", count(r.bad, "problem"), count(r.notes, "note"))
	if r.bad > 0 {
		r.WriteString(": this worker is not ready to take over\n")
		return ErrNotWell
	}
	r.WriteString(": this worker can take over\n")
	return nil
}

// count returns "1 thing", "2 things".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
