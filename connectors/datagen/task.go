package datagen

import (
	"context"
	"math/rand/v2"
	"strconv"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
)

const (
	generationField = "task.generation"
	iterationField  = "current.iteration"
	seedField       = "random.seed"
	// pollRecords is the number of records of a poll where no pause is wanted.
	pollRecords      = 500
	headersPerRecord = 3
)

type task struct {
	settings   settings
	id         int32
	random     *javaRandom
	generator  *generator
	partition  *connect.SourcePartition
	long       *schema.Schema
	noKey      *schema.Schema
	generation int64
	count      int64
}

// Start implements connect.SourceTask: it goes on where a committed offset says.
func (t *task) Start(ctx context.Context, host connect.SourceHost, cfg config.Map) error {
	var err error
	if t.settings, err = config.Decode[settings](definition(), cfg); err != nil {
		return err
	}
	id, err := strconv.ParseInt(cfg[keyTask], 10, 32)
	if err != nil {
		return connect.Errorf("configuration %s must be the number of the task, not %q", keyTask, cfg[keyTask])
	}
	t.id = int32(id)
	t.long, t.noKey = schema.Of(schema.Int64), schema.OptionalOf(schema.String)
	t.seed()
	t.partition = host.Partition(schema.Entry{Key: schema.StringValue(keyTask), Value: schema.Int32Value(t.id)})
	offset, err := host.Offset(ctx, t.partition)
	if err != nil {
		return err
	}
	if err := t.restore(offset); err != nil {
		return err
	}
	avro, key, err := t.settings.schema()
	if err != nil {
		return connect.ClassErrorf(configException, "%s: %w", errSchema.Message, err)
	}
	t.generator, err = newGenerator(avro, key, t.count)
	return err
}

// seed gives each task numbers of its own.
func (t *task) seed() {
	if t.settings.Seed == nil {
		t.random = newRandom(rand.Int64())
		return
	}
	t.random = newRandom(*t.settings.Seed)
	for range t.id {
		t.random.setSeed(t.random.nextLong())
	}
}

func (t *task) restore(offset schema.Value) error {
	if offset.IsNull() {
		return nil
	}
	for _, f := range []struct {
		name string
		to   func(int64)
	}{
		{generationField, func(n int64) { t.generation = int64(int32(n)) }},
		{iterationField, func(n int64) { t.count = n }},
		{seedField, t.random.setSeed},
	} {
		v, _ := offset.Lookup(f.name)
		if v.Kind() != schema.KindInt64 {
			return connect.Errorf("source offset of task %d must have an integer %s, not %s", t.id, f.name, v)
		}
		f.to(v.Int())
	}
	return nil
}

// Poll appends one record after a pause, or many where no pause is wanted.
func (t *task) Poll(ctx context.Context, into *connect.Batch) error {
	if t.settings.Interval <= 0 {
		return t.appendMany(ctx, into)
	}
	pause := time.NewTimer(time.Duration(float64(t.settings.Interval)*rand.Float64()) * time.Millisecond)
	defer pause.Stop()
	select {
	case <-ctx.Done():
		return nil
	case <-pause.C:
		return t.appendRecord(into, make([]connect.Header, headersPerRecord))
	}
}

func (t *task) appendMany(ctx context.Context, into *connect.Batch) error {
	headers := make([]connect.Header, pollRecords*headersPerRecord)
	for i := 0; i < pollRecords && ctx.Err() == nil; i++ {
		if err := t.appendRecord(into, headers[i*headersPerRecord:]); err != nil {
			// The records before are sent first; the next call fails.
			if i > 0 {
				return nil
			}
			return err
		}
	}
	return nil
}

// appendRecord appends the next record; headers is the memory for its headers.
func (t *task) appendRecord(into *connect.Batch, headers []connect.Header) error {
	if t.settings.Iterations > 0 && t.count >= int64(t.settings.Iterations) {
		return connect.Errorf("Stopping connector: generated the configured %d number of messages", t.count)
	}
	value := t.generator.next(t.random, &into.Arena)
	// A seed of its own for each record can go into the offset.
	seed := t.random.nextLong()
	t.random.setSeed(seed)

	r := into.Add()
	r.Topic = t.settings.Topic
	r.Value = connect.Data{Schema: t.generator.schema, Value: value}
	r.Key = connect.Data{Schema: t.noKey}
	if t.generator.key >= 0 {
		r.Key = connect.Data{Schema: t.generator.keySchema, Value: value.Struct().Values[t.generator.key]}
	}
	r.Headers = append(headers[:0:headersPerRecord],
		connect.Header{Key: generationField, Data: connect.Data{Schema: t.long, Value: schema.Int64Value(t.generation)}},
		connect.Header{Key: keyTask, Data: connect.Data{Schema: t.long, Value: schema.Int64Value(int64(t.id))}},
		connect.Header{Key: iterationField, Data: connect.Data{Schema: t.long, Value: schema.Int64Value(t.count)}})
	offset := into.Arena.Entries(3) // In the order of Java's HashMap.
	offset[0] = schema.Entry{Key: schema.StringValue(generationField), Value: schema.Int64Value(t.generation + 1)}
	offset[1] = schema.Entry{Key: schema.StringValue(seedField), Value: schema.Int64Value(seed)}
	offset[2] = schema.Entry{Key: schema.StringValue(iterationField), Value: schema.Int64Value(t.count + 1)}
	r.Origin.SourcePartition, r.Origin.SourceOffset = t.partition, schema.MapValue(offset)
	t.count++
	return nil
}

// Stop implements connect.SourceTask.
func (t *task) Stop(context.Context) error { return nil }

// generator makes the records of a schema.
type generator struct {
	root      node
	schema    *schema.Schema
	key       int // the place of the key field, -1 for none
	keySchema *schema.Schema
}

// newGenerator resumes iterations after count records.
func newGenerator(s *avroSchema, key string, count int64) (*generator, error) {
	if s.kind != "record" {
		return nil, connect.Errorf("the schema of records must be an Avro record, not %s", s.kind)
	}
	c := newCompiler(count)
	cs, err := c.schemas.convert(s)
	if err != nil {
		return nil, connect.Errorf("schema %s: %w", s.name, err)
	}
	root, err := c.compile(s, cs)
	if err != nil {
		return nil, connect.Errorf("schema %s: %w", s.name, err)
	}
	g := &generator{root: root, schema: cs, key: -1}
	if key == "" {
		return g, nil
	}
	f := s.field(key)
	if f == nil {
		return nil, connect.Errorf("schema %s does not have the key field %s", s.name, key)
	}
	g.key = g.schema.FieldIndex(key)
	g.keySchema, err = c.schemas.convert(f.schema)
	return g, err
}

func (g *generator) next(r *javaRandom, a *schema.Arena) schema.Value { return g.root.next(r, a) }
