package sink

import (
	"slices"
	"strings"

	"sluice/connect/config"
	"sluice/connectors/jdbc/dialect"
)

// enum accepts the values in upper or lower case, also as items of a list. The
// lower-case form is canonical.
type enum []string

// Check implements config.Validator.
func (e enum) Check(name string, value any) error {
	items, ok := value.([]string)
	if !ok {
		text, _ := value.(string)
		items = []string{text}
	}
	for _, item := range items {
		if !slices.ContainsFunc(e, func(v string) bool { return item == v || item == strings.ToUpper(v) }) {
			return config.InvalidValue(name, item, "Invalid enumerator")
		}
	}
	return nil
}

// offered are the values that a key recommends.
type offered []string

// Values implements config.Recommender.
func (o offered) Values(string, map[string]any) []any {
	all := make([]any, len(o))
	for i, s := range o {
		all[i] = s
	}
	return all
}

// Visible implements config.Recommender.
func (offered) Visible(string, map[string]any) bool { return true }

// javaDialects are the values of dialect.name that the Java connector lists, in
// its order.
func javaDialects() []string {
	return []string{
		"", "Db2DatabaseDialect", "MySqlDatabaseDialect", "SybaseDatabaseDialect", "GenericDatabaseDialect", "OracleDatabaseDialect",
		"SqlServerDatabaseDialect", "PostgreSqlDatabaseDialect", "SqliteDatabaseDialect", "DerbyDatabaseDialect", "SapHanaDatabaseDialect", "VerticaDatabaseDialect",
	}
}

func checkDialect(name string, value any) error {
	if s, ok := value.(string); ok && !slices.Contains(javaDialects(), s) {
		return config.InvalidValue(name, value, "Invalid enumerator")
	}
	return nil
}

func checkCredentials(name string, value any) error {
	if value == defaultCredentials {
		return nil
	}
	return config.InvalidValue(name, value, "Only "+defaultCredentials+" is supported: Java classes cannot be loaded")
}

func checkZone(name string, value any) error {
	s, _ := value.(string)
	if _, err := dialect.Zone(s); err != nil {
		return config.InvalidValue(name, value, "Invalid time zone. See the list of valid time zones at https://docs.oracle.com/javase/8/docs/api/java/time/ZoneId.html#shortIds")
	}
	return nil
}

func isRecordKey(parsed map[string]any) bool {
	mode, _ := parsed["pk.mode"].(string)
	return strings.EqualFold(mode, pkRecordKey)
}

// deletes offers what delete.enabled may be under the pk.mode.
type deletes struct{}

// Values implements config.Recommender.
func (deletes) Values(_ string, parsed map[string]any) []any {
	if isRecordKey(parsed) {
		return []any{true, false}
	}
	return []any{false}
}

// Visible implements config.Recommender.
func (deletes) Visible(_ string, parsed map[string]any) bool { return isRecordKey(parsed) }

// pkModes offers the modes that delete.enabled leaves.
type pkModes struct{}

// Values implements config.Recommender.
func (pkModes) Values(name string, parsed map[string]any) []any {
	if on, _ := parsed["delete.enabled"].(bool); on {
		return offered{pkRecordKey}.Values(name, parsed)
	}
	return offered(allPkModes()).Values(name, parsed)
}

// Visible implements config.Recommender.
func (pkModes) Visible(string, map[string]any) bool { return true }
