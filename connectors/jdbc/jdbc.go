// Package jdbc copies tables and queries of databases into topics: the
// connectors io.confluent.connect.jdbc.JdbcSourceConnector and
// io.aiven.connect.jdbc.JdbcSourceConnector. The two differ in their keys and in
// a few habits, which variant and settings.aiven hold.
//
// connector.go plans tasks and watches for new tables; task.go polls the tables
// of a task in turn; querier.go is one table or query with its place; cursor.go
// and convert.go turn rows into records. Databases are known to the package
// dialect below.
package jdbc

import (
	"context"
	"log/slog"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/plugin"
	"sluice/connectors/jdbc/dialect"
)

// variant is one of the two connectors.
type variant struct{ isAiven bool }

func (v variant) keys() config.Def {
	if v.isAiven {
		return aivenKeys()
	}
	return confluentKeys()
}

// opener connects to a database; it is dialect.Open but in tests.
type opener = func(ctx context.Context, log *slog.Logger, c dialect.Config) (*dialect.DB, error)

// Plugins returns the connectors.
func Plugins() plugin.Set {
	return plugin.Set{Sources: []plugin.Source{
		source("io.confluent.connect.jdbc", "10.10.0", variant{}),
		source("io.aiven.connect.jdbc", "6.10.0", variant{isAiven: true}),
	}}
}

func source(javaPackage, version string, v variant) plugin.Source {
	return plugin.Source{
		Info:      plugin.Info{Class: javaPackage + ".JdbcSourceConnector", Version: version, Config: v.keys()},
		TaskClass: javaPackage + ".source.JdbcSourceTask",
		New:       func() connect.SourceConnector { return &connector{variant: v, open: dialect.Open} },
		NewTask:   func() connect.SourceTask { return &task{variant: v, open: dialect.Open} },
	}
}
