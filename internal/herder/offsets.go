package herder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/schema"
	"sluice/internal/store"
)

// offsetKeeper reads and changes the offsets of connectors for a herder of any
// mode (KIP-875). Whoever changes offsets makes sure that the connector stays
// stopped meanwhile.
type offsetKeeper struct {
	*catalog
	open     store.OpenOffsets // of source connectors
	consumed ConsumedOffsets
}

// read returns the offsets of a connector.
func (k *offsetKeeper) read(ctx context.Context, name string, cfg config.Raw) ([]store.Offset, error) {
	cfg, refs, err := resolveReferences(k.providers, cfg)
	if err != nil {
		return nil, err
	}
	if k.kind(cfg) != TypeSink {
		offsets, err := k.list(ctx, name, cfg)
		if err != nil {
			return nil, refs.hideError(k.unread(err, "offsets for source", name))
		}
		return offsets, nil
	}
	consumed, err := k.consumed.ConsumedOffsets(ctx, name, cfg.Map())
	if err != nil {
		return nil, refs.hideError(k.unread(err, "consumer group offsets for sink", name))
	}
	out := make([]store.Offset, 0, len(consumed))
	for p, offset := range consumed {
		out = append(out, store.Offset{
			// The order of the entries is that of a HashMap of Java.
			Partition: schema.MapValue([]schema.Entry{
				{Key: schema.StringValue(kafkaPartition), Value: schema.Int32Value(p.Partition)},
				{Key: schema.StringValue(kafkaTopic), Value: schema.StringValue(p.Topic)},
			}),
			Offset: schema.MapValue([]schema.Entry{{Key: schema.StringValue(kafkaOffset), Value: schema.Int64Value(offset)}}),
		})
	}
	slices.SortFunc(out, func(a, b store.Offset) int {
		x, y := a.Partition.Map(), b.Partition.Map()
		return cmp.Or(strings.Compare(x[1].Value.Text(), y[1].Value.Text()), cmp.Compare(x[0].Value.Int(), y[0].Value.Int()))
	})
	return out, nil
}

func (k *offsetKeeper) unread(err error, what, name string) error {
	k.log.Error("offsets were not read", slog.String("connector", name), slog.Any("error", err))
	return internal("Failed to retrieve " + what + " connector " + name + ": " + err.Error())
}

// alter sets offsets of a stopped connector and returns the message for the client.
func (k *offsetKeeper) alter(ctx context.Context, name string, cfg config.Raw, offsets []store.Offset) (string, error) {
	if len(offsets) == 0 {
		return "", internal("The offsets to be altered may not be null or empty")
	}
	cfg, _, err := resolveReferences(k.providers, cfg)
	if err != nil {
		return "", err
	}
	if k.kind(cfg) == TypeSink {
		return k.alterSink(ctx, name, cfg, offsets)
	}
	source, err := k.open(ctx, name, cfg.Map())
	if err != nil {
		return "", k.failed(err, "source", name)
	}
	defer k.close(name, source)
	committed, err := source.List(ctx, name)
	if err != nil {
		return "", k.failed(err, "source", name)
	}
	if offsets, err = normalize(offsets, committed); err != nil {
		return "", err
	}
	return k.modifySource(ctx, name, cfg, source, offsets, "altered")
}

// reset removes all offsets of a stopped connector and returns the message for
// the client.
func (k *offsetKeeper) reset(ctx context.Context, name string, cfg config.Raw) (string, error) {
	cfg, _, err := resolveReferences(k.providers, cfg)
	if err != nil {
		return "", err
	}
	if k.kind(cfg) == TypeSink {
		return k.resetSink(ctx, name, cfg)
	}
	source, err := k.open(ctx, name, cfg.Map())
	if err != nil {
		return "", k.failed(err, "source", name)
	}
	defer k.close(name, source)
	offsets, err := source.List(ctx, name)
	if err != nil {
		return "", k.failed(err, "source", name)
	}
	for i := range offsets {
		offsets[i].Offset = schema.Null()
	}
	return k.modifySource(ctx, name, cfg, source, offsets, "reset")
}

func (k *offsetKeeper) list(ctx context.Context, name string, cfg config.Raw) ([]store.Offset, error) {
	source, err := k.open(ctx, name, cfg.Map())
	if err != nil {
		return nil, err
	}
	defer k.close(name, source)
	return source.List(ctx, name)
}

func (k *offsetKeeper) close(name string, source store.Offsets) {
	if err := source.Close(); err != nil {
		k.log.Warn("the offsets of a connector are not closed", slog.String("connector", name), slog.Any("error", err))
	}
}

func (k *offsetKeeper) modifySource(ctx context.Context, name string, cfg config.Raw, source store.Offsets, offsets []store.Offset, done string) (string, error) {
	handled, err := ask(ctx, k.catalog, alterStage(name), func(ctx context.Context) (bool, error) {
		p, _ := k.plugins.Source(cfg.Map()[classKey])
		alterer, ok := p.New().(connect.SourceOffsetAlterer)
		if !ok {
			return false, nil
		}
		given := make([]connect.SourceOffset, len(offsets))
		for i, o := range offsets {
			given[i] = connect.SourceOffset(o)
		}
		return alterer.AlterOffsets(ctx, cfg.Map(), given)
	})
	if err != nil {
		return "", k.refused(err, "source", name)
	}
	if len(offsets) > 0 {
		if err := source.Write(ctx, name, offsets); err != nil {
			return "", k.failed(err, "source", name)
		}
	}
	return modified(handled, done), nil
}

// errNotStopped refuses to modify the offsets of a connector that may run.
func errNotStopped(name string) error {
	return badRequest("Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by " +
		"issuing a 'PUT' request to the '/connectors/" + name + "/stop' endpoint")
}

func alterStage(name string) string { return "calling the 'alterOffsets' method of connector " + name }

// refused returns the error for a client whose offsets the connector's code does
// not take: what it says, unless it fell over.
func (k *offsetKeeper) refused(err error, kind, name string) error {
	if panicked := (*pluginPanic)(nil); errors.As(err, &panicked) {
		return k.failed(err, kind, name)
	}
	if e := (*Error)(nil); errors.As(err, &e) || errors.Is(err, context.Canceled) {
		return err
	}
	return &Error{Status: 500, Message: err.Error(), Class: connect.ClassOf(err)}
}

func (k *offsetKeeper) failed(err error, kind, name string) error {
	k.log.Error("offsets were not modified", slog.String("connector", name), slog.Any("error", err))
	return internal("Failed to modify offsets for " + kind + " connector " + name)
}

// modified is the message of success; done is altered or reset.
func modified(handled bool, done string) string {
	if handled {
		return "The offsets for this connector have been " + done + " successfully"
	}
	return "The Connect framework-managed offsets for this connector have been " + done + " successfully. However, if this connector manages " +
		"offsets externally, they will need to be manually " + done + " in the system that the connector uses."
}

// normalize checks what a client gives as source offsets and brings it into the
// form in which it is stored: of two for a partition the last one counts; a
// partition that is committed already keeps the order of its entries, since it
// is looked up by bytes, and another one gets that of a HashMap, as in Java.
func normalize(offsets, committed []store.Offset) ([]store.Offset, error) {
	var out []store.Offset
	for _, o := range offsets {
		for _, v := range []schema.Value{o.Partition, o.Offset} {
			if err := checkPrimitive(v); err != nil {
				return nil, err
			}
		}
		o.Partition = inHashOrder(o.Partition)
		if i := indexOf(committed, o.Partition); i >= 0 {
			o.Partition = committed[i].Partition
		}
		if i := indexOf(out, o.Partition); i >= 0 {
			out[i] = o
			continue
		}
		out = append(out, o)
	}
	return out, nil
}

func indexOf(offsets []store.Offset, partition schema.Value) int {
	return slices.IndexFunc(offsets, func(o store.Offset) bool { return o.Partition.Equal(partition) })
}

func inHashOrder(v schema.Value) schema.Value {
	if v.Kind() != schema.KindMap {
		return v
	}
	return schema.MapValue(hashOrder(v.Map(), func(e schema.Entry) string { return e.Key.Text() }))
}

// checkPrimitive is OffsetUtils.validateFormat of Java.
func checkPrimitive(v schema.Value) error {
	for _, e := range v.Map() {
		what := ""
		switch e.Value.Kind() {
		case schema.KindMap, schema.KindStruct:
			what = "MAP"
		case schema.KindList:
			what = "ARRAY"
		case schema.KindDecimal:
			what = "class java.math.BigInteger"
		default:
			continue
		}
		return &Error{
			Status: 500, Class: connect.DataException,
			Message: fmt.Sprintf("Offsets may only contain primitive types as values, but field %s contains %s", e.Key.Text(), what),
		}
	}
	return nil
}
