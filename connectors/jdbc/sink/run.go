package sink

import (
	"context"
	"slices"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

// target is where records with the same topic and schemas go. A nil value schema
// is that of deletes.
type target struct {
	key, value *schema.Schema
	table      dialect.TableID
	layout     layout
	kind       string   // of the table
	ready      bool     // the table fits
	absent     bool     // there is no table to delete from
	arrays     []column // as PostgreSQL takes arrays; nil where one cannot be written
	statements map[int]string
}

// place is what finds a target fast; schemas are mostly shared.
type place struct {
	topic      string
	key, value *schema.Schema
}

// maxTargets bounds the targets of a topic that are kept: schemas may be made
// anew for each record.
const maxTargets = 64

// run is a row of records, in their order, that go to one target.
type run struct {
	target  *target
	remove  bool
	records []*connect.Record
}

// badRecord is a record that cannot be written, and why.
type badRecord struct {
	record *connect.Record
	err    error
}

// plan sorts records into runs. Records of a table stay in their order; those of
// different tables need not. Records that do not fit come back as bad. An error
// is one of asking or changing the database; alone makes such an error that of
// its record, unless it may go away.
func (t *task) plan(ctx context.Context, records []connect.Record, alone bool) ([]*run, []badRecord, error) {
	var runs []*run
	var bad []badRecord
	last := make(map[dialect.TableID]*run)
	failed := make(map[*target]error)
	for i := range records {
		r := &records[i]
		target, err := t.targetOf(ctx, r, failed)
		if err != nil {
			if !refusal(err) && (!alone || transient(err)) {
				return nil, nil, err
			}
			bad = append(bad, badRecord{r, err})
			continue
		}
		if target.absent {
			continue
		}
		remove := t.s.isDelete(r)
		at := last[target.table]
		if at == nil || at.target != target || at.remove != remove {
			at = &run{target: target, remove: remove}
			last[target.table] = at
			runs = append(runs, at)
		}
		at.records = append(at.records, r)
	}
	return runs, bad, nil
}

// targetOf finds the target of a record, and makes its table fit. failed holds
// those that could not be made to in this call.
func (t *task) targetOf(ctx context.Context, r *connect.Record, failed map[*target]error) (*target, error) {
	if err := t.s.checkRecord(r); err != nil {
		return nil, err
	}
	at := place{topic: r.Topic, key: r.Key.Schema, value: r.Value.Schema}
	if t.s.isDelete(r) {
		at.value = nil
	}
	if t.s.PkMode != pkRecordKey {
		at.key = nil
	}
	x, ok := t.targets[at]
	if !ok {
		var err error
		if x, err = t.newTarget(at); err != nil {
			return nil, err
		}
	}
	if x.ready {
		return x, nil
	}
	err, known := failed[x]
	if !known {
		err = t.prepare(ctx, x)
		failed[x] = err
	}
	return x, err
}

func (t *task) newTarget(at place) (*target, error) {
	list := t.byTopic[at.topic]
	i := slices.IndexFunc(list, func(x *target) bool { return x.key.Equal(at.key) && x.value.Equal(at.value) })
	if i >= 0 {
		if len(t.targets) > 4*maxTargets {
			clear(t.targets)
		}
		t.targets[at] = list[i]
		return list[i], nil
	}
	id, err := t.tableOf(at.topic)
	if err != nil {
		return nil, err
	}
	l, err := t.s.layoutOf(id.Name, at.key, at.value)
	if err != nil {
		return nil, err
	}
	x := &target{key: at.key, value: at.value, table: id, layout: l, statements: make(map[int]string)}
	if len(list) >= maxTargets {
		list = nil
		clear(t.targets)
	}
	t.byTopic[at.topic] = append(list, x)
	t.targets[at] = x
	return x, nil
}

// tableOf is the table of a topic. Confluent's connector names its catalog and
// schema too.
func (t *task) tableOf(topic string) (dialect.TableID, error) {
	name, err := t.s.tableName(topic)
	if err != nil {
		return dialect.TableID{}, err
	}
	id, err := t.build.names.ParseTable(name)
	if err != nil {
		return dialect.TableID{}, connect.Errorf("table.name.format: %w", err)
	}
	if !t.s.aiven {
		if id.Catalog == "" {
			id.Catalog = t.catalog
		}
		if id.Schema == "" {
			id.Schema = t.schema
		}
	}
	return id, nil
}

// prepare makes the table of a target fit, and looks whether its statement can be
// built.
func (t *task) prepare(ctx context.Context, x *target) error {
	if x.value == nil {
		d, err := t.tables.describe(ctx, x.table)
		if err != nil {
			return err
		}
		// A table that will be created holds nothing to delete.
		if x.absent = d.kind == "" && t.s.Create; x.absent {
			return nil
		}
		if d.kind == "" {
			return structureError(t.s.aiven, "Table %s is missing and auto-creation is disabled", javaTable(x.table))
		}
	}
	if err := t.tables.fit(ctx, x.table, x.layout, x.value); err != nil {
		return err
	}
	d, err := t.tables.describe(ctx, x.table)
	if err != nil {
		return err
	}
	x.kind = d.kind
	if t.db.Dialect.Name() == dialectPostgres {
		x.arrays = columnsOf(x.layout.columns(), d)
	}
	if x.value != nil && t.s.InsertMode == modeUpsert && len(x.layout.keys) == 0 {
		return connect.Errorf("Write to table '%s' in UPSERT mode requires key field names to be known, check the primary key configuration", javaTable(x.table))
	}
	if x.value == nil && len(x.layout.keys) == 0 {
		return connect.Errorf("Require primary keys to support delete")
	}
	if x.value != nil && t.s.InsertMode == modeUpdate && len(x.layout.others) == 0 {
		return connect.Errorf("Write to table '%s' in UPDATE mode requires fields beside those of the primary key", javaTable(x.table))
	}
	x.ready = true
	return nil
}

// forget makes the next records look at the tables again: one may have been
// dropped or altered.
func (t *task) forget() {
	clear(t.targets)
	clear(t.byTopic)
	clear(t.tables.known)
}
