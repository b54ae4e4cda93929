package sink

import (
	"context"
	"encoding/binary"
	"slices"

	"github.com/jackc/pgx/v5"

	"sluice/connect"
)

// arrayRows is the number of rows of a statement that takes arrays.
const arrayRows = -1

// column is one of a statement that takes each column as one array.
type column struct {
	field
	kind string // the type of PostgreSQL
	form *form  // of the array; nil for a text
}

// columnsOf pairs the fields with the columns of a table; nil where an array of
// one cannot be written: an array flattens in arrays, and the types of users may
// be out of reach of the search path.
func columnsOf(fields []field, d description) []column {
	known := []string{
		"int2", "int4", "int8", "float4", "float8", "numeric", "bool", "text", "varchar", "bpchar", "bytea", "uuid", "json", "jsonb",
		"date", "time", "timetz", "timestamp", "timestamptz", "interval", "oid", "money", "xml", "inet", "cidr", "macaddr",
	}
	columns := make([]column, len(fields))
	for i, f := range fields {
		at := slices.Index(d.columns, f.name)
		if at < 0 || !slices.Contains(known, d.types[at]) {
			return nil
		}
		columns[i] = column{field: f, kind: d.types[at], form: formOf(f, d.types[at])}
	}
	return columns
}

// upsertRows writes a run by statements that take each column as one array, so
// that one text serves any number of rows.
func (t *task) upsertRows(ctx context.Context, x *session, r *run) error {
	records, err := t.lastOfKeys(r)
	if err != nil {
		return err
	}
	for len(records) > 0 {
		n := 0
		if n, err = t.fillArrays(r.target.arrays, records); err != nil {
			return err
		}
		if n < len(records) { // More than one statement.
			if err := x.begin(ctx); err != nil {
				return err
			}
		}
		formats := make([]int16, len(r.target.arrays))
		for i, c := range r.target.arrays {
			if c.form != nil {
				formats[i] = pgx.BinaryFormatCode
			}
		}
		if err := x.postgres(func(c *pgx.Conn) error {
			return t.kept.exec(ctx, c, t.statement(r, arrayRows), t.arrays[:len(formats)], formats)
		}); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// fillArrays writes the values of as many records as fit one statement, by
// columns. A column with a value that its form does not fit is a text from then on.
func (t *task) fillArrays(columns []column, records []*connect.Record) (int, error) {
	for len(t.arrays) < len(columns) {
		t.arrays = append(t.arrays, nil)
	}
	for i, c := range columns {
		if t.arrays[i] = t.arrays[i][:0]; c.form != nil {
			t.arrays[i] = c.form.begin(t.arrays[i])
		}
	}
	n, size := 0, 0
	for n < min(len(records), max(1, t.s.BatchSize)) && size < maxStatementBytes {
		for i, c := range columns {
			before := len(t.arrays[i])
			fits, err := t.addItem(i, c, records[n])
			if err != nil {
				return 0, &unfitError{connect.Errorf("%w", err)}
			}
			if !fits {
				columns[i].form = nil
				return t.fillArrays(columns, records)
			}
			size += len(t.arrays[i]) - before
		}
		n++
	}
	for i, c := range columns {
		if c.form != nil {
			t.arrays[i] = c.form.end(t.arrays[i], n)
		} else {
			t.arrays[i] = append(t.arrays[i], '}')
		}
	}
	return n, nil
}

// addItem appends the value of a record to the array of a column; false where the
// value does not fit the form.
func (t *task) addItem(i int, c column, record *connect.Record) (fits bool, err error) {
	d := c.value(record, t.s.replaceNull)
	if c.form != nil {
		t.arrays[i], fits = c.form.item(t.v, t.arrays[i], d)
		return fits, nil
	}
	separator := byte(',')
	if len(t.arrays[i]) == 0 {
		separator = '{'
	}
	t.arrays[i], t.buffer, err = t.v.appendItem(append(t.arrays[i], separator), t.buffer, c.field, d)
	return true, err
}

// lastOfKeys leaves out records whose keys come again in the run: PostgreSQL does
// not change a row twice in one statement, and the last one stays anyway.
func (t *task) lastOfKeys(r *run) ([]*connect.Record, error) {
	at := make(map[string]int, len(r.records))
	kept := make([]*connect.Record, 0, len(r.records))
	var key []byte
	for _, record := range r.records {
		key = key[:0]
		for _, f := range r.target.layout.keys {
			d := f.value(record, true)
			if d.IsNull() {
				key = append(key, 'n')
				continue
			}
			start := len(key)
			key = append(key, 'v', 0, 0, 0, 0)
			var err error
			if key, err = t.v.appendText(key, f, d); err != nil {
				return nil, &unfitError{connect.Errorf("%w", err)}
			}
			binary.BigEndian.PutUint32(key[start+1:], uint32(len(key)-start))
		}
		if i, ok := at[string(key)]; ok {
			kept[i] = nil
		}
		at[string(key)] = len(kept)
		kept = append(kept, record)
	}
	n := 0
	for _, record := range kept {
		if record != nil {
			kept[n] = record
			n++
		}
	}
	return kept[:n], nil
}

// maxPrepared bounds the statements that a connection keeps: each set of columns
// has its own.
const maxPrepared = 64

// prepared keeps statements on the server, of the connection that it saw last.
type prepared struct {
	conn    *pgx.Conn
	nowhere bool     // the connection is not to keep any
	texts   []string // the oldest first
}

// exec runs a statement with parameters in the given formats.
func (p *prepared) exec(ctx context.Context, c *pgx.Conn, text string, params [][]byte, formats []int16) error {
	if p.conn != c {
		*p = prepared{conn: c, nowhere: c.Config().DefaultQueryExecMode == pgx.QueryExecModeExec}
	}
	if p.nowhere {
		return c.PgConn().ExecParams(ctx, text, params, nil, formats, nil).Read().Err
	}
	statement, err := c.Prepare(ctx, text, text)
	if err != nil {
		return err
	}
	if !slices.Contains(p.texts, text) {
		p.texts = append(p.texts, text)
	}
	if len(p.texts) > maxPrepared {
		if err := c.Deallocate(ctx, p.texts[0]); err != nil {
			return err
		}
		p.texts = p.texts[1:]
	}
	return c.PgConn().ExecPrepared(ctx, statement.Name, params, formats, nil).Read().Err
}
