package jdbc

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	jsonconverter "sluice/converters/json"
)

// fakeHost is the worker as the connector and its tasks see it.
type fakeHost struct {
	mu           sync.Mutex
	partitions   map[string]*connect.SourcePartition // guarded by mu
	offsets      map[string]schema.Value             // guarded by mu
	errs         []error                             // guarded by mu
	reconfigured chan struct{}
	said         bytes.Buffer // by the logger
}

func newHost() *fakeHost {
	return &fakeHost{partitions: map[string]*connect.SourcePartition{}, offsets: map[string]schema.Value{}, reconfigured: make(chan struct{}, 100)}
}

func (h *fakeHost) Logger() *slog.Logger        { return slog.New(slog.NewTextHandler(&h.said, nil)) }
func (h *fakeHost) RequestTaskReconfiguration() { h.reconfigured <- struct{}{} }

func (h *fakeHost) RaiseError(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.errs = append(h.errs, err)
}

func (h *fakeHost) Offsets(context.Context, []schema.Value) ([]schema.Value, error) { return nil, nil }

// Transactions implements connect.SourceHost.
func (h *fakeHost) Transactions() connect.TransactionContext { return nil }

func (h *fakeHost) Partition(fields ...schema.Entry) *connect.SourcePartition {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := schema.MapValue(fields).Clone()
	if h.partitions[v.String()] == nil {
		h.partitions[v.String()] = &connect.SourcePartition{Fields: v}
	}
	return h.partitions[v.String()]
}

func (h *fakeHost) Offset(_ context.Context, p *connect.SourcePartition) (schema.Value, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.offsets[p.Fields.String()], nil
}

func (h *fakeHost) commit(r connect.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !r.Origin.SourceOffset.IsNull() {
		h.offsets[r.Origin.SourcePartition.Fields.String()] = r.Origin.SourceOffset.Clone()
	}
}

// committed returns the offsets as text, by partition.
func (h *fakeHost) committed() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := map[string]string{}
	for p, v := range h.offsets {
		all[p] = v.String()
	}
	return all
}

// pluginOf returns the connector of a configuration.
func pluginOf(t *testing.T, class string) plugin.Source {
	t.Helper()
	for _, p := range Plugins().Sources {
		if p.Class == class {
			return p
		}
	}
	t.Fatalf("no connector has the class %s", class)
	return plugin.Source{}
}

// copied runs a connector and its tasks until they have given so many records,
// and returns these with the values as JsonConverter writes them. An error of a
// task ends it.
func copied(t *testing.T, host *fakeHost, cfg config.Map, n int) ([]written, error) {
	t.Helper()
	p := pluginOf(t, cfg["connector.class"])
	c := p.New()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := c.Start(ctx, host, cfg); err != nil {
		return nil, err
	}
	defer func() { _ = c.Stop(ctx) }()
	configs, err := c.TaskConfigs(ctx, 1)
	if err != nil {
		return nil, err
	}
	var all []written
	for _, tc := range configs {
		got, err := copiedByTask(ctx, t, p.NewTask(), host, tc, n-len(all))
		all = append(all, got...)
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// plannedTask starts the connector, and stops it when it has planned one task.
func plannedTask(t *testing.T, host *fakeHost, c connect.SourceConnector, cfg config.Map) config.Map {
	t.Helper()
	if err := c.Start(t.Context(), host, cfg); err != nil {
		t.Fatal(err)
	}
	configs, err := c.TaskConfigs(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return configs[0]
}

// written is a record whose value is JSON.
type written struct {
	Topic string
	Value any
}

func copiedByTask(ctx context.Context, t *testing.T, task connect.SourceTask, host *fakeHost, cfg config.Map, n int) ([]written, error) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer func() { _ = task.Stop(context.WithoutCancel(ctx)) }()
	if err := task.Start(ctx, host, cfg); err != nil {
		return nil, err
	}
	converter := jsonconverter.Plugins().Converters[0].New()
	if err := converter.Configure(config.Map{}, false); err != nil {
		t.Fatal(err)
	}
	var all []written
	var batch connect.Batch
	for len(all) < n && ctx.Err() == nil {
		if err := task.Poll(ctx, &batch); err != nil {
			return all, err
		}
		for _, r := range batch.Records {
			if err := schema.Check(r.Value.Schema, r.Value.Value); err != nil {
				t.Fatalf("a record does not fit its schema: %v", err)
			}
			raw, err := converter.AppendEncode([]byte{}, r.Topic, nil, r.Value)
			if err != nil {
				t.Fatalf("record %s: %v", r.Value.Value, err)
			}
			all = append(all, written{r.Topic, fromJSON(t, raw)})
			host.commit(r)
		}
		batch.Reset()
	}
	return all, nil
}

func fromJSON(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return v
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
