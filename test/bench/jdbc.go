package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/twmb/franz-go/pkg/kgo"

	kafkatest "sluice/test/kafka"
	"sluice/test/services"
)

const (
	// Java has no JDBC connector of its own: the sink of Debezium stands for it.
	debeziumSink = "io.debezium.connector.jdbc.JdbcSinkConnector"
	ourSink      = "io.confluent.connect.jdbc.JdbcSinkConnector"
	ourSource    = "io.confluent.connect.jdbc.JdbcSourceConnector"
	// jdbcShare is the part of -records that goes through a database.
	jdbcShare = 10
	// rowText fills a row up to 200 bytes, beside four columns of 8 and the length of the text.
	rowText = 164
)

// jdbcScenario is a row of the table for a sink. With upserts every key comes
// twice: an insert and an update.
type jdbcScenario struct {
	upsert bool
	tuned  bool // Debezium's batches are as large as ours
}

func jdbcScenarios() []scenario {
	props := map[string]string{"value.converter": jsonConverter, "value.converter.schemas.enable": "true"}
	source := func(mode string) func(context.Context, *bench, kind, scenario) (sample, error) {
		return func(ctx context.Context, b *bench, k kind, s scenario) (sample, error) {
			return b.measureJdbcSource(ctx, k, s, mode)
		}
	}
	sink := func(j jdbcScenario) func(context.Context, *bench, kind, scenario) (sample, error) {
		return func(ctx context.Context, b *bench, k kind, s scenario) (sample, error) {
			return b.measureJdbcSink(ctx, k, s, j)
		}
	}
	large := maps.Clone(props)
	large["consumer.max.poll.records"] = "3000"
	return []scenario{
		{id: "jdbc-insert", title: "Kafka -> PostgreSQL, 200 B, insert; Java: the sink of Debezium", props: props, measure: sink(jdbcScenario{})},
		{id: "jdbc-insert-tuned", title: "the same, 3,000 rows a batch for both", props: large, measure: sink(jdbcScenario{tuned: true})},
		{id: "jdbc-upsert", title: "Kafka -> PostgreSQL, 200 B, upsert, each key twice; Java: the sink of Debezium", props: props, measure: sink(jdbcScenario{upsert: true})},
		{id: "jdbc-upsert-tuned", title: "the same, 3,000 rows a batch for both", props: large, measure: sink(jdbcScenario{upsert: true, tuned: true})},
		{id: "jdbc-bulk", title: "PostgreSQL -> Kafka, 200 B, bulk, JSON without schemas", props: plainJSON(), ours: true, measure: source("bulk")},
		{id: "jdbc-incrementing", title: "PostgreSQL -> Kafka, 200 B, incrementing, JSON without schemas", props: plainJSON(), ours: true, measure: source("incrementing")},
	}
}

func plainJSON() map[string]string {
	return map[string]string{"value.converter": jsonConverter, "value.converter.schemas.enable": "false"}
}

// database is the PostgreSQL of a run.
type database struct {
	*sql.DB
	url string
}

// postgres starts the database, once; it ends with the run.
func (b *bench) postgres(ctx context.Context) (database, error) {
	if b.database.DB != nil {
		return b.database, nil
	}
	url, err := b.services.run(ctx, func(t services.T) string { return services.Postgres(t) })
	if err != nil {
		return database{}, err
	}
	connector, err := stdlib.GetDefaultDriver().(*stdlib.Driver).OpenConnector(strings.TrimPrefix(url, "jdbc:") + "?user=postgres") //nolint:forcetypeassert // The driver's own.
	if err != nil {
		return database{}, err
	}
	b.database = database{sql.OpenDB(connector), url}
	b.services.Cleanup(func() { _ = b.database.Close() }) // it was only asked
	return b.database, nil
}

// measureJdbcSink writes rows to a table that the connector creates.
func (b *bench) measureJdbcSink(ctx context.Context, k kind, s scenario, j jdbcScenario) (sample, error) {
	db, err := b.postgres(ctx)
	if err != nil {
		return sample{}, err
	}
	n := b.records / jdbcShare
	keys := n
	if j.upsert {
		keys = n / 2
	}
	topic, err := b.rows(ctx, n, keys)
	if err != nil {
		return sample{}, err
	}
	dir, err := b.dir()
	if err != nil {
		return sample{}, err
	}
	name := strings.ReplaceAll(b.topic(), "-", "_")
	connector := map[string]string{
		"name": name, "tasks.max": "1", "topics": topic, "table.name.format": name,
		"connector.class": ourSink, "connection.url": db.url, "connection.user": "postgres", "auto.create": "true",
	}
	if j.upsert {
		maps.Copy(connector, map[string]string{"insert.mode": "upsert", "pk.mode": "record_value", "pk.fields": "id"})
	}
	props := b.props(s)
	props["consumer.auto.offset.reset"] = "earliest"
	if k.name == javaName {
		plugins, err := kafkatest.Run(ctx, "debezium")
		if err != nil {
			return sample{}, err
		}
		props["plugin.path"] += "," + plugins
		connector = debezium(connector, j)
	}
	w, err := k.start(ctx, dir, b.nextPort(ctx), props, connector)
	if err != nil {
		return sample{}, err
	}
	defer w.stop()
	at := db.appended
	if j.upsert {
		at = db.upserted(n, keys)
	}
	out, err := watch(ctx, w, n, func() (int64, error) { return at(ctx, name) })
	if err != nil {
		return sample{}, err
	}
	w.stop()
	return out, errors.Join(db.count(ctx, name, keys), db.drop(ctx, name))
}

// debezium is the configuration with the same meaning.
func debezium(ours map[string]string, j jdbcScenario) map[string]string {
	c := map[string]string{
		"name": ours["name"], "tasks.max": "1", "topics": ours["topics"], "connector.class": debeziumSink,
		"connection.url": ours["connection.url"], "connection.username": "postgres", "connection.password": "x",
		"schema.evolution": "basic", "collection.name.format": ours["table.name.format"],
		"insert.mode": "insert", "primary.key.mode": "none",
	}
	if j.upsert {
		maps.Copy(c, map[string]string{"insert.mode": "upsert", "primary.key.mode": "record_value", "primary.key.fields": "id"})
	}
	if j.tuned {
		c["batch.size"] = "3000"
		c["connection.url"] += "?reWriteBatchedInserts=true"
	}
	return c
}

// appended is how many rows the table has, found in its last pages: rows come in
// the order of their numbers.
func (d database) appended(ctx context.Context, table string) (int64, error) {
	var n sql.NullInt64
	err := d.QueryRowContext(ctx, "SELECT max(n) + 1 FROM "+table+" WHERE ctid >= ('(' || greatest(0, pg_relation_size('"+table+"') / 8192 - 1000) || ',0)')::tid").Scan(&n)
	return n.Int64, absent(err)
}

// upserted finds by the primary key how many records the table has taken: those
// of the second half change the rows of the first in the same order.
func (d database) upserted(records, keys int64) func(ctx context.Context, table string) (int64, error) {
	return func(ctx context.Context, table string) (int64, error) {
		var most sql.NullInt64
		err := d.QueryRowContext(ctx, "SELECT max(id) + 1 FROM "+table).Scan(&most)
		if err != nil || most.Int64 < keys {
			return most.Int64, absent(err)
		}
		low, high := keys, records // of the records' numbers; all below low have come
		for low < high {
			middle := (low + high) / 2
			var n int64
			if err := d.QueryRowContext(ctx, "SELECT n FROM "+table+" WHERE id = $1", middle-keys).Scan(&n); err != nil {
				return 0, err
			}
			if n == middle {
				low = middle + 1
			} else {
				high = middle
			}
		}
		return low, nil
	}
}

// absent takes a table that is not there yet for no error.
func absent(err error) error {
	if err != nil && strings.Contains(err.Error(), "42P01") {
		return nil
	}
	return err
}

// count makes sure that every key is there once.
func (d database) count(ctx context.Context, table string, want int64) error {
	var rows, distinct int64
	if err := d.QueryRowContext(ctx, "SELECT count(*), count(DISTINCT id) FROM "+table).Scan(&rows, &distinct); err != nil {
		return err
	}
	if rows != want || distinct != want {
		return fmt.Errorf("%d rows with %d keys are in the table, want %d", rows, distinct, want)
	}
	return nil
}

func (d database) drop(ctx context.Context, table string) error {
	_, err := d.ExecContext(ctx, "DROP TABLE "+table)
	return err
}

// rows fills a topic with n records of 200 bytes and so many keys, once.
func (b *bench) rows(ctx context.Context, n, keys int64) (string, error) {
	if topic := b.rowTopics[keys]; topic != "" {
		return topic, nil
	}
	topic := b.topic()
	if err := b.cluster.create(ctx, topic); err != nil {
		return "", err
	}
	text := strings.Repeat(string(line()), 2)[:rowText]
	err := b.cluster.produce(ctx, topic, n, func(i int64, r *kgo.Record) {
		r.Value = appendRow(nil, i, keys, text)
	})
	b.rowTopics[keys] = topic
	return topic, err
}

// appendRow writes what JsonConverter writes for a struct of five fields: 200
// bytes as a row of PostgreSQL, without its header.
func appendRow(dst []byte, i, keys int64, text string) []byte {
	const head = `{"schema":{"type":"struct","fields":[{"type":"int64","optional":false,"field":"id"},{"type":"int64","optional":false,"field":"n"},` +
		`{"type":"string","optional":true,"field":"text"},{"type":"double","optional":true,"field":"amount"},` +
		`{"type":"int64","optional":true,"name":"org.apache.kafka.connect.data.Timestamp","version":1,"field":"at"}],"optional":false,"name":"row"},"payload":{"id":`
	dst = strconv.AppendInt(append(dst, head...), i%keys, 10)
	dst = strconv.AppendInt(append(dst, `,"n":`...), i, 10)
	dst = append(append(append(dst, `,"text":"`...), text...), `","amount":`...)
	dst = strconv.AppendFloat(dst, float64(i)*1.25, 'f', -1, 64)
	return append(strconv.AppendInt(append(dst, `,"at":`...), 1700000000000+i, 10), `}}`...)
}

// measureJdbcSource reads a table that is there.
func (b *bench) measureJdbcSource(ctx context.Context, k kind, s scenario, mode string) (sample, error) {
	db, err := b.postgres(ctx)
	if err != nil {
		return sample{}, err
	}
	const table = "bench_source"
	n := b.records / jdbcShare
	if !b.tableFilled {
		text := strings.Repeat(string(line()), 2)[:rowText]
		for _, statement := range []string{
			"CREATE TABLE " + table + " (id bigint PRIMARY KEY, n bigint NOT NULL, text text, amount double precision, at timestamp)",
			"INSERT INTO " + table + " SELECT i, i, '" + text + "', i * 1.25, TIMESTAMP '2024-01-01' + i * INTERVAL '1 ms' FROM generate_series(1, " + strconv.FormatInt(n, 10) + ") i",
			"ANALYZE " + table,
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				return sample{}, err
			}
		}
		b.tableFilled = true
	}
	dir, err := b.dir()
	if err != nil {
		return sample{}, err
	}
	prefix := b.topic() + "-"
	if err := b.cluster.create(ctx, prefix+table); err != nil {
		return sample{}, err
	}
	w, err := k.start(ctx, dir, b.nextPort(ctx), b.props(s), map[string]string{
		"name": "rows", "tasks.max": "1", "connector.class": ourSource, "connection.url": db.url, "connection.user": "postgres",
		"mode": mode, "incrementing.column.name": "id", "table.whitelist": table, "topic.prefix": prefix, "poll.interval.ms": "600000",
	})
	if err != nil {
		return sample{}, err
	}
	defer w.stop()
	out, err := watch(ctx, w, n, func() (int64, error) { return b.cluster.end(ctx, prefix+table) })
	return out, errors.Join(err, b.cluster.remove(ctx, prefix+table))
}

// host is what services ask of a test, for a run of the benchmark.
type host struct {
	ctx      context.Context //nolint:containedctx // That of the run, as a test has one.
	home     string
	log      func(format string, args ...any)
	cleanups []func()
	failure  error
}

// run starts a service; it ends with close.
func (h *host) run(ctx context.Context, start func(services.T) string) (url string, err error) {
	h.ctx = ctx
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		url = start(h) // Fatalf ends this goroutine.
	}()
	<-ended
	return url, h.failure
}

func (h *host) close() {
	for _, f := range h.cleanups {
		defer f()
	}
}

func (h *host) Helper()                         {}
func (h *host) Context() context.Context        { return h.ctx }
func (h *host) TempDir() string                 { return h.home }
func (h *host) Cleanup(f func())                { h.cleanups = append(h.cleanups, f) }
func (h *host) Failed() bool                    { return false }
func (h *host) Logf(format string, args ...any) { h.log(format+"\n", args...) }

func (h *host) Fatalf(format string, args ...any) {
	h.failure = fmt.Errorf(format, args...)
	runtime.Goexit()
}

func (h *host) Skipf(format string, args ...any) { h.Fatalf(format, args...) }
