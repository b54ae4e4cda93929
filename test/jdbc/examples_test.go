//go:build integration

package jdbc

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	kafkatest "sluice/test/kafka"
	"sluice/test/services"
)

// TestGuide runs the examples of the guide as they stand there, but for the
// address of the database: rows of two tables into topics, and one of the topics
// into a table.
func TestGuide(t *testing.T) {
	t.Parallel()
	url := services.Postgres(t)
	db := open(t, url)
	for _, table := range []string{"orders", "customers"} {
		execute(t, db, "CREATE TABLE "+table+" (id bigserial PRIMARY KEY, item text, price numeric(8,2) DEFAULT 9.99, updated_at timestamp NOT NULL DEFAULT now())",
			"INSERT INTO "+table+"(item) VALUES ('first'), ('second')")
	}
	w := newWorker(t, kafkatest.Broker(t), nil, nil)
	w.start(t)
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(string(text), "```json\n")[1:]
	if len(blocks) != 2 {
		t.Fatalf("the guide has %d examples", len(blocks))
	}
	for _, block := range blocks {
		example, _, _ := strings.Cut(block, "```")
		example = strings.ReplaceAll(example, "jdbc:postgresql://localhost:5432/shop", url)
		var created struct{ Name string }
		if err := json.Unmarshal(w.ask(t, "POST", "/connectors", example), &created); err != nil {
			t.Fatal(err)
		}
		t.Logf("created %s", created.Name)
	}
	same := func(query string) bool {
		if one[int](t, db, `SELECT count(*) FROM pg_class WHERE relname = 'shop-orders_copy'`) == 0 {
			for _, name := range []string{"my-jdbc-source", "my-jdbc-sink"} {
				if trace := w.failed(t, name); trace != "" {
					t.Fatalf("%s has failed: %s", name, trace)
				}
			}
			return false
		}
		return one[int](t, db, query) == 0
	}
	const apart = `SELECT count(*) FROM (SELECT id, item, price, date_trunc('milliseconds', updated_at) FROM orders EXCEPT SELECT id, item, price, updated_at FROM "shop-orders_copy") x`
	await(t, "the rows", func() bool { return same(apart) })
	execute(t, db, "UPDATE orders SET item = 'changed', updated_at = now() WHERE id = 1", "INSERT INTO orders(item) VALUES ('third')")
	await(t, "the change", func() bool { return same(apart) })
	if rows := one[int](t, db, `SELECT count(*) FROM "shop-orders_copy"`); rows != 3 {
		t.Errorf("%d rows in the copy, want 3", rows)
	}
}
