package sink

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"sluice/connect"
)

// pipeline sends the statements of a batch at once and then reads the answers.
func (t *task) pipeline(ctx context.Context, x *session, r *run) error {
	statement := t.statement(r, 1)
	size := max(1, t.s.BatchSize)
	if len(r.records) > size {
		if err := x.begin(ctx); err != nil { // A batch alone is a transaction.
			return err
		}
	}
	for records := r.records; len(records) > 0; {
		n := min(size, len(records))
		batch := &pgx.Batch{}
		for _, record := range records[:n] {
			args, err := t.arguments(nil, r, record)
			if err != nil {
				return err
			}
			batch.Queue(statement, args...)
		}
		err := x.postgres(func(c *pgx.Conn) error {
			results := c.SendBatch(ctx, batch)
			var err error
			for i := 0; i < n && err == nil; i++ {
				_, err = results.Exec()
			}
			return errors.Join(err, results.Close())
		})
		if err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// copyRows inserts a run by one COPY, in texts that the server reads by the type
// of each column. They are written while the server takes them.
func (t *task) copyRows(ctx context.Context, x *session, r *run) error {
	columns := r.target.layout.columns()
	statement := "COPY " + t.build.names.Table(r.target.table) + " (" + join(columns, ",", t.build.name) + ") FROM STDIN"
	rows := &copyReader{records: r.records, append: func(dst []byte, record *connect.Record) ([]byte, error) {
		return t.appendCopy(dst, columns, record)
	}}
	err := x.postgres(func(c *pgx.Conn) error {
		_, err := c.PgConn().CopyFrom(ctx, rows, statement)
		return err
	})
	return cmp.Or(rows.close(), err)
}

// copyReader gives records as rows of COPY.
type copyReader struct {
	mu      sync.Mutex // The driver may read on in a goroutine after it has failed.
	records []*connect.Record
	append  func(dst []byte, record *connect.Record) ([]byte, error)
	rest    []byte // that is not yet read
	buffer  []byte
	err     error
}

// Read implements io.Reader.
func (r *copyReader) Read(p []byte) (n int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for n < len(p) {
		if len(r.rest) == 0 {
			if len(r.records) == 0 || r.err != nil {
				break
			}
			if r.buffer, r.err = r.append(r.buffer[:0], r.records[0]); r.err != nil {
				return n, r.err
			}
			r.rest, r.records = r.buffer, r.records[1:]
		}
		taken := copy(p[n:], r.rest)
		n, r.rest = n+taken, r.rest[taken:]
	}
	if n == 0 {
		return 0, cmp.Or(r.err, io.EOF)
	}
	return n, nil
}

// close lets go of the records; the error is that of one which does not fit.
func (r *copyReader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records, r.rest = nil, nil
	return r.err
}

// appendCopy appends a row in the text format of COPY.
func (t *task) appendCopy(dst []byte, columns []field, record *connect.Record) ([]byte, error) {
	for i, f := range columns {
		if i > 0 {
			dst = append(dst, '\t')
		}
		d := f.value(record, t.s.replaceNull)
		if d.IsNull() {
			dst = append(dst, `\N`...)
			continue
		}
		start := len(dst)
		var err error
		if dst, err = t.v.appendText(dst, f, d); err != nil {
			return dst, &unfitError{connect.Errorf("%w", err)}
		}
		if bytes.ContainsAny(dst[start:], "\\\n\r\t") {
			dst = escape(dst, start)
		}
	}
	return append(dst, '\n'), nil
}

// escape writes what stands from start on as COPY wants it.
func escape(dst []byte, start int) []byte {
	text := bytes.Clone(dst[start:])
	dst = dst[:start]
	for _, c := range text {
		switch c {
		case '\\':
			dst = append(dst, `\\`...)
		case '\n':
			dst = append(dst, `\n`...)
		case '\r':
			dst = append(dst, `\r`...)
		case '\t':
			dst = append(dst, `\t`...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// upsertRows writes a run by statements that take each column as one array, so
// that one text serves any number of rows.
func (t *task) upsertRows(ctx context.Context, x *session, r *run) error {
	records, err := t.lastOfKeys(r)
	if err != nil {
		return err
	}
	columns := r.target.layout.columns()
	for len(records) > 0 {
		n := 0
		if n, err = t.fillArrays(columns, records); err != nil {
			return err
		}
		if n < len(records) { // More than one statement.
			if err := x.begin(ctx); err != nil {
				return err
			}
		}
		args := make([]any, len(columns))
		for i := range columns {
			args[i] = string(append(t.arrays[i], '}'))
		}
		if err := x.postgres(func(c *pgx.Conn) error {
			_, err := c.Exec(ctx, t.statement(r, arrayRows), args...)
			return err
		}); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

// arrayRows is the number of rows of a statement that takes arrays.
const arrayRows = -1

// fillArrays writes the values of as many records as fit one statement, by
// columns, without the last brace.
func (t *task) fillArrays(columns []field, records []*connect.Record) (int, error) {
	for len(t.arrays) < len(columns) {
		t.arrays = append(t.arrays, nil)
	}
	for i := range columns {
		t.arrays[i] = append(t.arrays[i][:0], '{')
	}
	n, size := 0, 0
	for n < min(len(records), max(1, t.s.BatchSize)) && size < maxStatementBytes {
		for i, f := range columns {
			before := len(t.arrays[i])
			if n > 0 {
				t.arrays[i] = append(t.arrays[i], ',')
			}
			var err error
			if t.arrays[i], t.buffer, err = t.v.appendItem(t.arrays[i], t.buffer, f, f.value(records[n], t.s.replaceNull)); err != nil {
				return 0, &unfitError{connect.Errorf("%w", err)}
			}
			size += len(t.arrays[i]) - before
		}
		n++
	}
	return n, nil
}

// arrayTypes are the types of the columns whose values can be written as items of
// an array; nil where one cannot: an array flattens in arrays, and the types of
// users may be out of reach of the search path.
func arrayTypes(columns []field, d description) []string {
	known := []string{
		"int2", "int4", "int8", "float4", "float8", "numeric", "bool", "text", "varchar", "bpchar", "bytea", "uuid", "json", "jsonb",
		"date", "time", "timetz", "timestamp", "timestamptz", "interval", "oid", "money", "xml", "inet", "cidr", "macaddr",
	}
	types := make([]string, len(columns))
	for i, f := range columns {
		at := slices.Index(d.columns, f.name)
		if at < 0 || !slices.Contains(known, d.types[at]) {
			return nil
		}
		types[i] = d.types[at]
	}
	return types
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
