package pipeline

import (
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect"
)

// keptBytes bounds what is kept of records that were put and not committed.
const keptBytes = 16 << 20

// originals keeps the records of Kafka for tasks that report an errant one, be
// it in a Put or later. It is safe for concurrent use.
type originals struct {
	mu     sync.Mutex
	chunks [][]*kgo.Record // of one batch each, oldest first; guarded by mu
	bytes  int             // guarded by mu
	errant error           // of the first record that the task has reported; guarded by mu
	back   *Pipeline       // converters for records that are not kept; guarded by mu
}

// Keep holds on to what the batch was made of, in case the task reports one of
// its records. It is called when the batch is decoded. Forget lets go of it.
func (p *Pipeline) Keep(batch *Decoded) {
	if len(batch.from) == 0 {
		return
	}
	k := &p.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	k.chunks = append(k.chunks, batch.from)
	k.bytes += size(batch.from)
	batch.from = nil
	for k.bytes > keptBytes && len(k.chunks) > 1 {
		k.bytes -= size(k.chunks[0])
		k.chunks[0] = nil
		k.chunks = k.chunks[1:]
	}
}

// Forget drops what Keep holds of records below the committed offsets.
func (p *Pipeline) Forget(committed connect.ConsumedOffsets) {
	k := &p.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	left := k.chunks[:0]
	for _, chunk := range k.chunks {
		keep := chunk[:0]
		for _, r := range chunk {
			if at, ok := committed[connect.TopicPartition{Topic: r.Topic, Partition: r.Partition}]; !ok || r.Offset >= at.Offset {
				keep = append(keep, r)
			}
		}
		clear(chunk[len(keep):])
		if len(keep) > 0 {
			left = append(left, keep)
		}
	}
	clear(k.chunks[len(left):])
	k.chunks, k.bytes = left, 0
	for _, chunk := range left {
		k.bytes += size(chunk)
	}
}

func size(chunk []*kgo.Record) int {
	n := 0
	for _, r := range chunk {
		n += len(r.Key) + len(r.Value)
	}
	return n
}

// find returns the record of Kafka that r came from; mu is locked.
func (k *originals) find(r *connect.Record) *kgo.Record {
	for _, chunk := range slices.Backward(k.chunks) {
		for _, in := range chunk {
			if in.Offset == r.Origin.Offset && in.Partition == r.Origin.Partition && in.Topic == r.Origin.Topic {
				return in
			}
		}
	}
	return nil
}

// original is the record of Kafka that r came from. One that is not known any
// more, or was made by the task, is converted back, as in Java.
func (p *Pipeline) original(r *connect.Record) (*kgo.Record, error) {
	k := &p.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	if in := k.find(r); in != nil {
		return in, nil
	}
	if k.back == nil {
		// The converters of the record path belong to the task's goroutine.
		back := &Pipeline{log: p.log}
		if err := back.load(p.config, nil); err != nil {
			return nil, err
		}
		k.back = back
	}
	return k.back.convertBack(r)
}

func (p *Pipeline) convertBack(r *connect.Record) (*kgo.Record, error) {
	out := &kgo.Record{Topic: r.Topic, Partition: r.Partition, Offset: r.Origin.Offset}
	if r.Timestamp != connect.NoTimestamp {
		out.Timestamp = time.UnixMilli(r.Timestamp)
	}
	var raw []connect.RawHeader
	var err error
	if out.Key, err = p.key.AppendEncode([]byte{}, r.Topic, &raw, r.Key); err != nil {
		return nil, err
	}
	if out.Value, err = p.value.AppendEncode([]byte{}, r.Topic, &raw, r.Value); err != nil {
		return nil, err
	}
	for _, h := range r.Headers {
		b, err := p.header.AppendEncode([]byte{}, r.Topic, h.Key, h.Data)
		if err != nil {
			return nil, err
		}
		out.Headers = append(out.Headers, kgo.RecordHeader{Key: h.Key, Value: b})
	}
	return out, nil
}
