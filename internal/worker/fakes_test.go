package worker

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/internal/kafka"
	"sluice/internal/kafka/embedded"
	"sluice/internal/plugins"
	"sluice/internal/store"
)

// textConverter passes text; the text "bad" cannot be converted.
type textConverter struct{}

func (textConverter) Configure(config.Map, bool) error { return nil }

func (textConverter) AppendEncode(dst []byte, _ string, _ *[]connect.RawHeader, d connect.Data) ([]byte, error) {
	if d.Value.IsNull() {
		return nil, nil
	}
	if d.Value.Text() == "bad" {
		return nil, connect.DataErrorf("bad text")
	}
	return append(dst, d.Value.Text()...), nil
}

func (textConverter) Decode(_ string, _ []connect.RawHeader, raw []byte, _ *schema.Arena) (connect.Data, error) {
	switch {
	case raw == nil:
		return connect.Data{}, nil
	case string(raw) == "bad":
		return connect.Data{}, connect.DataErrorf("bad text")
	}
	return connect.Data{Value: schema.TextValue(raw)}, nil
}

type textHeaders struct{}

func (textHeaders) Configure(config.Map) error { return nil }

func (textHeaders) AppendEncode(dst []byte, _, _ string, d connect.Data) ([]byte, error) {
	return append(dst, d.Value.Text()...), nil
}

func (textHeaders) Decode(_, _ string, raw []byte, _ *schema.Arena) (connect.Data, error) {
	return connect.Data{Value: schema.TextValue(raw)}, nil
}

// dropEven is a transformation that drops values that are even numbers.
type dropEven struct{}

func (dropEven) Configure(config.Map) error { return nil }
func (dropEven) Close() error               { return nil }
func (dropEven) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	n, err := strconv.Atoi(r.Value.Value.Text())
	return n%2 == 1, err
}

// passBad is dropEven that lets the text "bad" and long ones pass.
type passBad struct{ dropEven }

func (p passBad) Apply(r *connect.Record, a *schema.Arena) (bool, error) {
	if text := r.Value.Value.Text(); text == "bad" || len(text) > 100 {
		return true, nil
	}
	return p.dropEven.Apply(r, a)
}

func textOf(s string) schema.Value { return schema.StringValue(s) }

// fakeConnector is a connector of either kind.
type fakeConnector struct {
	cfg config.Map
}

func (c *fakeConnector) Start(ctx context.Context, host connect.ConnectorHost, cfg config.Map) error {
	c.cfg = cfg
	switch cfg["do"] {
	case "panic":
		panic("connector on fire")
	case "hang":
		<-ctx.Done()
	case "raise":
		host.RaiseError(connect.Errorf("raised"))
	}
	return nil
}

func (c *fakeConnector) TaskConfigs(context.Context, int) ([]config.Map, error) {
	n, _ := strconv.Atoi(c.cfg["tasks"])
	configs := make([]config.Map, n)
	if c.cfg["do"] == "hand on" {
		for i := range configs {
			configs[i] = config.Map{"password": c.cfg["password"], "of": c.cfg["password"]}
		}
	}
	return configs, nil
}

func (c *fakeConnector) Stop(context.Context) error { return nil }

// script steers the tasks of one test.
type script struct {
	poll func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (next int, err error)
	put  func(ctx context.Context, records []connect.Record) error
	// preCommit answers in place of all that was consumed, where it is set.
	preCommit func(consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error)

	host connect.SinkHost // of the sink task that started last
	cfg  config.Map       // of the source task that started last
	// source is the host of the source task that started last.
	source connect.SourceHost

	mu      sync.Mutex
	acked   []string // guarded by mu
	commits int      // guarded by mu
	opened  int      // guarded by mu
	closed  int      // guarded by mu
}

type fakeSource struct {
	*script
	partition *connect.SourcePartition
	at        int
}

func (s *fakeSource) Start(ctx context.Context, host connect.SourceHost, cfg config.Map) error {
	s.cfg, s.source = cfg, host
	s.partition = host.Partition(schema.Entry{Key: schema.StringValue("p"), Value: schema.StringValue("x")})
	if again := host.Partition(schema.Entry{Key: schema.StringValue("p"), Value: schema.StringValue("x")}); again != s.partition {
		return errors.New("the same entries give another handle")
	}
	offset, err := host.Offset(ctx, s.partition)
	if at, ok := offset.Lookup("n"); ok {
		s.at = int(at.Int())
	}
	return err
}

func (s *fakeSource) Poll(ctx context.Context, into *connect.Batch) (err error) {
	s.at, err = s.poll(ctx, s.at, into, s.partition)
	return err
}

func (s *fakeSource) Stop(context.Context) error { return nil }

func (s *fakeSource) Acknowledge(_ context.Context, records []connect.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range records {
		s.acked = append(s.acked, string([]byte(records[i].Value.Value.Text())))
	}
	return nil
}

func (s *fakeSource) Commit(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commits++
	return nil
}

// count polls the numbers from..limit-1 in batches of ten, then waits.
func count(limit int) func(context.Context, int, *connect.Batch, *connect.SourcePartition) (int, error) {
	return func(ctx context.Context, from int, into *connect.Batch, p *connect.SourcePartition) (int, error) {
		if from >= limit {
			<-ctx.Done()
			return from, nil
		}
		to := min(from+10, limit)
		for n := from; n < to; n++ {
			addNumber(into, p, n, strconv.Itoa(n))
		}
		return to, nil
	}
}

func addNumber(into *connect.Batch, p *connect.SourcePartition, n int, text string) {
	r := into.Add()
	r.Topic = "numbers"
	r.Value.Value = into.Arena.CopyText([]byte(text))
	r.Headers = []connect.Header{{Key: "h", Data: connect.Data{Value: schema.StringValue("v")}}}
	r.Origin.SourcePartition = p
	entries := into.Arena.Entries(1)
	entries[0] = schema.Entry{Key: schema.StringValue("n"), Value: schema.Int64Value(int64(n + 1))}
	r.Origin.SourceOffset = schema.MapValue(entries)
}

type fakeSink struct{ *script }

func (s *fakeSink) Start(_ context.Context, host connect.SinkHost, _ config.Map) error {
	s.host = host
	return nil
}

func (s *fakeSink) Put(ctx context.Context, records []connect.Record) error {
	return s.put(ctx, records)
}

func (s *fakeSink) PreCommit(_ context.Context, consumed connect.ConsumedOffsets) (connect.ConsumedOffsets, error) {
	if s.preCommit != nil {
		return s.preCommit(consumed)
	}
	return consumed, nil
}
func (s *fakeSink) Stop(context.Context) error { return nil }
func (s *fakeSink) Open(_ context.Context, p []connect.TopicPartition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened += len(p)
	return nil
}

func (s *fakeSink) Close(_ context.Context, p []connect.TopicPartition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed += len(p)
	return nil
}

// memory is a store of offsets.
type memory struct {
	mu      sync.Mutex
	offsets map[string]store.Offset // guarded by mu
	fail    int                     // so many writes fail; guarded by mu
}

func (m *memory) Read(_ context.Context, connector string, partitions []schema.Value) ([]schema.Value, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]schema.Value, len(partitions))
	for i, p := range partitions {
		out[i] = m.offsets[connector+p.String()].Offset
	}
	return out, nil
}

func (m *memory) Write(_ context.Context, connector string, offsets []store.Offset) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail > 0 {
		m.fail--
		return errors.New("no space left on device")
	}
	for _, o := range offsets {
		m.offsets[connector+o.Partition.String()] = o
	}
	return nil
}

func (m *memory) List(context.Context, string) ([]store.Offset, error) { return nil, nil }
func (m *memory) Close() error                                         { return nil }

// ears hears statuses and lets a test wait for them.
type ears struct {
	mu      sync.Mutex
	heard   map[string][]store.Status // guarded by mu
	changes int                       // guarded by mu
	topics  []string                  // guarded by mu
	news    chan struct{}             // closed at each news; guarded by mu
}

func (e *ears) note(do func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	do()
	close(e.news)
	e.news = make(chan struct{})
}

func (e *ears) ConnectorStatus(name string, s store.Status) {
	e.note(func() { e.heard[name] = append(e.heard[name], s) })
}

func (e *ears) TaskStatus(id store.TaskID, s store.Status) {
	e.note(func() { e.heard[id.String()] = append(e.heard[id.String()], s) })
}
func (e *ears) TaskConfigsChanged(string)          { e.note(func() { e.changes++ }) }
func (e *ears) TopicUsed(_ store.TaskID, t string) { e.note(func() { e.topics = append(e.topics, t) }) }

func (e *ears) last(name string) (s store.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if h := e.heard[name]; len(h) > 0 {
		return h[len(h)-1]
	}
	return s
}

// await waits until the last status of the name has the state.
func (e *ears) await(t *testing.T, name string, state store.State) store.Status {
	t.Helper()
	ctx := deadline(t)
	for {
		e.mu.Lock()
		news := e.news
		e.mu.Unlock()
		s := e.last(name)
		if s.State == state {
			return s
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("%s is %s and not %s: %s", name, s.State, state, s.Trace)
		}
	}
}

type rig struct {
	*Worker
	ears    *ears
	offsets *memory
	script  *script
	addr    string
	broker  *embedded.Broker
	dir     string
}

func deadline(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func newRig(t *testing.T, settings ...string) *rig {
	t.Helper()
	dir := t.TempDir()
	b, err := embedded.Start(t.Context(), embedded.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &rig{
		ears:    &ears{heard: make(map[string][]store.Status), news: make(chan struct{})},
		offsets: &memory{offsets: make(map[string]store.Offset)}, script: &script{}, addr: b.Addr(), broker: b, dir: dir,
	}
	info := func(class string) plugin.Info { return plugin.Info{Class: class, Version: "1.2"} }
	set := config.Map{
		"bootstrap.servers": b.Addr(), "key.converter": "Text", "value.converter": "Text", "header.converter": "Plain",
		"consumer.fetch.max.wait.ms": "50",
	}
	for i := 0; i+1 < len(settings); i += 2 {
		set[settings[i]] = settings[i+1]
	}
	r.Worker, err = New(Config{
		ID: "w:1", Settings: set, Offsets: r.offsets, Listener: r.ears, Embedded: true,
		Plugins: plugins.New(plugin.Set{
			Sources:          []plugin.Source{{Info: info("FakeSourceConnector"), TaskClass: "FakeSourceTask", New: func() connect.SourceConnector { return &fakeConnector{} }, NewTask: func() connect.SourceTask { return &fakeSource{script: r.script} }}},
			Sinks:            []plugin.Sink{{Info: info("FakeSinkConnector"), TaskClass: "FakeSinkTask", New: func() connect.SinkConnector { return &fakeConnector{} }, NewTask: func() connect.SinkTask { return &fakeSink{r.script} }}},
			Converters:       []plugin.Converter{{Info: info("TextConverter"), New: func() connect.Converter { return textConverter{} }}},
			HeaderConverters: []plugin.HeaderConverter{{Info: info("PlainHeaderConverter"), New: func() connect.HeaderConverter { return textHeaders{} }}},
			Transforms: []plugin.Transform{
				{Info: info("DropEven"), New: func() connect.Transform { return dropEven{} }},
				{Info: info("PassBad"), New: func() connect.Transform { return passBad{} }},
			},
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rig) stop(t *testing.T, id store.TaskID) {
	t.Helper()
	if err := r.StopTasks(deadline(t), []store.TaskID{id}); err != nil {
		t.Fatal(err)
	}
}

// consume reads n values of the topic.
func (r *rig) consume(t *testing.T, n int) []string {
	t.Helper()
	cl, err := kafka.NewClient(kafka.Settings{Role: kafka.ConsumerRole, Values: config.Map{"bootstrap.servers": r.addr, "auto.offset.reset": "earliest"}}, nil, kgo.ConsumeTopics("numbers"))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	var out []string
	for len(out) < n {
		f := cl.PollFetches(deadline(t))
		if err := f.Err(); err != nil {
			t.Fatalf("after %v: %v", out, err)
		}
		f.EachRecord(func(rec *kgo.Record) { out = append(out, string(rec.Value)) })
	}
	return out
}

func (r *rig) produce(t *testing.T, values ...string) {
	t.Helper()
	r.produceTo(t, "numbers", values...)
}

func (r *rig) produceTo(t *testing.T, topic string, values ...string) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(r.addr), kgo.AllowAutoTopicCreation())
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, v := range values {
		if err := cl.ProduceSync(deadline(t), &kgo.Record{Topic: topic, Value: []byte(v)}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}

func numbers(from, to int) (out []string) {
	for n := from; n < to; n++ {
		out = append(out, strconv.Itoa(n))
	}
	return slices.Clip(out)
}
