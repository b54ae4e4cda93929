package journal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"sluice/connect/config"
	"sluice/internal/store"
)

// writeTimeout bounds a write to the config topic, with its reading back.
const writeTimeout = 30 * time.Second

// Configs implements store.ConfigStore on a log of one partition.
type Configs struct {
	log       Log
	logger    *slog.Logger
	newWriter NewWriter // nil: the leader writes as everybody does
	snapshot  atomic.Pointer[store.ConfigSnapshot]
	changed   chan struct{}
	started   atomic.Bool

	mu       sync.Mutex // guards the following
	restarts []store.RestartRequest
	levels   []store.LoggerLevel

	leading chan struct{} // holds the token of who uses writer
	writer  Writer        // nil where nothing is claimed
}

var _ store.ConfigStore = (*Configs)(nil)

// NewConfigs returns the store on a log. With newWriter the leader's writes are
// transactions.
func NewConfigs(log Log, newWriter NewWriter, logger *slog.Logger) *Configs {
	c := &Configs{log: log, logger: logger, newWriter: newWriter, changed: make(chan struct{}, 1), leading: make(chan struct{}, 1)}
	c.snapshot.Store(store.NewConfigSnapshot())
	return c
}

// Start implements store.ConfigStore.
func (c *Configs) Start(ctx context.Context) error {
	if err := c.log.Start(ctx, c.consume); err != nil {
		return err
	}
	c.started.Store(true)
	return nil
}

// consume folds records that the log has read.
func (c *Configs) consume(records []store.Record) {
	s := c.snapshot.Load()
	started := c.started.Load()
	for _, r := range records {
		var news store.ConfigNews
		s, news = store.FoldConfig(s, r)
		if news.Problem != "" {
			c.logger.Warn("record of the config topic is passed over", "key", string(r.Key), "offset", r.Offset, "problem", news.Problem)
		}
		if started {
			c.keep(news)
		}
	}
	c.snapshot.Store(s)
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// keep holds requests until they are taken.
func (c *Configs) keep(news store.ConfigNews) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if news.Level != nil {
		c.levels = append(c.levels, *news.Level)
	}
	if news.Restart == nil {
		return
	}
	for i, pending := range c.restarts {
		if pending.Connector == news.Restart.Connector {
			if news.Restart.Outranks(pending) {
				c.restarts[i] = *news.Restart
			}
			return
		}
	}
	c.restarts = append(c.restarts, *news.Restart)
}

// Changed implements store.ConfigStore.
func (c *Configs) Changed() <-chan struct{} { return c.changed }

// Take implements store.ConfigStore.
func (c *Configs) Take() store.ConfigEvents {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := store.ConfigEvents{Snapshot: c.snapshot.Load(), Restarts: c.restarts, Levels: c.levels}
	c.restarts, c.levels = nil, nil
	return e
}

// Snapshot implements store.ConfigStore.
func (c *Configs) Snapshot() *store.ConfigSnapshot { return c.snapshot.Load() }

// Refresh implements store.ConfigStore.
func (c *Configs) Refresh(ctx context.Context) error {
	if err := c.log.ReadToEnd(ctx); err != nil {
		return fmt.Errorf("read the config topic to its end: %w", err)
	}
	return nil
}

// Claim implements store.ConfigStore. A writer that is open and has not failed
// stays.
func (c *Configs) Claim(ctx context.Context) error {
	if c.newWriter == nil {
		return nil
	}
	if err := c.lead(ctx); err != nil {
		return err
	}
	defer c.unlead()
	if c.writer != nil {
		return nil
	}
	w, err := c.newWriter(ctx)
	if err != nil {
		return fmt.Errorf("claim write privileges on the config topic: %w", err)
	}
	c.writer = w
	return nil
}

// Resign implements store.ConfigStore.
func (c *Configs) Resign(ctx context.Context) error {
	if err := c.lead(ctx); err != nil {
		return err
	}
	defer c.unlead()
	if c.writer != nil {
		c.writer.Close()
		c.writer = nil
	}
	return nil
}

func (c *Configs) lead(ctx context.Context) error {
	select {
	case c.leading <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Configs) unlead() { <-c.leading }

// append writes as the leader.
func (c *Configs) append(ctx context.Context, records ...store.Record) error {
	if c.newWriter == nil {
		return c.log.Append(ctx, records...)
	}
	if err := c.lead(ctx); err != nil {
		return err
	}
	defer c.unlead()
	if c.writer == nil {
		return store.ErrNotClaimed
	}
	if err := c.writer.Append(ctx, records...); err != nil {
		c.writer.Close()
		c.writer = nil
		return fmt.Errorf("%w (the transaction failed: %w)", store.ErrNotClaimed, err)
	}
	return nil
}

// write runs the writes of one call and reads them back.
func (c *Configs) write(ctx context.Context, what string, writes func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := writes(ctx); err != nil {
		return &store.WriteError{What: what, Err: timeLimit(err)}
	}
	if err := c.log.ReadToEnd(ctx); err != nil {
		return &store.WriteError{What: what, Err: fmt.Errorf("read it back: %w", timeLimit(err))}
	}
	return nil
}

// timeLimit says what the end of a context means to a reader.
func timeLimit(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer within %s, are the brokers up? %w", writeTimeout, err)
	}
	return err
}

// PutConnector implements store.ConfigStore.
func (c *Configs) PutConnector(ctx context.Context, name string, cfg config.Raw, initial store.TargetState) error {
	if cfg == nil {
		cfg = config.Raw{} // nil would be a tombstone
	}
	records := []store.Record{store.ConnectorRecord(name, cfg)}
	if initial != "" {
		records = []store.Record{store.TargetStateRecord(name, initial), records[0]}
	}
	return c.write(ctx, "connector configuration", func(ctx context.Context) error { return c.append(ctx, records...) })
}

// RemoveConnector implements store.ConfigStore.
func (c *Configs) RemoveConnector(ctx context.Context, name string) error {
	return c.write(ctx, "removal of the connector configuration", func(ctx context.Context) error {
		return c.append(ctx, store.ConnectorRecord(name, nil), store.TargetStateRecord(name, ""))
	})
}

// PutTaskConfigs implements store.ConfigStore. The commit is written when all task
// configurations have been read back, so that no worker sees it without them.
func (c *Configs) PutTaskConfigs(ctx context.Context, name string, cfgs []config.Raw) error {
	return c.write(ctx, "task configurations", func(ctx context.Context) error {
		if err := c.log.ReadToEnd(ctx); err != nil {
			return err
		}
		if len(cfgs) > 0 {
			records := make([]store.Record, len(cfgs))
			for i, cfg := range cfgs {
				records[i] = store.TaskRecord(store.TaskID{Connector: name, Task: i}, cfg)
			}
			if err := c.append(ctx, records...); err != nil {
				return err
			}
			if err := c.log.ReadToEnd(ctx); err != nil {
				return err
			}
		}
		return c.append(ctx, store.CommitRecord(name, len(cfgs)))
	})
}

// PutTaskCount implements store.ConfigStore.
func (c *Configs) PutTaskCount(ctx context.Context, name string, n int) error {
	return c.write(ctx, "task count record", func(ctx context.Context) error { return c.append(ctx, store.TaskCountRecord(name, n)) })
}

// PutSessionKey implements store.ConfigStore.
func (c *Configs) PutSessionKey(ctx context.Context, key store.SessionKey) error {
	return c.write(ctx, "session key", func(ctx context.Context) error { return c.append(ctx, store.SessionKeyRecord(key)) })
}

// PutRestart implements store.ConfigStore.
func (c *Configs) PutRestart(ctx context.Context, r store.RestartRequest) error {
	return c.write(ctx, "restart request", func(ctx context.Context) error { return c.append(ctx, store.RestartRecord(r)) })
}

// PutTargetState implements store.ConfigStore.
func (c *Configs) PutTargetState(ctx context.Context, name string, target store.TargetState) error {
	return c.write(ctx, "target state", func(ctx context.Context) error { return c.log.Append(ctx, store.TargetStateRecord(name, target)) })
}

// PutLoggerLevel implements store.ConfigStore.
func (c *Configs) PutLoggerLevel(ctx context.Context, l store.LoggerLevel) error {
	return c.write(ctx, "logger level", func(ctx context.Context) error { return c.log.Append(ctx, store.LoggerLevelRecord(l)) })
}

// Close implements store.ConfigStore. It waits for a leader's write under way.
func (c *Configs) Close() error {
	err := c.log.Close()
	c.leading <- struct{}{}
	defer c.unlead()
	if c.writer != nil {
		c.writer.Close()
		c.writer = nil
	}
	return err
}
