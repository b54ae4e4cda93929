package file

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

func object(key string, v schema.Value) schema.Value {
	return schema.MapValue([]schema.Entry{{Key: schema.StringValue(key), Value: v}})
}

func TestAlterSourceOffsets(t *testing.T) {
	t.Parallel()
	file := config.Map{fileKey: "f", topicKey: "t"}
	name := object(filenameField, schema.StringValue("f"))
	tests := map[string]struct {
		cfg               config.Map
		partition, offset schema.Value
		want              string
	}{
		"fine":              {file, name, positionOf(7), ""},
		"removal":           {file, object("other", schema.Null()), schema.Null(), ""},
		"removal of null":   {file, schema.Null(), schema.Null(), ""},
		"no file":           {config.Map{topicKey: "t"}, name, positionOf(7), "Offsets cannot be modified if the 'file' configuration is unspecified. This is because stdin is used for input and offsets are not tracked."},
		"no position":       {file, schema.Null(), object("x", schema.Int64Value(1)), "Offset objects should either be null or contain the key 'position'"},
		"not a number":      {file, schema.Null(), object(positionField, schema.StringValue("1")), "The value for the 'position' key in the offset is expected to be a Long value"},
		"null position":     {file, name, object(positionField, schema.Null()), "The value for the 'position' key in the offset is expected to be a Long value"},
		"negative":          {file, schema.Null(), positionOf(-1), "The value for the 'position' key in the offset should be a non-negative value"},
		"no partition":      {file, schema.Null(), positionOf(1), "Partition objects cannot be null"},
		"without file name": {file, object("x", schema.Null()), positionOf(1), "Partition objects should contain the key 'filename'"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ok, err := (&sourceConnector{}).AlterOffsets(t.Context(), tt.cfg, []connect.SourceOffset{{Partition: tt.partition, Offset: tt.offset}})
			if ok != (tt.want == "") {
				t.Errorf("handled = %t", ok)
			}
			if (err == nil) != ok || err != nil && (err.Error() != tt.want || connect.ClassOf(err) != connect.ConnectException) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestConnectors(t *testing.T) {
	t.Parallel()
	set := Plugins()
	cfg := config.Map{fileKey: " f ", topicKey: "t", "other": "kept"}
	host := connectorHost{&fakeHost{}}
	source := set.Sources[0].New()
	if err := source.Start(t.Context(), host, cfg); err != nil {
		t.Fatal(err)
	}
	tasks, err := source.TaskConfigs(t.Context(), 4)
	if err != nil || !cmp.Equal([]config.Map{cfg}, tasks) {
		t.Errorf("source tasks %v, %v", tasks, err)
	}
	sink := set.Sinks[0].New()
	if err := sink.Start(t.Context(), host, cfg); err != nil {
		t.Fatal(err)
	}
	tasks, err = sink.TaskConfigs(t.Context(), 2)
	if err != nil || !cmp.Equal([]config.Map{cfg, cfg}, tasks) {
		t.Errorf("sink tasks %v, %v", tasks, err)
	}
	alterer, ok := sink.(connect.SinkOffsetAlterer)
	if !ok {
		t.Fatal("the sink does not say that offsets may be altered")
	}
	if ok, err := alterer.AlterOffsets(t.Context(), cfg, nil); !ok || err != nil {
		t.Errorf("AlterOffsets of the sink = %t, %v", ok, err)
	}
	if err := set.Sources[0].New().Start(t.Context(), host, config.Map{fileKey: "f"}); err == nil {
		t.Error("a source without a topic starts")
	}
}

func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]connect.ExactlyOnceSupport{
		"f": connect.ExactlyOnceSupported, "": connect.ExactlyOnceUnsupported, " ": connect.ExactlyOnceUnsupported,
	} {
		if got := (&sourceConnector{}).ExactlyOnceSupport(config.Map{fileKey: file}); got != want {
			t.Errorf("file %q: %d, want %d", file, got, want)
		}
	}
}

// connectorHost adds to a fakeHost what connectors may ask for beside the log.
type connectorHost struct{ *fakeHost }

func (connectorHost) RequestTaskReconfiguration() {}
func (connectorHost) RaiseError(error)            {}

func (connectorHost) Offsets(context.Context, []schema.Value) ([]schema.Value, error) {
	return nil, nil
}
