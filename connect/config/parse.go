package config

import (
	"fmt"
	"strconv"
	"strings"
)

// Error is a value that a key does not accept (ConfigException of Java). Its
// message is what clients see and match.
type Error struct{ Message string }

func (e *Error) Error() string { return e.Message }

// Errorf returns an Error with a message of its own.
func Errorf(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// InvalidValue returns the error of a value that does not fit, with the reason.
// A nil value shows as null, a secret as hidden.
func InvalidValue(name string, value any, reason string) error {
	return &Error{"Invalid value " + Show(value) + " for configuration " + name + ": " + reason}
}

// Show returns the text of a parsed value as Java prints it in messages.
func Show(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case []string:
		return "[" + strings.Join(v, ", ") + "]"
	case float64:
		return formatDouble(v)
	default:
		return fmt.Sprint(v)
	}
}

// Format returns the text of a parsed value as answers show it
// (ConfigDef.convertToString); ok is false for null.
func Format(value any) (text string, ok bool) {
	switch v := value.(type) {
	case nil:
		return "", false
	case []string:
		return strings.Join(v, ","), true
	default:
		return Show(v), true
	}
}

// Parse returns the value of the text for the type (ConfigDef.parseType), or an
// *Error. Text is trimmed as Java does: blanks and control characters.
func Parse(name, text string, t Type) (any, error) {
	s := Trim(text)
	notNumber := func() error { return InvalidValue(name, text, "Not a number of type "+string(t)) }
	switch t {
	case Boolean:
		switch {
		case strings.EqualFold(s, "true"):
			return true, nil
		case strings.EqualFold(s, "false"):
			return false, nil
		}
		return nil, InvalidValue(name, text, "Expected value to be either true or false")
	case Int:
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return nil, notNumber()
		}
		return int32(n), nil
	case Short:
		n, err := strconv.ParseInt(s, 10, 16)
		if err != nil {
			return nil, notNumber()
		}
		return int16(n), nil
	case Long:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, notNumber()
		}
		return n, nil
	case Double:
		n, ok := parseDouble(s)
		if !ok {
			return nil, notNumber()
		}
		return n, nil
	case List:
		return splitList(s), nil
	case Password:
		return NewSecret(s), nil
	default:
		return s, nil
	}
}

// Trim cuts what String.trim of Java cuts.
func Trim(s string) string { return strings.TrimFunc(s, func(r rune) bool { return r <= ' ' }) }

func splitList(s string) []string {
	if s == "" {
		return []string{}
	}
	items := strings.Split(s, ",")
	for i := range items {
		// Java splits at \s*,\s*: the ends of the whole text are trimmed already.
		items[i] = strings.Trim(items[i], " \t\n\x0b\f\r")
	}
	return items
}

// parseDouble takes what Double.parseDouble takes: a type suffix, and no
// underscores nor the spellings of infinity that only Go knows.
func parseDouble(s string) (float64, bool) {
	s = strings.TrimRight(s, "fFdD")
	switch strings.TrimLeft(s, "+-") {
	case "Infinity", "NaN":
	default:
		if strings.ContainsAny(s, "_iInN") {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil && !strings.Contains(err.Error(), "range") {
		return 0, false
	}
	return n, true
}

func formatDouble(f float64) string {
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if a := max(f, -f); f != 0 && (a < 1e-3 || a >= 1e7) {
		s = strings.Replace(strings.Replace(strconv.FormatFloat(f, 'E', -1, 64), "E+0", "E", 1), "E-0", "E-", 1)
		s = strings.Replace(s, "E+", "E", 1)
		if m, e, _ := strings.Cut(s, "E"); !strings.Contains(m, ".") {
			s = m + ".0E" + e
		}
		return s
	}
	if !strings.ContainsAny(s, ".N") {
		s += ".0"
	}
	return s
}
