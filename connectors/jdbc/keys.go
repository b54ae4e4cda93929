package jdbc

import (
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// confluentKeys are those of release 10.10.
func confluentKeys() config.Def {
	return config.Def{
		{
			Name: "connection.url", Type: config.String, Default: "", Importance: config.High,
			Group: "Database", Order: 1, Width: config.WidthLong, DisplayName: "JDBC URL", Dependents: []string{"table.whitelist", "table.blacklist"},
			Doc: "The JDBC URL of the database, such as jdbc:postgresql://host:5432/name.",
		},
		{
			Name: "connection.user", Type: config.String, Importance: config.High,
			Group: "Database", Order: 2, Width: config.WidthLong, DisplayName: "JDBC User",
			Doc: "The user to log in as; one in the URL is used where this is not set.",
		},
		{
			Name: "connection.password", Type: config.Password, Importance: config.High,
			Group: "Database", Order: 3, Width: config.WidthShort, DisplayName: "JDBC Password",
			Doc: "The password of the user.",
		},
		{
			Name: "jdbc.credentials.provider.class", Type: config.Class, Default: dialect.DefaultCredentials, Validator: config.CheckFunc(dialect.CheckCredentials), Importance: config.Low,
			Group: "Database", Order: 4, Width: config.WidthLong, DisplayName: "JDBC Credentials Provider Class",
			Doc: "Where user and password come from. Only the default, which takes connection.user and connection.password, is supported.",
		},
		{
			Name: "connection.attempts", Type: config.Int, Default: int32(3), Validator: config.AtLeast(1), Importance: config.Low,
			Group: "Database", Order: 5, Width: config.WidthShort, DisplayName: "JDBC connection attempts",
			Doc: "How many times to try to connect before the connector fails.",
		},
		{
			Name: "connection.backoff.ms", Type: config.Long, Default: int64(10000), Importance: config.Low,
			Group: "Database", Order: 6, Width: config.WidthShort, DisplayName: "JDBC connection backoff in milliseconds",
			Doc: "The pause between two tries to connect, in milliseconds.",
		},
		{
			Name: "table.whitelist", Type: config.List, Default: []string{}, Importance: config.Medium,
			Group: "Database", Order: 7, Width: config.WidthLong, DisplayName: "Table Whitelist",
			Doc: "Names of the tables to read, alone or with their schema. Not together with table.blacklist.",
		},
		{
			Name: "table.blacklist", Type: config.List, Default: []string{}, Importance: config.Medium,
			Group: "Database", Order: 8, Width: config.WidthLong, DisplayName: "Table Blacklist",
			Doc: "Names of the tables not to read, alone or with their schema.",
		},
		{
			Name: "table.include.list", Type: config.List, Default: []string{}, Validator: config.CheckFunc(checkExpressions), Importance: config.Medium,
			Group: "Database", Order: 9, Width: config.WidthLong, DisplayName: "Tables Included (Regex)",
			Doc: "Regular expressions; a table is read when one of them matches its full name.",
		},
		{
			Name: "table.exclude.list", Type: config.List, Default: []string{}, Validator: config.CheckFunc(checkExpressions), Importance: config.Medium,
			Group: "Database", Order: 10, Width: config.WidthLong, DisplayName: "Tables Excluded (Regex)",
			Doc: "Regular expressions; a table that table.include.list lets in is left out when one of them matches its full name.",
		},
		{
			Name: "catalog.pattern", Type: config.String, Importance: config.Medium,
			Group: "Database", Order: 11, Width: config.WidthShort, DisplayName: "Schema pattern",
			Doc: "A LIKE pattern for the catalogs of tables. Unset takes all, and the empty text those tables that have no catalog.",
		},
		{
			Name: "schema.pattern", Type: config.String, Importance: config.High,
			Group: "Database", Order: 12, Width: config.WidthShort, DisplayName: "Schema pattern",
			Doc: "A LIKE pattern for the schemas of tables. Unset takes all, and the empty text those tables that have no schema.",
		},
		{
			Name: "numeric.precision.mapping", Type: config.Boolean, Default: false, Importance: config.Low,
			Group: "Database", Order: 13, Width: config.WidthShort, DisplayName: "Map Numeric Values By Precision (deprecated)",
			Doc: "Makes integers of NUMERIC columns without a fraction. numeric.mapping replaces it.",
		},
		{
			Name: "numeric.mapping", Type: config.String, Validator: enum{optional: true, values: numericMappings()}, Recommender: config.Choices(numericMappings()), Importance: config.Low,
			Group: "Database", Order: 14, Width: config.WidthShort, DisplayName: "Map Numeric Values, Integral or Decimal, By Precision and Scale",
			Doc: "What becomes of NUMERIC columns: none keeps decimals; precision_only makes integers of those without a fraction; best_fit makes doubles of those with one where the precision allows; best_fit_eager_double makes doubles of all with a fraction.",
		},
		{
			Name: "dialect.name", Type: config.String, Default: "", Validator: config.CheckFunc(dialect.CheckName), Recommender: dialect.JavaNames(), Importance: config.Low,
			Group: "Database", Order: 15, Width: config.WidthLong, DisplayName: "Database Dialect",
			Doc: "The dialect to use; empty takes that of the URL.",
		},
		{
			Name: "date.calendar.system", Type: config.String, Default: "LEGACY", Validator: enum{values: []string{"legacy", "proleptic_gregorian"}}, Importance: config.Low,
			Group: "Database", Order: 16, Width: config.WidthMedium, DisplayName: "Date Calendar System",
			Doc: "How dates before October 1582 are read: LEGACY by the Julian calendar, PROLEPTIC_GREGORIAN by the Gregorian one.",
		},
		{
			Name: "mode", Type: config.String, Default: "", Validator: config.OneOf{"", modeBulk, modeTimestamp, modeIncrementing, modeBoth}, Importance: config.High,
			Group: "Mode", Order: 1, Width: config.WidthMedium, DisplayName: "Table Loading Mode", Dependents: []string{"incrementing.column.name", "timestamp.column.name", "incrementing.column.mapping", "timestamp.columns.mapping", "validate.non.null"},
			Doc: "How changes are found: bulk reads everything each time, incrementing new rows by a growing number, timestamp new and changed rows by a time, timestamp+incrementing by both.",
		},
		{
			Name: "incrementing.column.name", Type: config.String, Default: "", Recommender: byMode{}, Importance: config.Medium,
			Group: "Mode", Order: 2, Width: config.WidthMedium, DisplayName: "Incrementing Column Name",
			Doc: "The column that grows with each new row. Empty looks for the one that the database numbers itself.",
		},
		{
			Name: "timestamp.column.name", Type: config.List, Default: []string{}, Recommender: byMode{}, Importance: config.Medium,
			Group: "Mode", Order: 3, Width: config.WidthMedium, DisplayName: "Timestamp Column Name",
			Doc: "The columns with the time of the last change; of several, the first that is not null counts.",
		},
		{
			Name: "timestamp.columns.mapping", Type: config.List, Default: []string{}, Validator: config.CheckFunc(checkColumnsMapping), Recommender: byMode{}, Importance: config.Medium,
			Group: "Mode", Order: 4, Width: config.WidthLong, DisplayName: "Table to timestamp columns mappings",
			Doc: "For tables of table.include.list: expression:[column|column], the columns with the time of the last change of the tables that match.",
		},
		{
			Name: "incrementing.column.mapping", Type: config.List, Default: []string{}, Validator: config.CheckFunc(checkColumnMapping), Recommender: byMode{}, Importance: config.Medium,
			Group: "Mode", Order: 5, Width: config.WidthLong, DisplayName: "Table to incrementing column mappings",
			Doc: "For tables of table.include.list: expression:column, the growing column of the tables that match.",
		},
		{
			Name: "timestamp.initial", Type: config.Long, Recommender: byMode{}, Importance: config.Low,
			Group: "Mode", Order: 6, Width: config.WidthMedium, DisplayName: "Unix time value of initial timestamp",
			Doc: "Where to begin without a stored offset, in milliseconds since 1970; -1 is the database's current time. Unset reads everything.",
		},
		{
			Name: "validate.non.null", Type: config.Boolean, Default: true, Recommender: byMode{}, Importance: config.Low,
			Group: "Mode", Order: 7, Width: config.WidthShort, DisplayName: "Validate Non Null",
			Doc: "Whether the task fails at start when a column that changes are found by may be null.",
		},
		{
			Name: "query", Type: config.String, Default: "", Importance: config.Medium,
			Group: "Mode", Order: 8, Width: config.WidthShort, DisplayName: "Query",
			Doc: "A SELECT to read instead of tables. A WHERE and an ORDER BY are appended except in bulk mode, so it must not have its own.",
		},
		{
			Name: "query.masked", Type: config.Password, Default: config.NewSecret(""), Recommender: hidden{}, Importance: config.Medium,
			Group: "Mode", Order: 9, Width: config.WidthShort, DisplayName: "Query (Masked)",
			Doc: "The same as query, and kept out of logs and answers.",
		},
		{
			Name: "quote.sql.identifiers", Type: config.String, Default: "ALWAYS", Validator: enum{values: []string{"always", "never"}}, Recommender: config.Choices{"always", "never"}, Importance: config.Medium,
			Group: "Mode", Order: 10, Width: config.WidthMedium, DisplayName: "Quote Identifiers",
			Doc: "Whether names are quoted in statements: ALWAYS or NEVER.",
		},
		{
			Name: "query.suffix", Type: config.String, Default: "", Importance: config.Low,
			Group: "Mode", Order: 11, Width: config.WidthMedium, DisplayName: "Query suffix",
			Doc: "Text to put behind each statement.",
		},
		{
			Name: "transaction.isolation.mode", Type: config.String, Default: "DEFAULT", Validator: enum{values: isolationModes()}, Recommender: config.Choices(isolationModes()), Importance: config.Low,
			Group: "Mode", Order: 12, Width: config.WidthMedium, DisplayName: "Transaction Isolation Mode",
			Doc: "The isolation level of reading; DEFAULT is that of the database.",
		},
		{
			Name: "query.retry.attempts", Type: config.Int, Default: int32(-1), Importance: config.Low,
			Group: "Mode", Order: 13, Width: config.WidthMedium, DisplayName: "Query Retry Attempts",
			Doc: "How many times a failed statement is tried before the task fails; -1 tries for ever.",
		},
		{
			Name: "table.types", Type: config.List, Default: []string{"TABLE"}, Importance: config.Low,
			Group: "Connector", Order: 1, Width: config.WidthMedium, DisplayName: "Table Types",
			Doc: "The types of tables to read: TABLE, VIEW and others that the database has.",
		},
		{
			Name: "poll.interval.ms", Type: config.Int, Default: int32(5000), Importance: config.High,
			Group: "Connector", Order: 2, Width: config.WidthShort, DisplayName: "Poll Interval (ms)",
			Doc: "The pause between two reads of a table, in milliseconds.",
		},
		{
			Name: "batch.max.rows", Type: config.Int, Default: int32(1000), Importance: config.Low,
			Group: "Connector", Order: 3, Width: config.WidthShort, DisplayName: "Max Rows Per Batch",
			Doc: "The most rows in a batch.",
		},
		{
			Name: "max.buffer.size", Type: config.Int, Default: int32(0), Importance: config.Low,
			Group: "Connector", Order: 4, Width: config.WidthShort, DisplayName: "Maximum Buffer Size",
			Doc: "Not used: rows go straight into a batch.",
		},
		{
			Name: "poll.linger.ms", Type: config.Long, Default: int64(5000), Importance: config.Low,
			Group: "Connector", Order: 5, Width: config.WidthShort, DisplayName: "Poll Linger Milliseconds",
			Doc: "How long a poll waits for rows, in milliseconds.",
		},
		{
			Name: "table.monitoring.startup.polling.limit.ms", Type: config.Long, Default: int64(10000), Importance: config.Low,
			Doc: "How long the plan of tasks waits for the first list of tables, in milliseconds.",
		},
		{
			Name: "table.poll.interval.ms", Type: config.Long, Default: int64(60000), Importance: config.Low,
			Group: "Connector", Order: 6, Width: config.WidthShort, DisplayName: "Metadata Change Monitoring Interval (ms)",
			Doc: "The pause between two looks for new and dropped tables, in milliseconds.",
		},
		{
			Name: "topic.prefix", Type: config.String, Default: "", Validator: config.CheckFunc(checkTopicPrefix), Importance: config.High,
			Group: "Connector", Order: 7, Width: config.WidthMedium, DisplayName: "Topic Prefix",
			Doc: "What stands before the table's name in the name of the topic; in query mode the name of the topic.",
		},
		{
			Name: "timestamp.delay.interval.ms", Type: config.Long, Default: int64(0), Importance: config.High,
			Group: "Connector", Order: 8, Width: config.WidthMedium, DisplayName: "Delay Interval (ms)",
			Doc: "How old a row's time must be before the row is read, in milliseconds, so that transactions can end first.",
		},
		{
			Name: "db.timezone", Type: config.String, Default: "UTC", Validator: config.CheckFunc(dialect.CheckZone), Importance: config.Medium,
			Group: "Connector", Order: 9, Width: config.WidthMedium, DisplayName: "DB time zone",
			Doc: "The time zone of the database's times without a zone.",
		},
		{
			Name: "timestamp.granularity", Type: config.String, Default: "connect_logical", Validator: enum{values: granularities()}, Recommender: config.Choices(granularities()), Importance: config.Low,
			Group: "Connector", Order: 10, Width: config.WidthMedium, DisplayName: "Timestamp granularity for timestamp columns",
			Doc: "The form and precision of times in records.",
		},
	}
}

// aivenKeys are those of release 6.10.
func aivenKeys() config.Def {
	key := dialect.Placed(confluentKeys())
	return config.Def{
		{
			Name: "connection.url", Type: config.String, Required: true, Importance: config.High,
			Group: "Database", Order: 1, Width: config.WidthLong, DisplayName: "JDBC URL", Dependents: []string{"table.whitelist", "table.blacklist"},
			Doc: "The JDBC URL of the database, such as jdbc:postgresql://host:5432/name.",
		},
		{
			Name: "connection.user", Type: config.String, Importance: config.High,
			Group: "Database", Order: 2, Width: config.WidthMedium, DisplayName: "JDBC User",
			Doc: "The user to log in as; one in the URL is used where this is not set.",
		},
		{
			Name: "connection.password", Type: config.Password, Importance: config.High,
			Group: "Database", Order: 3, Width: config.WidthMedium, DisplayName: "JDBC Password",
			Doc: "The password of the user.",
		},
		key("connection.attempts", "Database", 4),
		key("connection.backoff.ms", "Database", 5),
		key("table.whitelist", "Database", 6),
		key("table.blacklist", "Database", 7),
		{
			Name: "catalog.pattern", Type: config.String, Importance: config.Medium,
			Group: "Database", Order: 8, Width: config.WidthShort, DisplayName: "Catalog pattern",
			Doc: "A LIKE pattern for the catalogs of tables. Unset takes all, and the empty text those tables that have no catalog.",
		},
		{
			Name: "schema.pattern", Type: config.String, Importance: config.Medium,
			Group: "Database", Order: 9, Width: config.WidthShort, DisplayName: "Schema pattern",
			Doc: "A LIKE pattern for the schemas of tables. Unset takes all, and the empty text those tables that have no schema.",
		},
		key("numeric.precision.mapping", "Database", 10),
		{
			Name: "numeric.mapping", Type: config.String, Validator: enum{optional: true, values: numericMappings()[:3]}, Recommender: config.Choices(numericMappings()[:3]), Importance: config.Low,
			Group: "Database", Order: 11, Width: config.WidthShort, DisplayName: "Map Numeric Values, Integral or Decimal, By Precision and Scale",
			Doc: "What becomes of NUMERIC columns: none keeps decimals; precision_only makes integers of those without a fraction; best_fit makes doubles of those with one where the precision allows; best_fit_eager_double makes doubles of all with a fraction.",
		},
		{
			Name: "table.names.qualify", Type: config.Boolean, Default: true, Importance: config.Low,
			Group: "Database", Order: 12, Width: config.WidthShort, DisplayName: "Qualify table names",
			Doc: "Whether statements and source offsets name tables with catalog and schema.",
		},
		key("db.timezone", "Database", 13),
		{
			Name: "dialect.name", Type: config.String, Default: "", Validator: config.CheckFunc(dialect.CheckName), Recommender: dialect.JavaNames(), Importance: config.Low,
			Group: "Database", Order: 14, Width: config.WidthMedium, DisplayName: "Database Dialect",
			Doc: "The dialect to use; empty takes that of the URL.",
		},
		{
			Name: "sql.quote.identifiers", Type: config.Boolean, Default: true, Importance: config.Low,
			Group: "Database", Order: 15, Width: config.WidthShort, DisplayName: "Quote SQL Identifiers",
			Doc: "Whether names are quoted in statements.",
		},
		{
			Name: "mode", Type: config.String, Required: true, Validator: config.OneOf{modeBulk, modeTimestamp, modeIncrementing, modeBoth}, Importance: config.High,
			Group: "Mode", Order: 1, Width: config.WidthMedium, DisplayName: "Table Loading Mode", Dependents: []string{"incrementing.column.name", "timestamp.column.name", "validate.non.null", "timestamp.initial.ms", "incrementing.initial"},
			Doc: "How changes are found: bulk reads everything each time, incrementing new rows by a growing number, timestamp new and changed rows by a time, timestamp+incrementing by both.",
		},
		key("incrementing.column.name", "Mode", 2),
		key("timestamp.column.name", "Mode", 3),
		key("validate.non.null", "Mode", 4),
		key("query", "Mode", 5),
		{
			Name: "timestamp.initial.ms", Type: config.Long, Default: int64(0), Recommender: byMode{}, Importance: config.Medium,
			Group: "Mode", Order: 6, Width: config.WidthMedium, DisplayName: "Initial timestamp (ms since epoch, can be negative)",
			Doc: "Where to begin without a stored offset, in milliseconds since 1970.",
		},
		{
			Name: "incrementing.initial", Type: config.Long, Default: int64(-1), Recommender: byMode{}, Importance: config.Medium,
			Group: "Mode", Order: 7, Width: config.WidthMedium, DisplayName: "Incrementing Column Initial Value",
			Doc: "The number after which to begin without a stored offset.",
		},
		key("table.types", "Connector", 1),
		key("poll.interval.ms", "Connector", 2),
		{
			Name: "batch.max.rows", Type: config.Int, Default: int32(100), Importance: config.Low,
			Group: "Connector", Order: 3, Width: config.WidthShort, DisplayName: "Max Rows Per Batch",
			Doc: "The most rows in a batch.",
		},
		key("table.poll.interval.ms", "Connector", 4),
		{
			Name: "topic.prefix", Type: config.String, Required: true, Importance: config.High,
			Group: "Connector", Order: 5, Width: config.WidthMedium, DisplayName: "Topic Prefix",
			Doc: "What stands before the table's name in the name of the topic; in query mode the name of the topic.",
		},
		key("timestamp.delay.interval.ms", "Connector", 6),
	}
}
