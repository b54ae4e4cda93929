//go:build integration

package integration

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/schema"
	"sluice/internal/store/file"
	kafkatest "sluice/test/kafka"
)

// killPlan is the length of the kill test. KILL_TEST=full takes two minutes and
// more, and SEED repeats the instants of a run.
type killPlan struct {
	during time.Duration
	rate   int // lines a second
	kills  int
}

func planKills() killPlan {
	if os.Getenv("KILL_TEST") == "full" {
		return killPlan{2 * time.Minute, 50_000, 10}
	}
	return killPlan{12 * time.Second, 20_000, 2}
}

const lineLength = 29

func appendLine(b []byte, n int) []byte { return fmt.Appendf(b, "line %012d 0123456789\n", n) }

// TestKills grows a file by numbered lines while the worker that copies it to
// Kafka and on to another file is killed at random. Every line arrives, the first
// occurrences are in order, and no more comes twice than was in flight: written
// to Kafka, or to the file, and not yet committed at the instant of a kill.
func TestKills(t *testing.T) {
	plan := planKills()
	random := rand.New(rand.NewPCG(kafkatest.Seed(t, uint64(time.Now().UnixNano())), 1))
	k := newKillRun(t)

	stopWriter, written := make(chan struct{}), make(chan int, 1)
	go func() { written <- growLines(t, k.in, plan.rate, stopWriter) }()
	began := time.Now()
	instants := make([]time.Duration, plan.kills)
	for i := range instants {
		instants[i] = time.Duration(random.Int64N(int64(plan.during)))
	}
	slices.Sort(instants)
	worker := startSluice(t, k.dir)
	for _, at := range instants {
		time.Sleep(time.Until(began.Add(at))) // the instants are the input of this test
		if err := worker.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = worker.Wait() // killed: its error is expected
		k.noteInFlight(t)
		worker = startSluice(t, k.dir)
	}
	time.Sleep(time.Until(began.Add(plan.during)))
	close(stopWriter)
	n := <-written
	until(t, "every line in the sink's file", func() bool { return lastLine(t, k.out) == n-1 })
	until(t, "two connectors RUNNING", func() bool { return running(k.port) == 2 })
	if err := worker.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := worker.Wait(); err != nil {
		t.Errorf("the worker ended with %v after an interrupt", err)
	}
	k.verify(t, n, plan)
}

// killRun is one run of the kill test.
type killRun struct {
	bootstrap, dir, in, out, topic string
	port                           int
	admin                          *kadm.Client

	highest                      int64 // number of the highest line in Kafka, plus 1
	sourceInFlight, sinkInFlight int64 // at all kills together
	startedAt, startedLines      int64 // the sink's committed offset and its file's lines at the last start
}

func newKillRun(t *testing.T) *killRun {
	t.Helper()
	bootstrap := kafkatest.Broker(t)
	dir := t.TempDir()
	k := &killRun{bootstrap: bootstrap, dir: dir, in: filepath.Join(dir, "in.txt"), out: filepath.Join(dir, "out.txt"), topic: kafkatest.Name(t), port: freePort(t)}
	write(t, filepath.Join(dir, "worker.properties"), fmt.Sprintf(`bootstrap.servers=%s
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.storage.StringConverter
offset.storage.file.filename=%s
offset.flush.interval.ms=1000
consumer.session.timeout.ms=6000
listeners=http://127.0.0.1:%d
`, bootstrap, filepath.Join(dir, "offsets"), k.port))
	write(t, filepath.Join(dir, "source.properties"), "name=in\nconnector.class=FileStreamSource\ntasks.max=1\ntopic="+k.topic+"\nfile="+k.in+"\n")
	write(t, filepath.Join(dir, "sink.json"), `{"name":"`+k.topic+`","config":{"connector.class":"FileStreamSink","topics":"`+k.topic+`","file":"`+k.out+`"}}`)
	write(t, k.in, "")
	client, err := kgo.NewClient(kgo.SeedBrokers(bootstrap))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	k.admin = kadm.NewClient(client)
	return k
}

// noteInFlight counts, between a kill and the next start, what Kafka has beyond
// the committed offset of the source, and the file beyond that of the sink.
func (k *killRun) noteInFlight(t *testing.T) {
	t.Helper()
	end := k.end(t)
	for { // what the dead worker has sent may still be on its way
		time.Sleep(100 * time.Millisecond)
		now := k.end(t)
		if now == end {
			break
		}
		end = now
	}
	committed := k.sourceCommitted(t)
	if end > 0 {
		k.highest = max(k.highest, k.lastInKafka(t, end)+1)
	}
	source := k.highest - committed
	lines := countLines(t, k.out)
	at := k.sinkCommitted(t)
	sink := k.startedAt + lines - k.startedLines - at
	if source < 0 || sink < 0 {
		t.Fatalf("an offset was committed too early: source %d records, sink %d", source, sink)
	}
	t.Logf("kill: %d lines committed by the source and %d more in Kafka; %d records committed by the sink and %d more in its file", committed, source, at, sink)
	k.sourceInFlight += source
	k.sinkInFlight += sink
	k.startedAt, k.startedLines = at, lines
}

func (k *killRun) verify(t *testing.T, n int, plan killPlan) {
	t.Helper()
	next, repeats, torn := 0, int64(0), 0
	eachLine(t, k.out, func(i int, whole bool) {
		if !whole {
			torn++ // a kill in the middle of a write; the rest of the line is the next one
		}
		switch {
		case i == next:
			next++
		case i >= 0 && i < next:
			repeats++
		case i > next:
			t.Fatalf("line %d comes before line %d", i, next)
		}
	})
	if next != n {
		t.Errorf("%d of %d lines came", next, n)
	}
	end := k.end(t)
	source, sink := end-int64(n), repeats-(end-int64(n))
	if source > k.sourceInFlight || sink > k.sinkInFlight {
		t.Errorf("repeats: %d in Kafka and %d more in the file, and only %d and %d were in flight", source, sink, k.sourceInFlight, k.sinkInFlight)
	}
	t.Logf("%d lines in %s, %d kills; repeats: %d in Kafka (%d in flight), %d more in the file (%d in flight); %d torn lines",
		n, plan.during, plan.kills, source, k.sourceInFlight, sink, k.sinkInFlight, torn)
}

func (k *killRun) end(t *testing.T) int64 {
	t.Helper()
	ends, err := k.admin.ListEndOffsets(t.Context(), k.topic)
	if err != nil {
		t.Fatal(err)
	}
	o, _ := ends.Lookup(k.topic, 0)
	return max(o.Offset, 0) // -1 while there is no topic
}

// lastInKafka returns the number of the last line in Kafka.
func (k *killRun) lastInKafka(t *testing.T, end int64) int64 {
	t.Helper()
	from := max(end-1, 0)
	cl, err := kgo.NewClient(kgo.SeedBrokers(k.bootstrap),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{k.topic: {0: kgo.NewOffset().At(from)}}))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	last := int64(-1)
	for last < 0 {
		f := cl.PollFetches(t.Context())
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) { last = int64(lineNumber(r.Value)) })
	}
	return last
}

func (k *killRun) sourceCommitted(t *testing.T) int64 {
	t.Helper()
	offsets, err := file.Open(filepath.Join(k.dir, "offsets"))
	if err != nil {
		t.Fatal(err)
	}
	partition := schema.MapValue([]schema.Entry{{Key: schema.StringValue("filename"), Value: schema.StringValue(k.in)}})
	found, err := offsets.Read(t.Context(), "in", []schema.Value{partition})
	if err != nil {
		t.Fatal(err)
	}
	position, _ := found[0].Lookup("position")
	return position.Int() / lineLength
}

func (k *killRun) sinkCommitted(t *testing.T) int64 {
	t.Helper()
	offsets, err := k.admin.FetchOffsets(t.Context(), "connect-"+k.topic)
	if err != nil {
		t.Fatal(err)
	}
	o, _ := offsets.Lookup(k.topic, 0)
	return max(o.At, 0)
}

// growLines appends numbered lines at the rate until stop is closed, and returns
// how many.
func growLines(t *testing.T, path string, rate int, stop <-chan struct{}) int {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Error(err)
		return 0
	}
	defer f.Close()
	const pieces = 50 // a second
	tick := time.NewTicker(time.Second / pieces)
	defer tick.Stop()
	began := time.Now()
	var b []byte
	for n := 0; ; {
		select {
		case <-stop:
			return n
		case now := <-tick.C:
			due := int(now.Sub(began).Seconds() * float64(rate))
			for b = b[:0]; n < due; n++ {
				b = appendLine(b, n)
			}
			if _, err := f.Write(b); err != nil {
				t.Error(err)
				return n
			}
		}
	}
}

// lineNumber returns the number of a line; of one that was torn by a kill, that of
// the line which was written behind it. -1 is none.
func lineNumber(line []byte) int {
	at := bytes.LastIndex(line, []byte("line "))
	if at < 0 || len(line)-at != lineLength-1 {
		return -1
	}
	n, err := strconv.Atoi(string(line[at+5 : at+17]))
	if err != nil {
		return -1
	}
	return n
}

func eachLine(t *testing.T, path string, do func(number int, whole bool)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		if os.IsNotExist(err) {
			return
		}
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		do(lineNumber(s.Bytes()), len(s.Bytes()) == lineLength-1)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
}

// countLines returns how many records were put into the file, those of which the
// line is torn among them.
func countLines(t *testing.T, path string) int64 {
	t.Helper()
	n := int64(0)
	eachLine(t, path, func(number int, whole bool) {
		if number >= 0 {
			n++
		}
	})
	return n
}

// lastLine returns the number of the file's last line, -1 where there is none.
func lastLine(t *testing.T, path string) int {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		return -1
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	tail := make([]byte, min(info.Size(), 4*lineLength))
	if _, err := f.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(tail, []byte("\n")), []byte("\n"))
	return lineNumber(lines[len(lines)-1])
}
