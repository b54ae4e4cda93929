package pipeline

import (
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/internal/plugins"
)

// Failure is an error of one record: what failed, where, and why. Its text is
// that of the cause; Explain has the rest.
type Failure struct {
	Stage Stage
	// Class is the Java class that was at work.
	Class string
	// Alias is that of the transformation, "" in other stages.
	Alias string
	Err   error

	// One of the two is set: the record of a sink as it lies in Kafka, or the
	// record of a source as it was polled.
	consumed *kgo.Record
	polled   *connect.Record
	// produced is the record of a source that Kafka did not take.
	produced *kgo.Record
	// where stands for them when their memory is used again.
	where string
}

// NotTaken is the failure of a source's record that Kafka did not take and that
// must not be left out. last is where its batch ends in the source, as far as that
// is one place. It keeps nothing of the record's memory.
func NotTaken(r *kgo.Record, last connect.Origin, err error) *Failure {
	where := fmt.Sprintf("Record for topic %s of %d bytes", r.Topic, len(r.Key)+len(r.Value))
	if p := last.SourcePartition; p != nil {
		where += fmt.Sprintf(", in the batch up to source offset %s of source partition %s", last.SourceOffset, p.Fields)
	}
	return &Failure{Stage: KafkaProduce, Class: workerSourceTaskClass, Err: produceError(err), where: where}
}

func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Explain is a line for people: the record, the stage, the cause, and the key
// of the configuration to look at.
func (f *Failure) Explain() string {
	var b strings.Builder
	switch {
	case f.where != "":
		b.WriteString(f.where)
	case f.consumed != nil:
		fmt.Fprintf(&b, "Record %s-%d@%d", f.consumed.Topic, f.consumed.Partition, f.consumed.Offset)
	case f.polled != nil:
		fmt.Fprintf(&b, "Record for topic %s", f.polled.Topic)
		if p := f.polled.Origin.SourcePartition; p != nil {
			fmt.Fprintf(&b, " of source partition %s at source offset %s", p.Fields, f.polled.Origin.SourceOffset)
		}
	}
	fmt.Fprintf(&b, ", stage %s", f.Stage)
	if f.Alias != "" {
		fmt.Fprintf(&b, ", transformation %s", f.Alias)
	}
	fmt.Fprintf(&b, " (%s): %s", plugins.SimpleName(f.Class), oneLine(f.root()))
	if key := f.key(); key != "" {
		b.WriteString("; look at " + key)
	}
	if hint := f.hint(); hint != "" {
		b.WriteString("; " + hint)
	}
	return b.String()
}

// root is the text of the innermost cause: the one that says what is wrong.
func (f *Failure) root() string {
	text := f.Err.Error()
	for err := f.Err; err != nil; {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			break
		}
		if err = u.Unwrap(); err != nil && err.Error() != "" {
			text = err.Error()
		}
	}
	return text
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// key is the key of the connector's configuration that steers the stage.
func (f *Failure) key() string {
	switch f.Stage {
	case KeyConverter:
		return "key.converter"
	case ValueConverter:
		return "value.converter"
	case HeaderConverter:
		return "header.converter"
	case Transformation:
		return "transforms." + f.Alias + ".*"
	case KafkaProduce:
		if errors.Is(f.Err, kerr.MessageTooLarge) {
			return "producer.override.max.request.size, and max.message.bytes of the topic"
		}
		return "producer.override.*"
	default:
		return ""
	}
}

// hint names the format that the payload looks like, where it is not that of
// the converter.
func (f *Failure) hint() string {
	if f.consumed == nil {
		return ""
	}
	switch f.Stage {
	case KeyConverter:
		return mismatch(f.consumed.Key, "the key", f.key(), f.Class)
	case ValueConverter:
		return mismatch(f.consumed.Value, "the value", f.key(), f.Class)
	default:
		return ""
	}
}
