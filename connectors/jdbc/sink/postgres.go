package sink

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
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
