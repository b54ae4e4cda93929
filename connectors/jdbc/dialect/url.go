package dialect

import (
	"database/sql"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"sluice/connect/config"
)

// Target is what a JDBC URL leads to.
type Target struct {
	Dialect Dialect
	// Ignored are the parameters that this program has no use for, sorted.
	Ignored []string

	address          string // host:port of the first host
	open             func() (*sql.DB, error)
	zeroDatesAreNull bool
}

// ParseURL takes a JDBC URL apart and translates its parameters to those of the
// Go driver. A user and password that are given go before those in the URL. An
// unknown kind of database gives Java's "No suitable driver found for"; a
// parameter that changes security and cannot be obeyed is refused by name.
// Parsing does not connect. No error holds the values of parameters.
func ParseURL(jdbc, user string, password config.Secret) (Target, error) {
	for _, p := range []struct {
		prefix string
		parse  func(rest string, given credentials) (Target, error)
	}{
		{"jdbc:postgresql:", parsePostgres},
		{"jdbc:mysql:", parseMySQL},
		{"jdbc:mariadb:", parseMySQL},
		{"jdbc:sqlite:", parseSQLite},
		{"jdbc:sqlserver:", parseSQLServer},
		{"jdbc:oracle:thin:", parseOracle},
	} {
		if rest, ok := strings.CutPrefix(jdbc, p.prefix); ok {
			t, err := p.parse(rest, credentials{user, password.Reveal()})
			if err != nil {
				return Target{}, fmt.Errorf("connection.url: %w", err)
			}
			slices.Sort(t.Ignored)
			return t, nil
		}
	}
	shown, _, _ := strings.Cut(jdbc, "?")
	shown, _, _ = strings.Cut(shown, ";")
	return Target{}, fmt.Errorf("No suitable driver found for %s", shown) //nolint:staticcheck // Java's text.
}

type credentials struct{ user, password string }

// hosts takes "//h1:p1,h2/database?a=b" apart.
func hosts(rest, defaultHost, defaultPort string) (list []string, database string, params map[string]string, err error) {
	rest, query, _ := strings.Cut(rest, "?")
	params = map[string]string{}
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		if params[name], err = url.QueryUnescape(value); err != nil {
			return nil, "", nil, fmt.Errorf("parameter %s is not escaped as a URL is", name)
		}
	}
	authority, database := "", rest
	if after, ok := strings.CutPrefix(rest, "//"); ok {
		authority, database, _ = strings.Cut(after, "/")
	}
	if database, err = url.PathUnescape(database); err != nil {
		return nil, "", nil, fmt.Errorf("the database name is not escaped as a URL is")
	}
	for h := range strings.SplitSeq(authority, ",") {
		host, port, err := splitHost(h, defaultHost, defaultPort)
		if err != nil {
			return nil, "", nil, err
		}
		list = append(list, host+":"+port)
	}
	return list, database, params, nil
}

// splitHost takes "host", "host:port" or "[v6]:port" apart; a v6 address keeps
// its brackets.
func splitHost(s, defaultHost, defaultPort string) (host, port string, err error) {
	if strings.ContainsAny(s, "@()= ") {
		return "", "", fmt.Errorf("host %q: write host:port, and give the user by connection.user", s[strings.LastIndexByte(s, '@')+1:])
	}
	host, port = s, ""
	if at := strings.LastIndexByte(s, ':'); at > strings.LastIndexByte(s, ']') {
		host, port = s[:at], s[at+1:]
	}
	if host == "" {
		host = defaultHost
	}
	if port == "" {
		port = defaultPort
	}
	if strings.Trim(port, "0123456789") != "" || strings.Contains(host, ":") != strings.HasPrefix(host, "[") {
		return "", "", fmt.Errorf("host %q: the port must be a number, and an address of IP version 6 in brackets", s)
	}
	return host, port, nil
}

// rules say what becomes of parameters: their new names, and those refused. All
// others are ignored.
type rules struct {
	set     map[string]func(value string) error
	refused map[string]string // what to do instead
}

func (r rules) apply(params map[string]string) (ignored []string, err error) {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if instead, ok := r.refused[name]; ok {
			return nil, fmt.Errorf("parameter %s is not supported: %s", name, instead)
		}
		set, ok := r.set[name]
		if !ok {
			ignored = append(ignored, name)
			continue
		}
		if err := set(params[name]); err != nil {
			return nil, fmt.Errorf("parameter %s %w", name, err)
		}
	}
	return ignored, nil
}

// into returns a rule that stores the text.
func into(to *string) func(string) error {
	return func(s string) error { *to = s; return nil }
}
