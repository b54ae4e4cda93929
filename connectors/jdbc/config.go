package jdbc

import (
	"strings"
	"time"

	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
	"sluice/transforms/javaregex"
)

const (
	modeBulk         = "bulk"
	modeTimestamp    = "timestamp"
	modeIncrementing = "incrementing"
	modeBoth         = "timestamp+incrementing"

	// The connector gives these two to its tasks.
	keyTables  = "tables"
	keyFetched = "tables.fetched"
)

func numericMappings() []string {
	return []string{"none", "precision_only", "best_fit", "best_fit_eager_double"}
}

func isolationModes() []string {
	return []string{"default", "read_uncommitted", "read_committed", "repeatable_read", "serializable", "sql_server_snapshot"}
}

func granularities() []string {
	return []string{
		"connect_logical", "micros_long", "micros_string", "micros_iso_datetime_string",
		"nanos_long", "nanos_string", "nanos_iso_datetime_string",
	}
}

// settings are those that both connectors have.
type settings struct {
	URL              string        `config:"connection.url"`
	User             string        `config:"connection.user"`
	Password         config.Secret `config:"connection.password"`
	Attempts         int           `config:"connection.attempts"`
	Backoff          time.Duration `config:"connection.backoff.ms"`
	Whitelist        []string      `config:"table.whitelist"`
	Blacklist        []string      `config:"table.blacklist"`
	Catalog          *string       `config:"catalog.pattern"`
	Schema           *string       `config:"schema.pattern"`
	PrecisionMapping bool          `config:"numeric.precision.mapping"`
	NumericMapping   *string       `config:"numeric.mapping"`
	Dialect          string        `config:"dialect.name"`
	Mode             string        `config:"mode"`
	IncrementingName string        `config:"incrementing.column.name"`
	TimestampNames   []string      `config:"timestamp.column.name"`
	ValidateNonNull  bool          `config:"validate.non.null"`
	Query            string        `config:"query"`
	TableTypes       []string      `config:"table.types"`
	PollInterval     time.Duration `config:"poll.interval.ms"`
	BatchRows        int           `config:"batch.max.rows"`
	TablePoll        time.Duration `config:"table.poll.interval.ms"`
	TopicPrefix      string        `config:"topic.prefix"`
	Delay            time.Duration `config:"timestamp.delay.interval.ms"`
	Zone             string        `config:"db.timezone"`

	own
}

// own are the settings that one of the connectors has and the other does not.
type own struct {
	// aiven says that the connector is that of Aiven: it names catalogs, has no
	// precision in decimals, and writes null for a value that it cannot read.
	aiven            bool
	Include, Exclude []string
	timestampColumns []columnMapping
	incrementing     []columnMapping
	initial          *time.Time // nil is none
	initialNow       bool
	initialNumber    *int64 // nil is none
	masked           bool
	plain            bool // names are not quoted
	unqualified      bool
	suffix           string
	isolation        string
	retries          int
	linger           time.Duration
	startupLimit     time.Duration
	proleptic        bool
	granularity      string
}

// confluent are the keys of Confluent alone.
type confluent struct {
	Include      []string      `config:"table.include.list"`
	Exclude      []string      `config:"table.exclude.list"`
	Timestamps   []string      `config:"timestamp.columns.mapping"`
	Incrementing []string      `config:"incrementing.column.mapping"`
	Initial      *int64        `config:"timestamp.initial"`
	Masked       config.Secret `config:"query.masked"`
	Quote        string        `config:"quote.sql.identifiers"`
	Suffix       string        `config:"query.suffix"`
	Isolation    string        `config:"transaction.isolation.mode"`
	Retries      int           `config:"query.retry.attempts"`
	Linger       time.Duration `config:"poll.linger.ms"`
	StartupLimit time.Duration `config:"table.monitoring.startup.polling.limit.ms"`
	Calendar     string        `config:"date.calendar.system"`
	Granularity  string        `config:"timestamp.granularity"`
	Credentials  string        `config:"jdbc.credentials.provider.class"`
	MaxBuffer    int           `config:"max.buffer.size"`
}

// aiven are the keys of Aiven alone.
type aiven struct {
	Initial       int64 `config:"timestamp.initial.ms"`
	InitialNumber int64 `config:"incrementing.initial"`
	Quote         bool  `config:"sql.quote.identifiers"`
	Qualify       bool  `config:"table.names.qualify"`
}

// decode reads the settings of one of the two connectors.
func (v variant) decode(cfg config.Map) (settings, error) {
	def := v.keys()
	s, err := config.Decode[settings](def, cfg)
	if err != nil {
		return s, err
	}
	s.TopicPrefix = strings.TrimSpace(s.TopicPrefix)
	if v.isAiven {
		a, err := config.Decode[aiven](def, cfg)
		if err != nil {
			return s, err
		}
		at := time.UnixMilli(a.Initial)
		s.own = own{
			aiven: true, initial: &at, initialNumber: &a.InitialNumber, plain: !a.Quote, unqualified: !a.Qualify,
			retries: -1, linger: 5 * time.Second, startupLimit: 10 * time.Second, granularity: "connect_logical", isolation: "default",
		}
		return s, nil
	}
	c, err := config.Decode[confluent](def, cfg)
	if err != nil {
		return s, err
	}
	s.own = own{
		Include: c.Include, Exclude: c.Exclude, plain: strings.EqualFold(c.Quote, "never"), suffix: strings.TrimSpace(c.Suffix),
		isolation: strings.ToLower(c.Isolation), retries: c.Retries, linger: c.Linger, startupLimit: c.StartupLimit,
		proleptic: strings.EqualFold(c.Calendar, "proleptic_gregorian"), granularity: strings.ToLower(c.Granularity),
	}
	if s.Query == "" {
		s.Query, s.masked = c.Masked.Reveal(), c.Masked.Reveal() != ""
	}
	switch {
	case c.Initial == nil:
	case *c.Initial == -1:
		s.initialNow = true
	default:
		at := time.UnixMilli(*c.Initial)
		s.initial = &at
	}
	if s.timestampColumns, err = columnMappings(c.Timestamps); err != nil {
		return s, err
	}
	s.incrementing, err = columnMappings(c.Incrementing)
	return s, err
}

func (s settings) connection() dialect.Config {
	return dialect.Config{
		URL: s.URL, User: s.User, Password: s.Password, Dialect: strings.TrimSpace(s.Dialect), Attempts: max(s.Attempts, 1), Backoff: s.Backoff,
	}
}

// location is the zone of times without one. The validator has seen it.
func (s settings) location() *time.Location {
	loc, err := dialect.Zone(s.Zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

func (s settings) usesTimestamp() bool { return s.Mode == modeTimestamp || s.Mode == modeBoth }
func (s settings) usesIncrementing() bool {
	return s.Mode == modeIncrementing || s.Mode == modeBoth
}

// numericMapping goes before the older key.
func (s settings) numericMapping() string {
	switch {
	case s.NumericMapping != nil:
		return strings.ToLower(*s.NumericMapping)
	case s.PrecisionMapping:
		return "precision_only"
	}
	return "none"
}

// columnMapping is an item of timestamp.columns.mapping or
// incrementing.column.mapping: the columns of the tables that match.
type columnMapping struct {
	tables  *javaregex.Pattern
	columns []string
}

func columnMappings(items []string) ([]columnMapping, error) {
	var all []columnMapping
	for _, item := range items {
		expression, columns, _ := strings.Cut(item, ":")
		p, err := javaregex.Compile(strings.TrimSpace(expression))
		if err != nil {
			return nil, err
		}
		columns = strings.TrimSpace(columns)
		if inner, ok := strings.CutPrefix(columns, "["); ok {
			columns = strings.TrimSuffix(inner, "]")
		}
		all = append(all, columnMapping{p, strings.Split(columns, "|")})
	}
	return all, nil
}
