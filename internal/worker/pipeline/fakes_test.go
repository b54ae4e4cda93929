package pipeline_test

import (
	"bytes"
	"strconv"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connect/schema"
	"sluice/converters/all"
	"sluice/internal/plugins"
	"sluice/internal/store"
	"sluice/internal/telemetry"
	"sluice/internal/worker/pipeline"
	transforms "sluice/transforms/all"
)

// dropEven drops values that are even numbers; what is no number is an error.
type dropEven struct{}

func (dropEven) Configure(config.Map) error { return nil }
func (dropEven) Close() error               { return nil }
func (dropEven) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	n, err := strconv.Atoi(r.Value.Value.Text())
	return n%2 == 1, err
}

// options of a pipeline under test.
type options struct {
	step   connect.Transform // of class test.Step
	log    *bytes.Buffer
	counts *telemetry.ErrorCounts
}

// newPipeline makes a pipeline over the real converters; pairs are keys and
// values of the connector.
func newPipeline(t *testing.T, o options, pairs ...string) *pipeline.Pipeline {
	t.Helper()
	conn := config.Map{}
	for i := 0; i+1 < len(pairs); i += 2 {
		conn[pairs[i]] = pairs[i+1]
	}
	p, err := makePipeline(o, conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func makePipeline(o options, conn config.Map) (*pipeline.Pipeline, error) {
	set := plugin.Join(all.Plugins(), transforms.Plugins(), plugin.Set{Transforms: []plugin.Transform{
		{Info: plugin.Info{Class: "test.DropEven", Version: "1.0"}, New: func() connect.Transform { return dropEven{} }},
		{Info: plugin.Info{Class: "test.Retopic", Version: "1.0"}, New: func() connect.Transform { return retopic{} }},
		{Info: plugin.Info{Class: "test.Step", Version: "1.0"}, New: func() connect.Transform { return o.step }},
	}, Predicates: []plugin.Predicate{
		{Info: plugin.Info{Class: "test.Always", Version: "1.0"}, New: func() connect.Predicate { return always{} }},
	}})
	return pipeline.New(pipeline.Config{
		ID: store.TaskID{Connector: "c", Task: 0}, Plugins: plugins.New(set), Connector: conn, Log: newLog(o.log), Errors: o.counts,
		Worker: config.Map{"key.converter": stringConverter, "value.converter": stringConverter},
	})
}

// retopic changes the topic without an allocation.
type retopic struct{ dropEven }

func (retopic) Apply(r *connect.Record, _ *schema.Arena) (bool, error) {
	r.Topic = "u"
	return true, nil
}

type always struct{}

func (always) Configure(config.Map) error { return nil }
func (always) Test(*connect.Record) bool  { return true }
func (always) Close() error               { return nil }

const stringConverter = "org.apache.kafka.connect.storage.StringConverter"

func encode(t *testing.T, p *pipeline.Pipeline, batch *connect.Batch) *pipeline.Encoded {
	t.Helper()
	var out pipeline.Encoded
	if err := p.Encode(t.Context(), batch, &out); err != nil {
		t.Fatal(err)
	}
	return &out
}
