package sink

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	sqlite "modernc.org/sqlite"

	"sluice/connect"
)

// refusal reports whether the error is this connector's own judgement of a
// record, and not one of the database.
func refusal(err error) bool {
	e, ok := errors.AsType[*connect.Error](err)
	return ok && (e.Cause == nil || !ofDatabase(e.Cause))
}

func ofDatabase(err error) bool {
	if _, ok := errors.AsType[*pgconn.PgError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*sqlite.Error](err); ok {
		return true
	}
	return transient(err)
}

// transient reports whether an error is about the state of the database or the
// connection and not about records: a lost connection, a deadlock, a full disk.
func transient(err error) bool {
	if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, mysql.ErrInvalidConn) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection, rollback, resources, operator intervention, system.
		return slices.Contains([]string{"08", "40", "53", "57", "58", "XX"}, class(e.Code)) || e.Code == "55P03" || e.Code == "25006"
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		// Too many connections, full tables, lock time-out, deadlock, read only,
		// killed, shutting down.
		return slices.Contains([]uint16{1040, 1021, 1041, 1053, 1114, 1205, 1213, 1290, 1317, 1836, 1927, 3024}, e.Number)
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		// Busy, locked, out of memory, read only, interrupted, I/O, corrupt, full,
		// cannot open.
		return slices.Contains([]int{5, 6, 7, 8, 9, 10, 11, 13, 14}, e.Code()&0xff)
	}
	return false
}

func class(sqlState string) string { return sqlState[:min(len(sqlState), 2)] }

// refusesShape reports whether PostgreSQL took offence at the fast road and not
// at a record: a COPY that the table does not allow, or keys that are the same to
// the database and not to us.
func refusesShape(err error) bool {
	e, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (class(e.Code) == "0A" || e.Code == "21000" || e.Code == "42809")
}

// chain is the text of Java's SQLException that holds all messages. trim leaves
// out what may show values.
func chain(err error, trim bool) string {
	return "java.sql.SQLException: Exception chain:\n" + explain(err, trim) + "\n"
}

func explain(err error, trim bool) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		text := "org.postgresql.util.PSQLException: " + e.Severity + ": " + e.Message
		if e.Detail != "" && !trim {
			text += "\n  Detail: " + e.Detail
		}
		if e.Hint != "" {
			text += "\n  Hint: " + e.Hint
		}
		return text
	}
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		message := e.Message
		if trim {
			message, _, _ = strings.Cut(message, "'")
		}
		return fmt.Sprintf("java.sql.SQLException: (SQLSTATE %s, error %d) %s", e.SQLState[:], e.Number, message)
	}
	return "java.sql.SQLException: " + err.Error()
}
