package sink

import (
	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// definition is that of Confluent's connector, release 10.10, or of Aiven's,
// release 6.10.
func definition(aiven bool) config.Def {
	if aiven {
		return aivenKeys()
	}
	return confluentKeys()
}

func confluentKeys() config.Def {
	return config.Def{
		{
			Name: "connection.url", Type: config.String, Required: true, Importance: config.High,
			Group: "Connection", Order: 1, Width: config.WidthLong, DisplayName: "JDBC URL",
			Doc: "The JDBC URL of the database, such as jdbc:postgresql://host:5432/name.",
		},
		{
			Name: "connection.user", Type: config.String, Importance: config.High,
			Group: "Connection", Order: 2, Width: config.WidthMedium, DisplayName: "JDBC User",
			Doc: "The user to log in as; one in the URL is used where this is not set.",
		},
		{
			Name: "connection.password", Type: config.Password, Importance: config.High,
			Group: "Connection", Order: 3, Width: config.WidthMedium, DisplayName: "JDBC Password",
			Doc: "The password of the user.",
		},
		{
			Name: "jdbc.credentials.provider.class", Type: config.Class, Default: dialect.DefaultCredentials, Validator: config.CheckFunc(dialect.CheckCredentials), Importance: config.Low,
			Group: "Connection", Order: 4, Width: config.WidthLong, DisplayName: "JDBC Credentials Provider Class",
			Doc: "Where user and password come from. Only the default, which takes connection.user and connection.password, is supported.",
		},
		{
			Name: "dialect.name", Type: config.String, Default: "", Validator: config.CheckFunc(dialect.CheckName), Recommender: dialect.JavaNames(), Importance: config.Low,
			Group: "Connection", Order: 5, Width: config.WidthLong, DisplayName: "Database Dialect",
			Doc: "The dialect to use; empty takes that of the URL.",
		},
		{
			Name: "connection.attempts", Type: config.Int, Default: int32(3), Validator: config.AtLeast(1), Importance: config.Low,
			Group: "Connection", Order: 6, Width: config.WidthShort, DisplayName: "JDBC connection attempts",
			Doc: "How many times to try to connect before the task fails.",
		},
		{
			Name: "connection.backoff.ms", Type: config.Long, Default: int64(10000), Importance: config.Low,
			Group: "Connection", Order: 7, Width: config.WidthShort, DisplayName: "JDBC connection backoff in milliseconds",
			Doc: "The pause between two tries to connect, in milliseconds.",
		},
		{
			Name: "insert.mode", Type: config.String, Default: modeInsert, Validator: enum{modeInsert, modeUpsert, modeUpdate}, Importance: config.High,
			Group: "Writes", Order: 1, Width: config.WidthMedium, DisplayName: "Insert Mode",
			Doc: "How records are written: insert adds a row for each, upsert adds a row or replaces the one with the same primary key, update changes rows that are there.",
		},
		{
			Name: "batch.size", Type: config.Int, Default: int32(3000), Validator: config.AtLeast(0), Importance: config.Medium,
			Group: "Writes", Order: 2, Width: config.WidthShort, DisplayName: "Batch Size",
			Doc: "The most records in one statement or pipeline. All records that a task gets at a time are one transaction whatever their number.",
		},
		{
			Name: "delete.enabled", Type: config.Boolean, Default: false, Recommender: deletes{}, Importance: config.Medium,
			Group: "Writes", Order: 3, Width: config.WidthShort, DisplayName: "Enable deletes",
			Doc: "Whether a record with a null value deletes the row of its key. Needs pk.mode=record_key.",
		},
		{
			Name: "table.types", Type: config.List, Default: []string{"TABLE"}, Validator: enum{"table", "view", "partitioned table"}, Importance: config.Low,
			Group: "Writes", Order: 4, Width: config.WidthMedium, DisplayName: "Table Types",
			Doc: "The types of tables to write to: TABLE, VIEW, PARTITIONED TABLE.",
		},
		{
			Name: "replace.null.with.default", Type: config.Boolean, Default: true, Importance: config.Low,
			Group: "Writes", Order: 5, Width: config.WidthMedium, DisplayName: "Replace null value with default value",
			Doc: "Whether the default of a field is written where its value is null.",
		},
		{
			Name: "table.name.format", Type: config.String, Default: "${topic}", Importance: config.Medium,
			Group: "Data Mapping", Order: 1, Width: config.WidthLong, DisplayName: "Table Name Format",
			Doc: "The name of the table, in which ${topic} stands for the topic. It may name a schema or a catalog too.",
		},
		{
			Name: "pk.mode", Type: config.String, Default: pkNone, Validator: enum(allPkModes()), Recommender: pkModes{}, Importance: config.High,
			Group: "Data Mapping", Order: 2, Width: config.WidthMedium, DisplayName: "Primary Key Mode",
			Doc: "Where the primary key comes from: none, the Kafka coordinates of the record, its key, or fields of its value.",
		},
		{
			Name: "pk.fields", Type: config.List, Default: []string{}, Importance: config.Medium,
			Group: "Data Mapping", Order: 3, Width: config.WidthLong, DisplayName: "Primary Key Fields",
			Doc: "The columns of the primary key. With kafka none or three, for topic, partition and offset; with a key that is no struct one; else the fields to take, and all where this is empty.",
		},
		{
			Name: "fields.whitelist", Type: config.List, Default: []string{}, Importance: config.Medium,
			Group: "Data Mapping", Order: 4, Width: config.WidthLong, DisplayName: "Fields Whitelist",
			Doc: "The fields of the value that are written; empty takes all. Those of the primary key always are.",
		},
		{
			Name: "db.timezone", Type: config.String, Default: "UTC", Validator: config.CheckFunc(dialect.CheckZone), Importance: config.Medium,
			Group: "Data Mapping", Order: 5, Width: config.WidthMedium, DisplayName: "DB Time Zone",
			Doc: "The time zone in which times are written to columns without a zone.",
		},
		{
			Name: "date.timezone", Type: config.String, Default: "DB_TIMEZONE", Validator: enum{"db_timezone", "utc"}, Recommender: config.Choices{"db_timezone", "utc"}, Importance: config.Low,
			Group: "Data Mapping", Order: 6, Width: config.WidthMedium, DisplayName: "Time Zone used for Date",
			Doc: "The time zone in which dates are written: DB_TIMEZONE takes that of db.timezone, UTC keeps the date.",
		},
		{
			Name: "timestamp.fields.list", Type: config.List, Default: []string{}, Importance: config.Medium,
			Group: "Data Mapping", Order: 7, Width: config.WidthMedium, DisplayName: "Timestamp Fields Whitelist",
			Doc: "Fields of integers or texts with a time since 1970, to be written as timestamps; timestamp.precision.mode is their unit.",
		},
		{
			Name: "timestamp.precision.mode", Type: config.String, Default: "MICROSECONDS", Validator: enum{"microseconds", "nanoseconds"}, Recommender: config.Choices{"microseconds", "nanoseconds"}, Importance: config.Low,
			Group: "Data Mapping", Order: 8, Width: config.WidthMedium, DisplayName: "Sink Timestamp Precision mode",
			Doc: "The unit of the fields of timestamp.fields.list: MICROSECONDS or NANOSECONDS.",
		},
		{
			Name: "date.calendar.system", Type: config.String, Default: "LEGACY", Validator: enum{"legacy", "proleptic_gregorian"}, Importance: config.Low,
			Group: "Data Mapping", Order: 9, Width: config.WidthMedium, DisplayName: "Date Calendar System",
			Doc: "How dates before October 1582 are written: LEGACY by the Julian calendar, PROLEPTIC_GREGORIAN by the Gregorian one.",
		},
		{
			Name: "string.output.value.column.name", Type: config.String, Default: "record_value", Importance: config.Low,
			Group: "Data Mapping", Order: 10, Width: config.WidthMedium, DisplayName: "String Value Column Name",
			Doc: "The column for values that are a string and not a struct.",
		},
		{
			Name: "auto.create", Type: config.Boolean, Default: false, Importance: config.Medium,
			Group: "DDL Support", Order: 1, Width: config.WidthShort, DisplayName: "Auto-Create",
			Doc: "Whether to create a table that is missing.",
		},
		{
			Name: "auto.evolve", Type: config.Boolean, Default: false, Importance: config.Medium,
			Group: "DDL Support", Order: 2, Width: config.WidthShort, DisplayName: "Auto-Evolve",
			Doc: "Whether to add columns that are missing. Each must be optional or have a default.",
		},
		{
			Name: "quote.sql.identifiers", Type: config.String, Default: "ALWAYS", Validator: enum{"always", "never"}, Recommender: config.Choices{"always", "never"}, Importance: config.Medium,
			Group: "DDL Support", Order: 3, Width: config.WidthMedium, DisplayName: "Quote Identifiers",
			Doc: "Whether names are quoted in statements: ALWAYS or NEVER.",
		},
		{
			Name: "mssql.use.merge.holdlock", Type: config.Boolean, Default: true, Importance: config.Low,
			Group: "DML Support", Order: 1, Width: config.WidthMedium, DisplayName: "SQL Server - Use HOLDLOCK in MERGE",
			Doc: "Whether an upsert of SQL Server locks the range of its key (HOLDLOCK), which keeps tasks apart that write the same key.",
		},
		{
			Name: "max.retries", Type: config.Int, Default: int32(10), Validator: config.AtLeast(0), Importance: config.Medium,
			Group: "Retries", Order: 1, Width: config.WidthShort, DisplayName: "Maximum Retries",
			Doc: "How many times a batch that the database refuses is tried again before the task fails.",
		},
		{
			Name: "retry.backoff.ms", Type: config.Int, Default: int32(3000), Validator: config.AtLeast(0), Importance: config.Medium,
			Group: "Retries", Order: 2, Width: config.WidthShort, DisplayName: "Retry Backoff (millis)",
			Doc: "The pause before a batch is tried again, in milliseconds.",
		},
		{
			Name: "trim.sensitive.log", Type: config.Boolean, Default: false, Importance: config.Low,
			Doc: "Whether error texts leave out the part of the database's message that may hold values.",
		},
	}
}

func aivenKeys() config.Def {
	key := dialect.Placed(confluentKeys())
	return config.Def{
		key("connection.url", "Database", 1),
		key("connection.user", "Database", 2),
		key("connection.password", "Database", 3),
		{
			Name: "db.timezone", Type: config.String, Default: "UTC", Validator: config.CheckFunc(dialect.CheckZone), Importance: config.Medium,
			Group: "Database", Order: 4, Width: config.WidthMedium, DisplayName: "DB time zone",
			Doc: "The time zone in which times are written to columns without a zone.",
		},
		{
			Name: "dialect.name", Type: config.String, Default: "", Validator: config.CheckFunc(dialect.CheckName), Recommender: dialect.JavaNames(), Importance: config.Low,
			Group: "Database", Order: 5, Width: config.WidthMedium, DisplayName: "Database Dialect",
			Doc: "The dialect to use; empty takes that of the URL.",
		},
		{
			Name: "sql.quote.identifiers", Type: config.Boolean, Default: true, Importance: config.Low,
			Group: "Database", Order: 6, Width: config.WidthShort, DisplayName: "Quote SQL Identifiers",
			Doc: "Whether names are quoted in statements.",
		},
		key("insert.mode", "Writes", 1),
		key("batch.size", "Writes", 2),
		{
			Name: "delete.enabled", Type: config.Boolean, Default: false, Importance: config.Medium,
			Group: "Writes", Order: 3, Width: config.WidthShort, DisplayName: "Delete enabled",
			Doc: "Whether a record with a null value deletes the row of its key. Needs pk.mode=record_key.",
		},
		key("table.name.format", "Data Mapping", 1),
		{
			Name: "table.name.normalize", Type: config.Boolean, Default: false, Importance: config.Medium,
			Group: "Data Mapping", Order: 2, Width: config.WidthLong, DisplayName: "Table Name Normalize",
			Doc: "Whether characters of a table name other than ASCII letters, digits and _ become _.",
		},
		{
			Name: "topics.to.tables.mapping", Type: config.List, Importance: config.Medium,
			Group: "Data Mapping", Order: 3, Width: config.WidthLong, DisplayName: "Topics To Tables Mapping",
			Doc: "Tables by topic, as topic:table, for topics that table.name.format is not for.",
		},
		{
			Name: "pk.mode", Type: config.String, Default: pkNone, Validator: enum(allPkModes()), Importance: config.High,
			Group: "Data Mapping", Order: 4, Width: config.WidthMedium, DisplayName: "Primary Key Mode",
			Doc: "Where the primary key comes from: none, the Kafka coordinates of the record, its key, or fields of its value.",
		},
		key("pk.fields", "Data Mapping", 5),
		key("fields.whitelist", "Data Mapping", 6),
		key("auto.create", "DDL Support", 1),
		key("auto.evolve", "DDL Support", 2),
		key("max.retries", "Retries", 1),
		key("retry.backoff.ms", "Retries", 2),
	}
}
