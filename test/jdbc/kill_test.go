//go:build integration

package jdbc

import (
	"context"
	"crypto/md5"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/connect/schema"
	"sluice/internal/store/file"
	kafkatest "sluice/test/kafka"
	"sluice/test/services"
)

// plan is the length of a kill test; SEED repeats the instants of a run.
type plan struct {
	rows  int64
	kills int
}

func planKills() plan {
	if os.Getenv("KILL_TEST") == "full" {
		return plan{500_000, 5}
	}
	return plan{40_000, 2}
}

// instants are the numbers of records after which to kill, one in each of as many
// equal parts of the whole, and not in its end.
func (p plan) instants(t *testing.T, whole int64) []int64 {
	t.Helper()
	random := rand.New(rand.NewPCG(kafkatest.Seed(t, uint64(time.Now().UnixNano())), 1))
	part := whole * 3 / 4 / int64(p.kills)
	all := make([]int64, p.kills)
	for i := range all {
		all[i] = int64(i)*part + random.Int64N(part)
	}
	return all
}

func textOf(id int64) string {
	sum := md5.Sum([]byte(strconv.FormatInt(id, 10)))
	return hex.EncodeToString(sum[:])
}

// TestSourceKills kills the worker that reads a growing table by its ids. Every row
// comes, in order; what comes twice begins behind the offset that was committed
// at the instant of a kill.
func TestSourceKills(t *testing.T) {
	t.Parallel()
	p := planKills()
	bootstrap, url := kafkatest.Broker(t), services.Postgres(t)
	db := open(t, url)
	execute(t, db, "CREATE TABLE numbers (id bigint PRIMARY KEY, text text NOT NULL, half numeric(12,1) NOT NULL, at timestamp NOT NULL)")
	client := clientOf(t, bootstrap)
	name := kafkatest.Name(t)
	topic := name + "-numbers"
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	w := newWorker(t, bootstrap, map[string]string{"value.converter.schemas.enable": "false"}, map[string]string{
		"name": name, "connector.class": "io.confluent.connect.jdbc.JdbcSourceConnector", "tasks.max": "1",
		"connection.url": url, "connection.user": "postgres", "mode": "incrementing", "incrementing.column.name": "id",
		"numeric.mapping": "best_fit", "table.whitelist": "numbers", "topic.prefix": name + "-", "poll.interval.ms": "20",
		// Small batches in flight, so that a kill meets some of them.
		"batch.max.rows": "500", "producer.override.linger.ms": "0",
	})
	w.start(t)
	var grown sync.WaitGroup
	grown.Go(func() { grow(t, db, client, topic, p.rows) })
	defer grown.Wait()
	var begins []int64
	for _, at := range p.instants(t, p.rows) {
		await(t, fmt.Sprintf("record %d", at), func() bool { return endOf(t, client, topic) > at })
		w.kill(t)
		begins = append(begins, committedID(t, w, name)+1)
		t.Logf("killed with %d records in Kafka, the offset is %d", endOf(t, client, topic), begins[len(begins)-1]-1)
		w.start(t)
	}
	await(t, "the last row", func() bool { return lastID(t, bootstrap, topic) == p.rows })
	checkNumbers(t, bootstrap, topic, p.rows, begins)
	if trace := w.failed(t, name); trace != "" {
		t.Errorf("the task has failed: %s", trace)
	}
}

// grow inserts the rows, and is never far ahead of the source.
func grow(t *testing.T, db *sql.DB, client *kgo.Client, topic string, rows int64) {
	const piece, ahead = 500, 4000
	for have := int64(0); have < rows && t.Context().Err() == nil; {
		if have > endOf(t, client, topic)+ahead {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		next := min(rows, have+piece)
		if _, err := db.ExecContext(t.Context(), "INSERT INTO numbers SELECT i, md5(i::text), i / 2.0, TIMESTAMP '2024-01-01' + i * INTERVAL '1 ms' FROM generate_series($1::bigint, $2) i", have+1, next); err != nil {
			t.Error(err)
			return
		}
		have = next
	}
}

func clientOf(t *testing.T, bootstrap string, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(bootstrap))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func endOf(t *testing.T, client *kgo.Client, topic string) int64 {
	t.Helper()
	ends, err := kadm.NewClient(client).ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Error(err)
	}
	o, _ := ends.Lookup(topic, 0)
	return o.Offset
}

// committedID reads the offset of the table that a dead worker left; 0 is none.
func committedID(t *testing.T, w *worker, name string) int64 {
	t.Helper()
	if _, err := os.Stat(w.offsets()); os.IsNotExist(err) {
		return 0
	}
	offsets, err := file.Open(w.offsets())
	if err != nil {
		t.Fatal(err)
	}
	partition := schema.MapValue([]schema.Entry{
		{Key: schema.StringValue("protocol"), Value: schema.StringValue("1")},
		{Key: schema.StringValue("table"), Value: schema.StringValue("public.numbers")},
	})
	found, err := offsets.Read(t.Context(), name, []schema.Value{partition})
	if err != nil {
		t.Fatal(err)
	}
	if found[0].IsNull() {
		return 0
	}
	id, _ := found[0].Lookup("incrementing")
	return id.Int()
}

// number is a row of the table as JSON.
type number struct {
	ID   int64   `json:"id"`
	Text string  `json:"text"`
	Half float64 `json:"half"`
	At   int64   `json:"at"`
}

// eachNumber reads the topic from an offset to its end.
func eachNumber(t *testing.T, bootstrap, topic string, from int64, do func(n number)) {
	t.Helper()
	client := clientOf(t, bootstrap, kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(from)}}))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for end := endOf(t, client, topic); from < end; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatal(err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			from = r.Offset + 1
			var n number
			if err := json.Unmarshal(r.Value, &n); err != nil {
				t.Fatalf("record %d: %v", r.Offset, err)
			}
			do(n)
		})
	}
}

func lastID(t *testing.T, bootstrap, topic string) (last int64) {
	t.Helper()
	eachNumber(t, bootstrap, topic, max(0, endOf(t, clientOf(t, bootstrap), topic)-1), func(n number) { last = n.ID })
	return last
}

// checkNumbers compares the topic with the table, row by row. A step that is not
// to the next id is one back to the begin of a run.
func checkNumbers(t *testing.T, bootstrap, topic string, rows int64, begins []int64) {
	t.Helper()
	const start = 1704067200000 // 1 January 2024
	last, highest, repeats, wrong := int64(0), int64(0), 0, 0
	eachNumber(t, bootstrap, topic, 0, func(n number) {
		if want := (number{n.ID, textOf(n.ID), float64(n.ID) / 2, start + n.ID}); n != want && wrong < 10 {
			wrong++
			t.Errorf("the row %+v comes as %+v", want, n)
		}
		if n.ID != last+1 {
			i := slices.Index(begins, n.ID)
			if i < 0 || n.ID > highest+1 {
				t.Fatalf("id %d follows %d, and the runs begin at %v", n.ID, last, begins)
			}
			begins = begins[i+1:]
		}
		if n.ID <= highest {
			repeats++
		}
		last, highest = n.ID, max(highest, n.ID)
	})
	if highest != rows {
		t.Errorf("%d of %d rows came", highest, rows)
	}
	t.Logf("%d rows, %d came twice", rows, repeats)
}

// TestUpsertKills kills the worker that writes every row twice, the second time
// with another text. The table holds every row once, as it came last.
func TestUpsertKills(t *testing.T) {
	t.Parallel()
	p := planKills()
	bootstrap, url := kafkatest.Broker(t), services.Postgres(t)
	db := open(t, url)
	topic := kafkatest.Name(t)
	client := clientOf(t, bootstrap, kgo.DefaultProduceTopic(topic), kgo.ProducerBatchMaxBytes(500_000))
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	produceVersions(t, client, p.rows)
	execute(t, db, "CREATE TABLE versions (id bigint PRIMARY KEY, version int NOT NULL, text text NOT NULL)")
	w := newWorker(t, bootstrap, map[string]string{"consumer.session.timeout.ms": "6000"}, map[string]string{
		"name": topic, "connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector", "tasks.max": "1", "topics": topic,
		"connection.url": url, "connection.user": "postgres", "table.name.format": "versions",
		"insert.mode": "upsert", "pk.mode": "record_value", "pk.fields": "id", "consumer.override.max.poll.records": "200",
	})
	w.start(t)
	written := func() int64 {
		return one[int64](t, db, "SELECT count(*) + count(*) FILTER (WHERE version = 2) FROM versions")
	}
	for _, at := range p.instants(t, 2*p.rows) {
		await(t, fmt.Sprintf("record %d", at), func() bool { return written() > at })
		w.kill(t)
		t.Logf("killed after %d of %d records", written(), 2*p.rows)
		if committed, have := committedOffset(t, client, topic), written(); committed > have {
			t.Fatalf("offset %d is committed and %d records are in the table", committed, have)
		}
		w.start(t)
	}
	await(t, "the last record", func() bool { return written() == 2*p.rows })
	w.ask(t, "PUT", "/connectors/"+topic+"/stop", "") // Nothing comes behind.
	want := fmt.Sprintf("SELECT i::bigint AS id, 2 AS version, md5((i + %d)::text) AS text FROM generate_series(0, %d) i", p.rows, p.rows-1)
	lost := one[int64](t, db, "SELECT count(*) FROM ("+want+" EXCEPT SELECT id, version, text FROM versions) x")
	doubled := one[int64](t, db, "SELECT count(*) - count(DISTINCT id) FROM versions")
	if rows := one[int64](t, db, "SELECT count(*) FROM versions"); rows != p.rows || lost != 0 || doubled != 0 {
		t.Errorf("%d rows, want %d; %d are lost or wrong, %d doubled", rows, p.rows, lost, doubled)
	}
}

// produceVersions writes each id twice: in the second half of the topic its
// version is 2.
func produceVersions(t *testing.T, client *kgo.Client, rows int64) {
	t.Helper()
	const head = `{"schema":{"type":"struct","fields":[{"type":"int64","field":"id"},{"type":"int32","field":"version"},{"type":"string","field":"text"}]},"payload":`
	for i := range 2 * rows {
		client.Produce(t.Context(), &kgo.Record{Value: fmt.Appendf(nil, `%s{"id":%d,"version":%d,"text":"%s"}}`, head, i%rows, 1+i/rows, textOf(i))}, func(_ *kgo.Record, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	if err := client.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func committedOffset(t *testing.T, client *kgo.Client, topic string) int64 {
	t.Helper()
	offsets, err := kadm.NewClient(client).FetchOffsets(t.Context(), "connect-"+topic)
	if err != nil {
		t.Fatal(err)
	}
	o, _ := offsets.Lookup(topic, 0)
	return max(o.At, 0)
}
