package sink

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/connect/schema"
	"sluice/connectors/jdbc/dialect"
)

// structureError says that a table does not fit its records and may not be made
// to. Trying again does not help.
func structureError(aiven bool, format string, args ...any) error {
	class := "io.confluent.connect.jdbc.sink.TableAlterOrCreateException"
	if aiven {
		class = connect.ConnectException
	}
	return connect.ClassErrorf(class, format, args...)
}

// description is what the database has of a table.
type description struct {
	kind    string // TABLE, PARTITIONED TABLE, VIEW; "" where there is none
	columns []string
	types   []string // of the columns
}

// tables knows the tables that records go to, and creates and alters them. A
// statement that changes a table is a transaction of its own.
type tables struct {
	db    *dialect.DB
	log   *slog.Logger
	build builder
	s     *settings
	v     values
	known map[dialect.TableID]description
}

// describe asks the database for the table, once.
func (t *tables) describe(ctx context.Context, id dialect.TableID) (description, error) {
	if d, ok := t.known[id]; ok {
		return d, nil
	}
	d, err := t.ask(ctx, id)
	if err != nil {
		return description{}, err
	}
	if d.kind != "" {
		t.known[id] = d
	}
	return d, nil
}

func (t *tables) ask(ctx context.Context, id dialect.TableID) (description, error) {
	columns, err := t.db.Dialect.Columns(ctx, t.db, t.folded(id))
	if err != nil || len(columns) == 0 {
		return description{}, err
	}
	kind := ""
	for _, wanted := range t.s.types {
		filter := dialect.TableFilter{Types: []string{wanted}}
		if id.Catalog != "" && t.build.names.CatalogFirst {
			filter.Catalog = &id.Catalog
		}
		list, err := t.db.Dialect.Tables(ctx, t.db, filter)
		if err != nil {
			return description{}, err
		}
		if slices.ContainsFunc(list, func(l dialect.TableID) bool {
			return l.Name == t.folded(id).Name && (filter.Catalog == nil || l.Catalog == id.Catalog) && (id.Schema == "" || l.Schema == "" || l.Schema == t.folded(id).Schema)
		}) {
			kind = wanted
			break
		}
	}
	d := description{kind: kind}
	for _, c := range columns {
		d.columns, d.types = append(d.columns, c.Name), append(d.types, c.Type)
	}
	return d, nil
}

// folded is the name as the catalog has it: PostgreSQL and Oracle change the
// case of names that are not quoted.
func (t *tables) folded(id dialect.TableID) dialect.TableID {
	if !t.s.plain {
		return id
	}
	fold := func(s string) string { return s }
	switch t.db.Dialect.Name() {
	case dialectPostgres:
		fold = strings.ToLower
	case dialectOracle:
		fold = strings.ToUpper
	}
	return dialect.TableID{Catalog: fold(id.Catalog), Schema: fold(id.Schema), Name: fold(id.Name)}
}

// javaTable is the name of a table as Java's messages show it.
func javaTable(id dialect.TableID) string {
	return dialect.Identifiers{Open: `"`, Close: `"`}.Table(id)
}

// fit makes sure that the table has columns for all fields.
func (t *tables) fit(ctx context.Context, id dialect.TableID, l layout, value *schema.Schema) error {
	d, err := t.describe(ctx, id)
	if err != nil {
		return err
	}
	fields := l.table(value)
	if d.kind == "" {
		if d, err = t.create(ctx, id, fields); err != nil {
			return err
		}
	}
	for tries := t.s.MaxRetries; ; tries-- {
		missing := missingFields(fields, d.columns)
		if len(missing) == 0 {
			return nil
		}
		if err := t.mayAlter(id, d, missing); err != nil {
			return err
		}
		failed := t.alter(ctx, id, missing)
		delete(t.known, id)
		if d, err = t.describe(ctx, id); err != nil {
			return err
		}
		// Another task may have added them.
		if failed != nil && tries <= 0 && len(missingFields(fields, d.columns)) > 0 {
			return connect.Errorf("Failed to amend %s '%s' to add missing fields: %s: %w", d.kind, javaTable(id), fieldList(missing), failed)
		}
	}
}

func (t *tables) create(ctx context.Context, id dialect.TableID, fields []field) (description, error) {
	if !t.s.Create {
		return description{}, structureError(t.s.aiven, "Table %s is missing and auto-creation is disabled", javaTable(id))
	}
	statement, err := t.build.create(id, fields, t.v)
	if err != nil {
		return description{}, connect.Errorf("%w", err)
	}
	t.log.Info("creates a table", "table", javaTable(id), "sql", statement)
	_, failed := t.db.ExecContext(ctx, statement)
	delete(t.known, id)
	d, err := t.describe(ctx, id)
	if failed != nil && (err != nil || d.kind == "") {
		return description{}, failed // Else another task has created it.
	}
	return d, err
}

func (t *tables) mayAlter(id dialect.TableID, d description, missing []field) error {
	name, kind := javaTable(id), capitalized(d.kind)
	if d.kind == "VIEW" {
		return structureError(t.s.aiven, "%s %s is missing fields (%s) and ALTER %s is unsupported", kind, name, fieldList(missing), d.kind)
	}
	for _, f := range missing {
		if !f.optional() && f.schema.Default == nil {
			return structureError(t.s.aiven, "Cannot ALTER %s %s to add missing field %s, as the field is not optional and does not have a default value", d.kind, name, f)
		}
	}
	if !t.s.Evolve {
		return structureError(t.s.aiven, "%s %s is missing fields (%s) and auto-evolution is disabled", kind, name, fieldList(missing))
	}
	return nil
}

func (t *tables) alter(ctx context.Context, id dialect.TableID, missing []field) error {
	statements, err := t.build.alter(id, missing, t.v)
	if err != nil {
		return connect.Errorf("%w", err)
	}
	for _, statement := range statements {
		t.log.Info("adds columns to a table", "table", javaTable(id), "sql", statement)
		if _, err := t.db.ExecContext(ctx, statement); err != nil {
			t.log.Warn("cannot add columns and looks whether they are there", "table", javaTable(id), "error", err)
			return err
		}
	}
	return nil
}

func capitalized(kind string) string {
	words := strings.Fields(strings.ToLower(kind))
	for i, w := range words {
		words[i] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, " ")
}

func fieldList(fields []field) string {
	return "[" + join(fields, ", ", field.String) + "]"
}

// missingFields are the fields for which there is no column. Names that differ
// in case alone are taken for the same where the exact ones are not there.
func missingFields(fields []field, columns []string) []field {
	exact := slices.DeleteFunc(slices.Clone(fields), func(f field) bool { return slices.Contains(columns, f.name) })
	return slices.DeleteFunc(exact, func(f field) bool {
		return slices.ContainsFunc(columns, func(c string) bool { return strings.EqualFold(c, f.name) })
	})
}
