package dialect

import (
	"slices"

	"sluice/connect/config"
)

// DefaultCredentials is the one value of jdbc.credentials.provider.class that can
// be obeyed.
const DefaultCredentials = "io.confluent.connect.jdbc.util.DefaultJdbcCredentialsProvider" //nolint:gosec // The name of a class.

// CheckCredentials is the validator of jdbc.credentials.provider.class.
func CheckCredentials(name string, value any) error {
	if value == DefaultCredentials {
		return nil
	}
	return config.InvalidValue(name, value, "Only "+DefaultCredentials+" is supported: Java classes cannot be loaded")
}

// CheckZone is the validator of db.timezone.
func CheckZone(name string, value any) error {
	s, _ := value.(string)
	if _, err := Zone(s); err != nil {
		return config.InvalidValue(name, value, "Invalid time zone. See the list of valid time zones at https://docs.oracle.com/javase/8/docs/api/java/time/ZoneId.html#shortIds")
	}
	return nil
}

// JavaNames are the values of dialect.name that the Java connectors list, in their
// order: more than there are here.
func JavaNames() config.Choices {
	return config.Choices{
		"", "Db2DatabaseDialect", "MySqlDatabaseDialect", "SybaseDatabaseDialect", "GenericDatabaseDialect", "OracleDatabaseDialect",
		"SqlServerDatabaseDialect", "PostgreSqlDatabaseDialect", "SqliteDatabaseDialect", "DerbyDatabaseDialect", "SapHanaDatabaseDialect", "VerticaDatabaseDialect",
	}
}

// CheckName is the validator of dialect.name.
func CheckName(name string, value any) error {
	if s, ok := value.(string); ok && !slices.Contains(JavaNames(), s) {
		return config.InvalidValue(name, value, "Invalid enumerator")
	}
	return nil
}

// Placed returns keys of a definition at other places of the form: two connectors
// have keys in common that their forms show elsewhere.
func Placed(of config.Def) func(name, group string, order int) config.Key {
	return func(name, group string, order int) config.Key {
		i := slices.IndexFunc(of, func(k config.Key) bool { return k.Name == name })
		k := of[i]
		k.Group, k.Order = group, order
		return k
	}
}
