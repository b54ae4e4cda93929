package rest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/connect/config"
)

const headersKey = "response.http.headers.config"

// headerRule is one rule of response.http.headers.config (KIP-577).
type headerRule struct {
	name, value string
	add         bool
	date        bool
	offset      time.Duration // of a date, from now
}

// readHeaderRules reads rules as "set X-Frame-Options: DENY, \"add A: b, c\"". The
// error texts are Java's.
func readHeaderRules(text string) ([]headerRule, error) {
	if config.Trim(text) == "" {
		return nil, nil
	}
	var rules []headerRule
	for _, item := range splitQuoted(text) {
		rule, err := readHeaderRule(item)
		if err != nil {
			return nil, fmt.Errorf("%s=%s: %w", headersKey, text, err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

//nolint:staticcheck // Java's texts begin with capitals and end with stops.
func readHeaderRule(item string) (headerRule, error) {
	action, header, found := strings.Cut(strings.TrimSpace(item), " ")
	if header = strings.TrimSpace(header); !found || header == "" {
		return headerRule{}, fmt.Errorf("Invalid format of header config '%s'. Expected: '[action] [header name]:[header value]'", item)
	}
	rule := headerRule{}
	switch strings.ToLower(action) {
	case "set":
	case "add":
		rule.add = true
	case "setdate":
		rule.date = true
	case "adddate":
		rule.add, rule.date = true, true
	default:
		return headerRule{}, fmt.Errorf("Invalid header config action: '%s'. Expected one of [set, add, setDate, addDate]", action)
	}
	parts := strings.Split(header, ":")
	if len(parts) != 2 || parts[1] == "" {
		return headerRule{}, fmt.Errorf("Invalid format of header name and header value pair '%s'. Expected: '[header name]:[header value]'", header)
	}
	rule.name, rule.value = strings.TrimSpace(parts[0]), strings.TrimSpace(parts[1])
	if rule.name == "" || strings.ContainsAny(rule.name, " \t\r\n") {
		return headerRule{}, fmt.Errorf("Invalid header name '%s'. The '[header name]' cannot contain whitespace", rule.name)
	}
	if rule.date {
		millis, err := strconv.ParseInt(rule.value, 10, 64)
		if err != nil {
			return headerRule{}, fmt.Errorf("the value '%s' of a date is not a number of milliseconds from now", rule.value)
		}
		rule.offset = time.Duration(millis) * time.Millisecond
	}
	return rule, nil
}

// splitQuoted cuts at commas outside of double quotes, and takes the quotes off.
func splitQuoted(text string) []string {
	var items []string
	var item strings.Builder
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && quoted && i+1 < len(text):
			i++
			item.WriteByte(text[i])
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			items = append(items, strings.TrimSpace(item.String()))
			item.Reset()
		default:
			item.WriteByte(c)
		}
	}
	return append(items, strings.TrimSpace(item.String()))
}

func (r headerRule) apply(h http.Header, now time.Time) {
	value := r.value
	if r.date {
		value = now.Add(r.offset).UTC().Format(http.TimeFormat)
	}
	if r.add {
		h.Add(r.name, value)
	} else {
		h.Set(r.name, value)
	}
}
