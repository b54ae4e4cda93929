package sink

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"

	"github.com/jackc/pgx/v5"

	"sluice/connect"
)

// pipeline sends the statements of a batch at once and then reads the answers.
func (t *task) pipeline(ctx context.Context, x *session, r *run) error {
	statement := t.statement(r, 1)
	size := max(1, t.s.BatchSize)
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

// copyRows inserts a run by COPY, in texts that the server reads by the type of
// each column.
func (t *task) copyRows(ctx context.Context, x *session, r *run) error {
	columns := r.target.layout.columns()
	statement := "COPY " + t.build.names.Table(r.target.table) + " (" + join(columns, ",", t.build.name) + ") FROM STDIN"
	size := max(1, t.s.BatchSize)
	for records := r.records; len(records) > 0; {
		n := 0
		t.buffer = t.buffer[:0]
		for n < min(size, len(records)) && len(t.buffer) < maxStatementBytes {
			var err error
			if t.buffer, err = t.appendCopy(t.buffer, columns, records[n]); err != nil {
				return err
			}
			n++
		}
		err := x.postgres(func(c *pgx.Conn) error {
			_, err := c.PgConn().CopyFrom(ctx, bytes.NewReader(t.buffer), statement)
			return err
		})
		if err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
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
