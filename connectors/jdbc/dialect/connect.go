package dialect

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"sluice/connect/config"
)

// Config says how to connect: the keys connection.url, connection.user,
// connection.password, dialect.name, connection.attempts and
// connection.backoff.ms, which the source and the sink share.
type Config struct {
	URL, User string
	Password  config.Secret
	// Dialect is a dialect.name; "" takes that of the URL.
	Dialect string
	// Attempts is the number of tries, at least 1, and Backoff the pause between.
	Attempts int
	Backoff  time.Duration
}

// DB is a connection pool with the dialect of its database.
type DB struct {
	*sql.DB
	Dialect Dialect
	// ZeroDatesAreNull says that dates of MySQL such as 0000-00-00 are to be read
	// as null (zeroDateTimeBehavior of the URL); else they are an error.
	ZeroDatesAreNull bool
}

// Open connects and makes sure that the database answers, with the attempts and
// pauses of the configuration; it ends early with ctx. The error has the text
// that the Java driver shows where one is known, and never the password.
func Open(ctx context.Context, log *slog.Logger, c Config) (*DB, error) {
	target, err := ParseURL(c.URL, c.User, c.Password)
	if err != nil {
		return nil, err
	}
	if c.Dialect != "" {
		d, ok := Named(c.Dialect)
		if !ok {
			return nil, fmt.Errorf("dialect.name %q is not supported: leave it empty to take that of the URL", c.Dialect)
		}
		target.Dialect = d
	}
	if len(target.Ignored) > 0 {
		log.Warn("parameters of the JDBC URL have no meaning here and are ignored", "parameters", strings.Join(target.Ignored, ","))
	}
	pool, err := target.open()
	if err != nil {
		return nil, err
	}
	for attempt := 1; ; attempt++ {
		err = pool.PingContext(ctx)
		if err == nil {
			return &DB{DB: pool, Dialect: target.Dialect, ZeroDatesAreNull: target.zeroDatesAreNull}, nil
		}
		err = target.explain(err)
		if attempt >= c.Attempts || ctx.Err() != nil {
			return nil, errors.Join(err, pool.Close())
		}
		log.Info("cannot connect to the database and tries again", "attempt", attempt, "attempts", c.Attempts, "wait", c.Backoff, "error", err)
		if !pause(ctx, c.Backoff) {
			return nil, errors.Join(err, pool.Close())
		}
	}
}

// pause waits; it reports false where ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// explain gives an error of connecting the text of the Java driver.
func (t Target) explain(err error) error {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		return errors.New(pgErr.Severity + ": " + pgErr.Message)
	}
	if _, ok := t.Dialect.(postgres); !ok || !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	address := t.address
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil && strings.HasPrefix(t.address, "127.") {
		address = op.Addr.String()
	}
	return fmt.Errorf("Connection to %s refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.", address) //nolint:staticcheck // Java's text.
}
