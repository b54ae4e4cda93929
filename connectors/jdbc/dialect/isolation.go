package dialect

import "strings"

// level returns the SQL name of an isolation mode of the standard.
func level(mode string) (string, bool) {
	switch mode {
	case "read_uncommitted", "read_committed", "repeatable_read", "serializable":
		return strings.ToUpper(strings.ReplaceAll(mode, "_", " ")), true
	}
	return "", false
}

func (postgres) IsolationStatement(mode string) (string, bool) {
	l, ok := level(mode)
	return "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL " + l, ok
}

func (mySQL) IsolationStatement(mode string) (string, bool) {
	l, ok := level(mode)
	return "SET SESSION TRANSACTION ISOLATION LEVEL " + l, ok
}

func (sqlite) IsolationStatement(mode string) (string, bool) {
	switch mode {
	case "read_uncommitted":
		return "PRAGMA read_uncommitted = 1", true
	case "serializable":
		return "PRAGMA read_uncommitted = 0", true
	}
	return "", false
}

func (sqlServer) IsolationStatement(mode string) (string, bool) {
	if mode == "sql_server_snapshot" {
		return "SET TRANSACTION ISOLATION LEVEL SNAPSHOT", true
	}
	l, ok := level(mode)
	return "SET TRANSACTION ISOLATION LEVEL " + l, ok
}

func (oracle) IsolationStatement(mode string) (string, bool) {
	switch mode {
	case "read_committed", "serializable":
		l, _ := level(mode)
		return "ALTER SESSION SET ISOLATION_LEVEL = " + l, true
	}
	return "", false
}
