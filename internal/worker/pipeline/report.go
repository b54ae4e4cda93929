package pipeline

import (
	"context"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
	"sluice/connect/schema"
)

// report tells of a failed record where the settings want it: the log, then
// the dead letter queue.
func (t *tolerance) report(ctx context.Context, f *Failure) {
	if t.settings.LogErrors {
		//nolint:sloglint // The text is Java's, which people search their logs for.
		t.log.ErrorContext(ctx, string(t.message(f)), "error", f.Err, "class", connect.ClassOf(f.Err), "detail", f.Explain())
		t.counts.Logged()
	}
	if t.queue != nil {
		t.queue.put(ctx, f)
	}
}

// message is the line that Java logs.
func (t *tolerance) message(f *Failure) []byte {
	b := append([]byte(nil), "Error encountered in task "+t.id.String()+". Executing stage '"+string(f.Stage)+"' with class '"+f.Class+"'"...)
	if t.settings.LogRecord {
		if f.consumed != nil {
			b = appendConsumed(append(b, ", where consumed record is "...), f.consumed)
		} else if f.polled != nil {
			b = appendPolled(append(b, ", where source record is = "...), f.polled)
		}
	}
	return append(b, '.')
}

func appendConsumed(b []byte, r *kgo.Record) []byte {
	b = append(b, "{topic='"+r.Topic+"', partition="...)
	b = strconv.AppendInt(b, int64(r.Partition), 10)
	b = append(b, ", offset="...)
	b = strconv.AppendInt(b, r.Offset, 10)
	if kind := r.Attrs.TimestampType(); kind >= 0 {
		b = append(b, ", timestamp="...)
		b = strconv.AppendInt(b, r.Timestamp.UnixMilli(), 10)
		name := "CreateTime"
		if kind == 1 {
			name = "LogAppendTime"
		}
		b = append(b, ", timestampType="+name...)
	}
	return append(b, '}')
}

// appendPolled is SourceRecord.toString of Java.
func appendPolled(b []byte, r *connect.Record) []byte {
	partition := schema.Null()
	if p := r.Origin.SourcePartition; p != nil {
		partition = p.Fields
	}
	b = partition.AppendText(append(b, "SourceRecord{sourcePartition="...))
	b = r.Origin.SourceOffset.AppendText(append(b, ", sourceOffset="...))
	b = append(b, "} ConnectRecord{topic='"+r.Topic+"', kafkaPartition="...)
	if r.Partition == connect.NoPartition {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, int64(r.Partition), 10)
	}
	b = appendData(b, ", key=", ", keySchema=", r.Key)
	b = appendData(b, ", value=", ", valueSchema=", r.Value)
	b = append(b, ", timestamp="...)
	if r.Timestamp == connect.NoTimestamp {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, r.Timestamp, 10)
	}
	b = append(b, ", headers=ConnectHeaders(headers="...)
	if len(r.Headers) > 0 {
		b = append(b, '[')
		for i, h := range r.Headers {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = appendData(append(b, "ConnectHeader(key="+h.Key...), ", value=", ", schema=", h.Data)
			b = append(b, ')')
		}
		b = append(b, ']')
	}
	return append(b, ")}"...)
}

func appendData(b []byte, value, schema string, d connect.Data) []byte {
	b = d.Value.AppendText(append(b, value...))
	b = append(b, schema...)
	if d.Schema == nil {
		return append(b, "null"...)
	}
	if d.Schema.Name != "" {
		return append(b, "Schema{"+d.Schema.Name+":"+strings.ToUpper(d.Schema.Type.String())+"}"...)
	}
	return append(b, "Schema{"+strings.ToUpper(d.Schema.Type.String())+"}"...)
}
