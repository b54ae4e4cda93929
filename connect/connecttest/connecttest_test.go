package connecttest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/plugin"
	"sluice/connect/schema"
)

// broken names the plugin that this test binary runs the suite over in place of
// its tests: suites fail a test, so the failures are seen from outside.
const broken = "CONNECTTEST_BROKEN"

// TestSound runs the suites over plugins that keep the contract.
func TestSound(t *testing.T) {
	t.Parallel()
	runSource(t, source{})
	runSink(t, sink{})
	runConverter(t, converter{})
	runTransform(t, transform{})
	runPredicate(t, predicate{})
	connecttest.CheckConfig[settings](t, settingsDef())
}

type wrong struct {
	run  func(t *testing.T)
	want string // in what the suite says
}

// wrongs break the contract in one point each.
func wrongs() map[string]wrong {
	bad := connect.Data{Value: schema.StringValue("changed")}
	return map[string]wrong{
		"source does not resume": {func(t *testing.T) { runSource(t, source{forgets: true}) }, "restarted after 1 records: record 0 of the source partition {p=x} is"},
		"source skips":           {func(t *testing.T) { runSource(t, source{skips: true}) }, "restarted after"},
		"source keeps memory":    {func(t *testing.T) { runSource(t, source{keeps: true}) }, "with its memory used again"},
		"source does not end":    {func(t *testing.T) { runSource(t, source{hangs: true}) }, "does not return"},
		"source ends with error": {func(t *testing.T) { runSource(t, source{complains: true}) }, "a stop is no error"},
		"source goes on":         {func(t *testing.T) { runSource(t, source{careless: true}) }, "goes on although its committed offset cannot be read"},
		"source leaks":           {func(t *testing.T) { runSource(t, source{leaks: true}) }, "goroutines are left behind"},
		"source panics":          {func(t *testing.T) { runSource(t, source{panics: true}) }, "Stop of a task that did not start panics"},
		"source plans too much":  {func(t *testing.T) { runSource(t, source{plans: 3}) }, "TaskConfigs(1) returns 3 configurations"},
		"sink lies":              {func(t *testing.T) { runSink(t, sink{lies: true}) }, "safe, and the system does not hold"},
		"sink keeps records":     {func(t *testing.T) { runSink(t, sink{keeps: true}) }, "the system does not hold \"record-0\""},
		"sink repeats":           {func(t *testing.T) { runSink(t, sink{repeats: true}) }, "each is there once"},
		"sink never safe":        {func(t *testing.T) { runSink(t, sink{never: true}) }, "PreCommit has called none safe"},
		"sink invents":           {func(t *testing.T) { runSink(t, sink{invents: true}) }, "which was not offered"},
		"converter overwrites": {func(t *testing.T) {
			runConverter(t, converter{encode: func(dst []byte, d connect.Data) ([]byte, error) {
				return append(dst[:0], d.Value.Text()...), nil
			}})
		}, "behind abc"},
		"converter loses": {func(t *testing.T) {
			runConverter(t, converter{encode: func(dst []byte, d connect.Data) ([]byte, error) {
				return append(dst, strings.ToLower(d.Value.Text())...), nil
			}})
		}, "comes back from"},
		"converter panics": {func(t *testing.T) {
			runConverter(t, converter{decode: func(raw []byte) (connect.Data, error) {
				return connect.Data{Value: schema.StringValue(string(raw[:1]))}, nil
			}})
		}, "panics: runtime error"},
		"converter changes its bytes": {func(t *testing.T) {
			runConverter(t, converter{decode: func(raw []byte) (connect.Data, error) {
				d := connect.Data{Value: schema.StringValue(string(raw))}
				for i := range raw {
					raw[i] = 'x'
				}
				return d, nil
			}})
		}, "Decode changes its bytes"},
		"transform writes in place": {func(t *testing.T) {
			runTransform(t, transform{apply: func(r *connect.Record, _ *schema.Arena) (bool, error) {
				if s := r.Value.Value.Struct(); s != nil {
					s.Values[0] = schema.StringValue("masked")
				}
				return true, nil
			}})
		}, "writes into values"},
		"transform changes the origin": {func(t *testing.T) {
			runTransform(t, transform{apply: func(r *connect.Record, _ *schema.Arena) (bool, error) {
				r.Origin.Offset++
				return true, nil
			}})
		}, "changes the origin"},
		"transform keeps memory": {func(t *testing.T) {
			var kept schema.Value
			runTransform(t, transform{apply: func(r *connect.Record, a *schema.Arena) (bool, error) {
				if kept.IsNull() && a != nil {
					kept = a.CopyText([]byte("once"))
				}
				r.Value = connect.Data{Value: schema.StringValue("once")}
				if a != nil {
					r.Value.Value = kept
				}
				return true, nil
			}})
		}, "at one time"},
		"transform panics": {func(t *testing.T) {
			runTransform(t, transform{apply: func(r *connect.Record, _ *schema.Arena) (bool, error) {
				return len(r.Value.Value.Struct().Values) > 0, nil
			}})
		}, "panics"},
		"transform takes nothing": {func(t *testing.T) { runTransform(t, transform{takes: true}) }, "takes an empty configuration"},
		"predicate changes": {func(t *testing.T) {
			runPredicate(t, predicate{test: func(r *connect.Record) bool { r.Key = bad; return true }})
		}, "Test changes it"},
		"default of another type": {func(t *testing.T) {
			connecttest.CheckDef(t, config.Def{{Name: "n", Type: config.Int, Default: 1, Importance: config.Low, Doc: "A number."}})
		}, "default of the Go type int"},
		"default out of range": {func(t *testing.T) {
			connecttest.CheckDef(t, config.Def{{Name: "n", Type: config.Int, Default: int32(1), Validator: config.AtLeast(2), Importance: config.Low, Doc: "A number."}})
		}, "does not take its own default"},
		"tag without a key": {func(t *testing.T) {
			connecttest.CheckConfig[struct {
				N int `config:"m"`
			}](t, settingsDef())
		}, `the key "m"`},
		"field too small": {func(t *testing.T) {
			connecttest.CheckConfig[struct {
				N int16 `config:"n"`
			}](t, settingsDef())
		}, "cannot hold the key n of type INT"},
	}
}

// TestBroken proves that the suites find what is broken.
func TestBroken(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range wrongs() {
		if os.Getenv(broken) == name {
			w.run(t)
			return
		}
		if os.Getenv(broken) != "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestBroken$", "-test.timeout=10s")
			cmd.Env = append(os.Environ(), broken+"="+name)
			out, err := cmd.CombinedOutput()
			exit, ok := errors.AsType[*exec.ExitError](err)
			if !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), w.want) {
				t.Errorf("the suite ends with %v and does not say %q:\n%.3000s", err, w.want, out)
			}
		})
	}
}

type settings struct {
	N    int32         `config:"n"`
	Wait time.Duration `config:"wait.ms"`
	Text *string       `config:"text"`
}

func settingsDef() config.Def {
	return config.Def{
		{Name: "n", Type: config.Int, Default: int32(3), Validator: config.AtLeast(1), Importance: config.Low, Doc: "A number."},
		{Name: "wait.ms", Type: config.Long, Default: int64(3), Importance: config.Low, Doc: "A time."},
		{Name: "text", Type: config.String, Importance: config.Low, Doc: "A text."},
	}
}

func info() plugin.Info { return plugin.Info{Class: "x.Y", Version: "1", Config: settingsDef()} }

// connector plans one task, or more than it may.
type connector struct {
	plans int
	cfg   config.Map
}

func (c *connector) Start(_ context.Context, _ connect.ConnectorHost, cfg config.Map) error {
	c.cfg = cfg
	return nil
}

func (c *connector) TaskConfigs(context.Context, int) ([]config.Map, error) {
	out := make([]config.Map, max(c.plans, 1))
	for i := range out {
		out[i] = config.Map{"file": c.cfg["file"]}
	}
	return out, nil
}

func (c *connector) Stop(context.Context) error { return nil }

// source counts up to a limit; the fields are its faults.
type source struct {
	forgets, skips, keeps, hangs, complains, careless, leaks, panics bool
	plans                                                            int
}

func runSource(t *testing.T, faults source) {
	t.Helper()
	connecttest.SourceTask(t, connecttest.Source{
		Plugin: plugin.Source{
			Info: info(), TaskClass: "x.T", New: func() connect.SourceConnector { return &connector{plans: faults.plans} },
			NewTask: func() connect.SourceTask { return &sourceTask{source: faults} },
		},
		Setup: func(t *testing.T) connecttest.SourceSystem {
			t.Helper()
			path := t.TempDir() + "/in"
			return connecttest.SourceSystem{
				Config: config.Map{"file": path},
				Append: func(t *testing.T, n int) {
					t.Helper()
					old, _ := os.ReadFile(path)
					if err := os.WriteFile(path, append(old, make([]byte, n)...), 0o600); err != nil {
						t.Fatal(err)
					}
				},
			}
		},
	})
}

type sourceTask struct {
	source
	path      string
	host      connect.SourceHost
	partition *connect.SourcePartition
	next      int
	kept      schema.Value
}

func (s *sourceTask) Start(ctx context.Context, host connect.SourceHost, cfg config.Map) error {
	s.host, s.path = host, cfg["file"]
	s.partition = host.Partition(schema.Entry{Key: schema.StringValue("p"), Value: schema.StringValue("x")})
	offset, err := host.Offset(ctx, s.partition)
	if err != nil && !s.careless {
		return err
	}
	n, _ := offset.Lookup("n")
	if !s.forgets {
		s.next = int(n.Int())
	}
	if s.skips && s.next > 0 {
		s.next++
	}
	if s.leaks {
		go time.Sleep(time.Minute)
	}
	return nil
}

func (s *sourceTask) Poll(ctx context.Context, into *connect.Batch) error {
	content, _ := os.ReadFile(s.path)
	if s.hangs && len(content) == 0 {
		time.Sleep(time.Minute)
	}
	if s.next >= len(content) {
		select {
		case <-ctx.Done():
			if s.complains {
				return errors.New("interrupted")
			}
		case <-time.After(5 * time.Millisecond):
		}
		return nil
	}
	for i := 0; i < 3 && s.next < len(content); i++ {
		r := into.Add()
		r.Topic = "t"
		r.Key.Value = into.Arena.CopyText([]byte("key"))
		if s.keeps {
			if s.kept.IsNull() {
				s.kept = r.Key.Value
			}
			r.Key.Value = s.kept
		}
		r.Value.Value = schema.Int64Value(int64(s.next))
		s.next++
		entries := into.Arena.Entries(1)
		entries[0] = schema.Entry{Key: schema.StringValue("n"), Value: schema.Int32Value(int32(s.next))}
		r.Origin = connect.Origin{SourcePartition: s.partition, SourceOffset: schema.MapValue(entries)}
	}
	return nil
}

func (s *sourceTask) Stop(context.Context) error {
	if s.panics && s.host.Logger() == nil {
		return errors.New("no logger")
	}
	return nil
}

// sink holds texts in memory; the fields are its faults.
type sink struct{ lies, keeps, repeats, never, invents bool }

type memory struct {
	mu    sync.Mutex
	texts []string // guarded by mu
}

func (m *memory) add(text string, once bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.texts {
		if once && t == text {
			return
		}
	}
	m.texts = append(m.texts, strings.Clone(text))
}

func (m *memory) read(*testing.T) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.texts...)
}

func runSink(t *testing.T, faults sink) {
	t.Helper()
	var systems sync.Map
	connecttest.SinkTask(t, connecttest.Sink{
		Idempotent: true,
		Plugin: plugin.Sink{
			Info: info(), TaskClass: "x.T", New: func() connect.SinkConnector { return &connector{} },
			NewTask: func() connect.SinkTask { return &sinkTask{sink: faults, systems: &systems} },
		},
		Setup: func(t *testing.T) connecttest.SinkSystem {
			t.Helper()
			m := &memory{}
			systems.Store(t.Name(), m)
			return connecttest.SinkSystem{Config: config.Map{"file": t.Name()}, Read: m.read}
		},
	})
}

type sinkTask struct {
	sink
	systems *sync.Map
	out     *memory
	buffer  []connect.Record
}

func (s *sinkTask) Start(_ context.Context, _ connect.SinkHost, cfg config.Map) error {
	m, _ := s.systems.Load(cfg["file"])
	s.out = m.(*memory)
	return nil
}

func (s *sinkTask) Put(_ context.Context, records []connect.Record) error {
	for i := range records {
		if s.keeps {
			s.buffer = append(s.buffer, records[i])
		} else {
			s.buffer = append(s.buffer, records[i].Clone())
		}
	}
	return nil
}

func (s *sinkTask) PreCommit(_ context.Context, consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	if !s.lies {
		s.flush()
	}
	if s.never {
		return nil, nil
	}
	if s.invents {
		return connect.ConsumedOffsets{{Topic: "other"}: {Offset: 1}}, nil
	}
	return consumed, nil
}

func (s *sinkTask) flush() {
	for _, r := range s.buffer {
		s.out.add(r.Value.Value.Text(), !s.repeats)
	}
	s.buffer = nil
}

func (s *sinkTask) Stop(context.Context) error { s.flush(); return nil }

// converter passes texts.
type converter struct {
	encode func(dst []byte, d connect.Data) ([]byte, error)
	decode func(raw []byte) (connect.Data, error)
}

func (converter) Configure(config.Map, bool) error { return nil }

func (c converter) AppendEncode(dst []byte, _ string, _ *[]connect.RawHeader, d connect.Data) ([]byte, error) {
	if c.encode != nil {
		return c.encode(dst, d)
	}
	if d.Value.Kind() != schema.KindString {
		return nil, connect.DataErrorf("not a text")
	}
	return append(dst, d.Value.Text()...), nil
}

func (c converter) Decode(_ string, _ []connect.RawHeader, raw []byte, _ *schema.Arena) (connect.Data, error) {
	switch {
	case c.decode != nil:
		return c.decode(raw)
	case raw == nil:
		return connect.Data{}, nil
	}
	return connect.Data{Value: schema.TextValue(raw)}, nil
}

func runConverter(t *testing.T, c converter) {
	t.Helper()
	connecttest.Converter(t, plugin.Converter{Info: info(), New: func() connect.Converter { return c }},
		connecttest.Conversion{RoundTrip: []connect.Data{{Value: schema.StringValue("Ann")}}, Bytes: [][]byte{[]byte("xyz")}})
}

// transform puts a header.
type transform struct {
	apply func(r *connect.Record, arena *schema.Arena) (bool, error)
	takes bool
}

func (x transform) Configure(cfg config.Map) error {
	if cfg["must"] == "" && !x.takes {
		return config.Errorf("must is missing")
	}
	return nil
}

func (x transform) Apply(r *connect.Record, arena *schema.Arena) (bool, error) {
	if x.apply != nil {
		return x.apply(r, arena)
	}
	r.Headers = append(r.Headers, connect.Header{Key: "h", Data: connect.Data{Value: arena.CopyText([]byte("v"))}})
	return true, nil
}

func (transform) Close() error { return nil }

func required() plugin.Info {
	i := info()
	i.Config = append(i.Config, config.Key{Name: "must", Type: config.String, Required: true, Importance: config.High, Doc: "A text."})
	return i
}

func runTransform(t *testing.T, x transform) {
	t.Helper()
	connecttest.Transform(t, plugin.Transform{Info: required(), New: func() connect.Transform { return x }}, []config.Map{{"must": "x"}})
}

// predicate looks at the topic.
type predicate struct{ test func(r *connect.Record) bool }

func (predicate) Configure(cfg config.Map) error {
	if cfg["must"] == "" {
		return config.Errorf("must is missing")
	}
	return nil
}

func (p predicate) Test(r *connect.Record) bool {
	if p.test != nil {
		return p.test(r)
	}
	return r.Topic == "zoo"
}

func (predicate) Close() error { return nil }

func runPredicate(t *testing.T, p predicate) {
	t.Helper()
	connecttest.Predicate(t, plugin.Predicate{Info: required(), New: func() connect.Predicate { return p }}, []config.Map{{"must": "x"}})
}
