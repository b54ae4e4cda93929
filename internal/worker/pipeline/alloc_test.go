package pipeline_test

import (
	"testing"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/internal/worker/pipeline"
)

func TestEncodeAllocatesNothingPerRecord(t *testing.T) {
	p := newPipeline(t, options{})
	headers := []connect.Header{{Key: "h", Data: connect.Data{Value: schema.StringValue("v")}}}
	var batch connect.Batch
	var out pipeline.Encoded
	round := func() {
		for range 1000 {
			r := batch.Add()
			r.Topic, r.Headers = "t", headers
			r.Key.Value, r.Value.Value = schema.StringValue("key"), schema.StringValue("some value")
		}
		if err := p.Encode(t.Context(), &batch, &out); err != nil || len(out.Records) != 1000 {
			t.Fatal(err)
		}
		out.Reset()
		batch.Reset()
	}
	if n := testing.AllocsPerRun(20, round); n > 10 {
		t.Errorf("%.0f allocations for 1000 records", n)
	}
}

func TestEncodeLeavesOutWhatIsDropped(t *testing.T) {
	t.Parallel()
	p := newPipeline(t, options{}, "transforms", "odd", "transforms.odd.type", "test.DropEven")
	var batch connect.Batch
	for _, text := range []string{"1", "2", "3"} {
		batch.Add().Value.Value = schema.StringValue(text)
	}
	out := encode(t, p, &batch)
	if len(out.Records) != 2 || string(out.Records[1].Value) != "3" || out.Size != 2 {
		t.Errorf("%d records, size %d: want those of 1 and 3", len(out.Records), out.Size)
	}
}
