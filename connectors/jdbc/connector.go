package jdbc

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
	"sluice/transforms/javaregex"
)

// connector plans the tasks. The monitor is its only goroutine: it runs from
// Start to Stop and looks for new and dropped tables.
type connector struct {
	variant  variant
	open     opener
	cfg      config.Map
	settings settings
	host     connect.ConnectorHost
	log      *slog.Logger
	db       *dialect.DB
	filter   filter
	cancel   context.CancelFunc
	monitor  sync.WaitGroup
	first    chan struct{} // closed when tables are known

	mu     sync.Mutex
	known  bool              // guarded by mu: the database has answered
	asked  bool              // guarded by mu: a plan was made without tables
	tables []dialect.TableID // guarded by mu
}

// Start implements connect.SourceConnector: it connects, and begins to watch the
// tables where no query is given.
func (c *connector) Start(ctx context.Context, host connect.ConnectorHost, cfg config.Map) error {
	s, err := c.variant.decode(cfg)
	if err != nil {
		return connect.Errorf("Couldn't start JdbcSourceConnector due to configuration error: %w", err)
	}
	c.cfg, c.settings, c.host, c.log = cfg, s, host, host.Logger()
	if s.Query != "" && s.filtered() {
		return connect.Errorf("query may not be combined with whole-table copying settings.")
	}
	if c.filter, err = newFilter(s); err != nil {
		return connect.Errorf("table.include.list or table.exclude.list: %w", err)
	}
	if c.db, err = c.open(ctx, c.log, s.connection()); err != nil {
		return connect.Errorf("Could not connect to database. %w", err)
	}
	c.first = make(chan struct{})
	if s.Query != "" {
		return nil
	}
	watching, cancel := context.WithCancel(ctx)
	c.cancel = cancel
	c.monitor.Go(func() { c.watch(watching) })
	return nil
}

// watch looks for tables until ctx ends.
func (c *connector) watch(ctx context.Context) {
	for {
		c.look(ctx)
		timer := time.NewTimer(max(c.settings.TablePoll, time.Millisecond))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// look reads the list of tables, and asks for a new plan where it has changed.
func (c *connector) look(ctx context.Context) {
	found, err := listTables(ctx, c.db, c.settings, c.filter)
	if err != nil {
		if ctx.Err() == nil {
			c.log.Error("cannot list the tables and tries again", "wait", c.settings.TablePoll, "error", err)
		}
		return
	}
	c.mu.Lock()
	changed := !slices.Equal(c.tables, found) && c.known || c.asked && !c.known
	was := c.known
	c.tables, c.known = found, true
	c.mu.Unlock()
	if !was {
		close(c.first)
	}
	if changed {
		c.log.Info("the tables to read have changed", "tables", len(found))
		c.host.RequestTaskReconfiguration()
	}
}

// TaskConfigs groups the tables. Without a list of tables after a while it plans
// one task that waits for the next plan.
func (c *connector) TaskConfigs(ctx context.Context, maxTasks int) ([]config.Map, error) {
	if c.settings.Query != "" {
		return []config.Map{c.taskConfig(nil, true)}, nil
	}
	limit := time.NewTimer(c.settings.startupLimit)
	defer limit.Stop()
	select {
	case <-ctx.Done():
	case <-limit.C:
	case <-c.first:
	}
	c.mu.Lock()
	tables, known := c.tables, c.known
	c.asked = c.asked || !known
	c.mu.Unlock()
	switch {
	case !known:
		c.log.Warn("the connector has not been able to read the list of tables from the database yet")
		return []config.Map{c.taskConfig(nil, false)}, nil
	case len(tables) == 0:
		c.log.Warn("no table fits the filters, so there is nothing to read")
		if c.settings.aiven {
			return nil, nil
		}
		return []config.Map{c.taskConfig(nil, true)}, nil
	}
	if err := c.duplicates(tables); err != nil {
		c.host.RaiseError(err)
		return nil, err
	}
	var configs []config.Map
	for _, group := range groups(tables, maxTasks) {
		configs = append(configs, c.taskConfig(group, true))
	}
	return configs, nil
}

func (c *connector) taskConfig(tables []dialect.TableID, fetched bool) config.Map {
	m := maps.Clone(c.cfg)
	names := make([]string, len(tables))
	ids := c.settings.identifiers(c.db.Dialect)
	for i, t := range tables {
		names[i] = ids.Table(t)
	}
	m[keyTables], m[keyFetched] = strings.Join(names, ","), strconv.FormatBool(fetched)
	return m
}

// groups deals the items out in order, the first groups being one longer where
// it does not come out even (ConnectorUtils.groupPartitions of Java).
func groups[T any](items []T, most int) [][]T {
	total := len(items)
	n := min(total, most)
	var all [][]T
	for i := range n {
		size := total / n
		if i < total%n {
			size++
		}
		all = append(all, items[:size:size])
		items = items[size:]
	}
	return all
}

// duplicates refuses tables of one name in several schemas: topics are named
// after the bare table.
func (c *connector) duplicates(tables []dialect.TableID) error {
	byName := map[string][]string{}
	for _, t := range tables {
		byName[t.Name] = append(byName[t.Name], dialect.Identifiers{Open: `"`, Close: `"`}.Table(t))
	}
	var doubled []string
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		if len(byName[name]) > 1 {
			doubled = append(doubled, "["+strings.Join(byName[name], ", ")+"]")
		}
	}
	if len(doubled) == 0 {
		return nil
	}
	keys := "'table.whitelist' or 'table.blacklist'"
	switch {
	case len(c.settings.Whitelist) > 0:
		keys = "'table.whitelist'"
	case len(c.settings.Blacklist) > 0:
		keys = "'table.blacklist'"
	}
	cause := errors.New("The connector uses the unqualified table name as the topic name and has detected duplicate unqualified table names. " +
		"This could lead to mixed data types in the topic and downstream processing errors. To prevent such processing errors, the JDBC Source connector fails to start " +
		"when it detects duplicate table name configurations. Update the connector's " + keys +
		" config to include exactly one table in each of the tables listed below.\n\t[" + strings.Join(doubled, ", ") + "]")
	return &connect.Error{Class: connect.ConnectException, Message: "Encountered an unrecoverable error while reading tables from the database", Cause: cause}
}

// Stop ends the monitor and closes the connections.
func (c *connector) Stop(context.Context) error {
	if c.cancel != nil {
		c.cancel()
	}
	c.monitor.Wait()
	if c.db == nil {
		return nil
	}
	return c.db.Close()
}

func (s settings) filtered() bool {
	return len(s.Whitelist)+len(s.Blacklist)+len(s.Include)+len(s.Exclude) > 0
}

func (s settings) identifiers(d dialect.Dialect) dialect.Identifiers {
	ids := d.Identifiers()
	ids.Plain = s.plain
	return ids
}

// filter says which tables are read: by names, or by expressions that match the
// full name.
type filter struct {
	white, black     []string
	include, exclude []*javaregex.Pattern
	byExpression     bool
}

func newFilter(s settings) (filter, error) {
	f := filter{white: s.Whitelist, black: s.Blacklist, byExpression: len(s.Include)+len(s.Exclude) > 0}
	for _, l := range []struct {
		items []string
		to    *[]*javaregex.Pattern
	}{{s.Include, &f.include}, {s.Exclude, &f.exclude}} {
		for _, item := range l.items {
			p, err := javaregex.Compile(strings.TrimSpace(item))
			if err != nil {
				return f, err
			}
			*l.to = append(*l.to, p)
		}
	}
	return f, nil
}

func (f filter) lets(t dialect.TableID, ids dialect.Identifiers) bool {
	named := func(list []string) bool {
		return slices.ContainsFunc(list, func(s string) bool { return s == t.Name || s == t.String() || s == ids.Table(t) })
	}
	matched := func(list []*javaregex.Pattern) bool {
		return slices.ContainsFunc(list, func(p *javaregex.Pattern) bool { return p.Matches(t.String()) })
	}
	switch {
	case f.byExpression:
		return matched(f.include) && !matched(f.exclude)
	case len(f.white) > 0:
		return named(f.white)
	case len(f.black) > 0:
		return !named(f.black)
	}
	return true
}

// listTables asks the database for its tables and filters them.
func listTables(ctx context.Context, db *dialect.DB, s settings, f filter) ([]dialect.TableID, error) {
	types := make([]string, len(s.TableTypes))
	for i, t := range s.TableTypes {
		types[i] = strings.ToUpper(strings.TrimSpace(t))
	}
	all, err := db.Dialect.Tables(ctx, db, dialect.TableFilter{Catalog: s.Catalog, Schema: s.Schema, Types: types})
	if err != nil {
		return nil, err
	}
	catalog := ""
	if s.aiven {
		if catalog, _, err = db.Dialect.Current(ctx, db); err != nil {
			return nil, err
		}
	}
	ids := db.Dialect.Identifiers()
	found := []dialect.TableID{}
	for _, t := range all {
		if t.Catalog == "" {
			t.Catalog = catalog
		}
		if !f.lets(t, ids) {
			continue
		}
		if s.unqualified {
			t = dialect.TableID{Name: t.Name}
		}
		found = append(found, t)
	}
	return found, nil
}
