package sink

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

const (
	modeInsert = "insert"
	modeUpsert = "upsert"
	modeUpdate = "update"

	pkNone        = "none"
	pkKafka       = "kafka"
	pkRecordKey   = "record_key"
	pkRecordValue = "record_value"

	deletesNeedKey = "Deletes are only supported for pk.mode record_key"
)

func allPkModes() []string { return []string{pkNone, pkKafka, pkRecordKey, pkRecordValue} }

// kafkaNames are the columns of pk.mode kafka where pk.fields names none.
func kafkaNames() []string {
	return []string{"__connect_topic", "__connect_partition", "__connect_offset"}
}

// settings are those that both connectors have, and those that they make of
// their own keys.
type settings struct {
	URL         string        `config:"connection.url"`
	User        string        `config:"connection.user"`
	Password    config.Secret `config:"connection.password"`
	Dialect     string        `config:"dialect.name"`
	InsertMode  string        `config:"insert.mode"`
	BatchSize   int           `config:"batch.size"`
	Delete      bool          `config:"delete.enabled"`
	TableFormat string        `config:"table.name.format"`
	PkMode      string        `config:"pk.mode"`
	PkFields    []string      `config:"pk.fields"`
	Whitelist   []string      `config:"fields.whitelist"`
	Zone        string        `config:"db.timezone"`
	Create      bool          `config:"auto.create"`
	Evolve      bool          `config:"auto.evolve"`
	MaxRetries  int           `config:"max.retries"`
	Backoff     time.Duration `config:"retry.backoff.ms"`

	own
}

// own are the settings that one of the connectors has and the other does not.
type own struct {
	name           string // of the connector
	aiven          bool
	attempts       int
	connectBackoff time.Duration
	types          []string // of tables
	replaceNull    bool     // by the default
	zone, dateZone *time.Location
	timestamps     []string // fields that are written as timestamps
	nanoseconds    bool     // the unit of those fields; else microseconds
	proleptic      bool
	textColumn     string // for values that are a string
	plain          bool   // names are not quoted
	holdLock       bool
	trimSensitive  bool
	normalize      bool
	tables         map[string]string // by topic
}

// confluent are the keys of Confluent alone.
type confluent struct {
	Credentials    string        `config:"jdbc.credentials.provider.class"`
	Attempts       int           `config:"connection.attempts"`
	ConnectBackoff time.Duration `config:"connection.backoff.ms"`
	Types          []string      `config:"table.types"`
	ReplaceNull    bool          `config:"replace.null.with.default"`
	DateZone       string        `config:"date.timezone"`
	Timestamps     []string      `config:"timestamp.fields.list"`
	Precision      string        `config:"timestamp.precision.mode"`
	Calendar       string        `config:"date.calendar.system"`
	TextColumn     string        `config:"string.output.value.column.name"`
	Quote          string        `config:"quote.sql.identifiers"`
	HoldLock       bool          `config:"mssql.use.merge.holdlock"`
	TrimSensitive  bool          `config:"trim.sensitive.log"`
}

// aiven are the keys of Aiven alone.
type aiven struct {
	Quote     bool     `config:"sql.quote.identifiers"`
	Normalize bool     `config:"table.name.normalize"`
	Tables    []string `config:"topics.to.tables.mapping"`
}

// parseSettings reads a configuration. The error is a *config.Error.
func parseSettings(cfg config.Map, isAiven bool) (settings, error) {
	def := definition(isAiven)
	s, err := config.Decode[settings](def, cfg)
	if err != nil {
		return settings{}, err
	}
	s.InsertMode, s.PkMode = strings.ToLower(s.InsertMode), strings.ToLower(s.PkMode)
	s.own = own{name: cfg["name"], aiven: isAiven, attempts: 1, types: []string{"TABLE"}, replaceNull: true}
	if s.zone, err = dialect.Zone(s.Zone); err != nil {
		return settings{}, config.InvalidValue("db.timezone", s.Zone, err.Error())
	}
	s.dateZone = s.zone
	if isAiven {
		err = s.addAiven(def, cfg)
	} else {
		err = s.addConfluent(def, cfg)
	}
	if err != nil {
		return settings{}, err
	}
	if s.Delete && s.PkMode != pkRecordKey {
		return settings{}, config.Errorf("Primary key mode must be 'record_key' when delete support is enabled")
	}
	return s, nil
}

func (s *settings) addConfluent(def config.Def, cfg config.Map) error {
	c, err := config.Decode[confluent](def, cfg)
	if err != nil {
		return err
	}
	s.attempts, s.connectBackoff, s.replaceNull = c.Attempts, c.ConnectBackoff, c.ReplaceNull
	s.types = nil
	for _, t := range c.Types {
		s.types = append(s.types, strings.ToUpper(t))
	}
	if strings.EqualFold(c.DateZone, "UTC") {
		s.dateZone = time.UTC
	}
	s.timestamps, s.nanoseconds = c.Timestamps, strings.EqualFold(c.Precision, "NANOSECONDS")
	s.proleptic = !strings.EqualFold(c.Calendar, "LEGACY")
	s.textColumn, s.plain = c.TextColumn, strings.EqualFold(c.Quote, "NEVER")
	s.holdLock, s.trimSensitive = c.HoldLock, c.TrimSensitive
	return nil
}

func (s *settings) addAiven(def config.Def, cfg config.Map) error {
	a, err := config.Decode[aiven](def, cfg)
	if err != nil {
		return err
	}
	s.attempts, s.connectBackoff = 3, 10*time.Second
	s.plain, s.normalize, s.holdLock = !a.Quote, a.Normalize, true
	s.tables = make(map[string]string, len(a.Tables))
	for _, pair := range a.Tables {
		topic, table, ok := strings.Cut(pair, ":")
		if !ok || topic == "" || table == "" {
			return config.InvalidValue("topics.to.tables.mapping", pair, "must be topic:table")
		}
		s.tables[topic] = table
	}
	return nil
}

func (s *settings) connection() dialect.Config {
	return dialect.Config{
		URL: s.URL, User: s.User, Password: s.Password, Dialect: s.Dialect,
		Attempts: s.attempts, Backoff: s.connectBackoff,
	}
}

// tableName is the table of a topic, as the configuration writes it.
func (s *settings) tableName(topic string) (string, error) {
	name := strings.ReplaceAll(s.TableFormat, "${topic}", topic)
	if s.normalize {
		name = strings.Map(func(r rune) rune {
			if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
				return r
			}
			return '_'
		}, name)
	}
	if len(s.tables) > 0 {
		name = s.tables[topic]
	}
	if name == "" {
		return "", connect.Errorf("Destination table name for topic '%s' is empty using the format string '%s' and %d entries of topics.to.tables.mapping", topic, s.TableFormat, len(s.tables))
	}
	return name, nil
}

// ValidateConfig implements connect.ConfigValidator: deletes need the record's
// key, and Confluent's connector connects to the database.
func (c *connector) ValidateConfig(ctx context.Context, cfg config.Map, values config.Values) {
	mode := ""
	if v := values.Find("pk.mode"); v != nil {
		mode, _ = v.Value.(string)
	}
	if v := values.Find("delete.enabled"); v != nil && v.Value == true && !strings.EqualFold(mode, pkRecordKey) {
		values.AddError("delete.enabled", deletesNeedKey)
		values.AddError("pk.mode", deletesNeedKey)
	}
	if c.aiven {
		checkKafkaFields(values, mode)
		return
	}
	if values.ErrorCount() > 0 {
		return
	}
	s, err := parseSettings(cfg, false)
	if err != nil {
		values.AddError("connection.url", err.Error())
		return
	}
	connection := s.connection()
	connection.Attempts = 1
	db, err := dialect.Open(ctx, slog.New(slog.DiscardHandler), connection)
	if err != nil {
		values.AddError("connection.url", "Could not connect to database. "+err.Error())
		return
	}
	if err := db.Close(); err != nil {
		values.AddError("connection.url", "Could not connect to database. "+err.Error())
	}
}

// checkKafkaFields holds Aiven's rule for pk.mode kafka.
func checkKafkaFields(values config.Values, mode string) {
	fields := values.Find("pk.fields")
	if fields == nil || !strings.EqualFold(mode, pkKafka) {
		return
	}
	if names, _ := fields.Value.([]string); len(names) != len(kafkaNames()) {
		values.AddError("pk.fields", "Primary key fields must be set with three fields (topic, partition, offset) when pkMode is 'kafka'.")
	}
}
