//go:build integration

package faults

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "sluice/test/kafka"
)

// pair is a source that reads a growing file into a topic, and a sink that writes
// the topic to another file. The topic has one partition, so order holds from
// file to file.
type pair struct {
	topic, in, out string
	more           [2]map[string]string // settings of the source and of the sink besides
	lines          *kafkatest.Lines
	written        int   // known when lines is finished
	next           int64 // the offset after the last line, known when the topic is audited
}

// newPair returns pair i, whose lines are written already. The sink's file is in
// the second directory. With exactly-once delivery the pairs differ in what bounds
// a transaction and where the offsets are.
func newPair(t *testing.T, in, out, group string, i int, exactlyOnce bool) *pair {
	t.Helper()
	p := &pair{
		topic: fmt.Sprintf("%s-%d", group, i),
		in:    filepath.Join(in, fmt.Sprintf("in-%d", i)), out: filepath.Join(out, fmt.Sprintf("out-%d", i)),
	}
	if exactlyOnce {
		p.more[0] = map[string]string{"exactly.once.support": "required"}
		if i%2 == 1 {
			maps.Copy(p.more[0], map[string]string{"transaction.boundary": "interval", "transaction.boundary.interval.ms": "400"})
		}
		if i >= calmPairs {
			p.more[0]["offsets.storage.topic"] = group + "-own-offsets"
		}
		p.more[1] = map[string]string{"consumer.override.isolation.level": "read_committed"}
	}
	p.lines = kafkatest.WriteLines(t, p.in)
	return p
}

func (p *pair) source() string { return "source-" + p.topic }
func (p *pair) sink() string   { return "sink-" + p.topic }

// configs are the configurations of both connectors, by name.
func (p *pair) configs() map[string]map[string]string {
	all := map[string]map[string]string{
		p.source(): {"connector.class": "FileStreamSource", "tasks.max": "1", "topic": p.topic, "file": p.in},
		p.sink(): {
			"connector.class": "FileStreamSink", "tasks.max": "1", "topics": p.topic, "file": p.out,
			"consumer.override.session.timeout.ms": "6000",
		},
	}
	maps.Copy(all[p.source()], p.more[0])
	maps.Copy(all[p.sink()], p.more[1])
	return all
}

// create writes both configurations.
func (p *pair) create(t *testing.T, url string) {
	t.Helper()
	for name, config := range p.configs() {
		kafkatest.Do(t, http.MethodPut, url+"/connectors/"+name+"/config", config)
	}
}

// lastNumber returns the number of the last whole line of a file, -1 where there
// is none.
func lastNumber(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return -1
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return -1
	}
	tail := make([]byte, min(info.Size(), 200))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return -1
	}
	end := bytes.LastIndexByte(tail, '\n')
	if end < 0 {
		return -1
	}
	n, _ := number(tail[bytes.LastIndexByte(tail[:end], '\n')+1 : end])
	return n
}

// fileAudit compares the sink's file with what was written.
func (p *pair) fileAudit() (*audit, error) {
	a := newAudit(p.written)
	f, err := os.Open(p.out)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	s := bufio.NewScanner(f)
	for s.Scan() {
		a.line(s.Bytes())
	}
	return a, s.Err()
}

// topicAudit compares what is committed in the topic with what was written.
func (p *pair) topicAudit(ctx context.Context, bootstrap string) (*audit, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{p.topic: {0: kgo.NewOffset().AtStart()}}))
	if err != nil {
		return nil, err
	}
	defer client.Close()
	end, err := p.end(ctx, client)
	if err != nil {
		return nil, err
	}
	a := newAudit(p.written)
	for next := int64(0); next < end; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, fmt.Errorf("read %s at %d of %d: %w", p.topic, next, end, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			next = r.Offset + 1
			if !r.Attrs.IsControl() {
				a.line(r.Value)
				p.next = next
			}
		})
	}
	return a, nil
}

func (p *pair) end(ctx context.Context, client *kgo.Client) (int64, error) {
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, p.topic)
	if err == nil {
		err = ends.Error()
	}
	o, _ := ends.Lookup(p.topic, 0)
	return o.Offset, err
}

// offsets says how the committed offsets differ from the files and the topic, ""
// when they fit: the source's position is the end of its file, the sink's offset
// that of its topic.
func (p *pair) offsets(ctx context.Context, url, bootstrap string) string {
	info, err := os.Stat(p.in)
	if err != nil {
		return err.Error()
	}
	position, err := committed(ctx, url, p.source(), "position")
	if err != nil {
		return err.Error()
	}
	if position != info.Size() {
		return fmt.Sprintf("%s has committed position %d of %d", p.source(), position, info.Size())
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		return err.Error()
	}
	defer client.Close()
	end, err := p.end(ctx, client)
	if err != nil {
		return err.Error()
	}
	at, err := committed(ctx, url, p.sink(), "kafka_offset")
	if err != nil {
		return err.Error()
	}
	if at < p.next || at > end { // the end of a transaction may follow the last line
		return fmt.Sprintf("%s has committed %d of %d, the last line is before %d", p.sink(), at, end, p.next)
	}
	return ""
}

// committed returns the number below the key of a connector's only offset.
func committed(ctx context.Context, url, connector, key string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	text, err := kafkatest.Call(ctx, http.MethodGet, url+"/connectors/"+connector+"/offsets", nil)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Offsets []struct{ Offset map[string]int64 }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return 0, fmt.Errorf("offsets of %s: %w: %s", connector, err, text)
	}
	if len(answer.Offsets) != 1 {
		return 0, fmt.Errorf("offsets of %s: %s", connector, text)
	}
	return answer.Offsets[0].Offset[key], nil
}
