package definition

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf16"
)

// CompileRegex compiles a regular expression that must match a whole text. If
// it is not valid, reason says why: in the words of java.util.regex for the
// mistakes that are the same in both languages, else in Go's. Java's look-around,
// back references and possessive quantifiers are not known to Go and refused.
func CompileRegex(pattern string) (re *regexp.Regexp, reason string) {
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		return nil, explain(pattern, err)
	}
	re, err := regexp.Compile(`^(?:` + pattern + `)$`)
	if err != nil {
		return nil, explain(pattern, err)
	}
	return re, ""
}

func explain(pattern string, err error) string {
	var e *syntax.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	length := units(pattern)
	switch e.Code {
	case syntax.ErrMissingBracket:
		if strings.HasSuffix(pattern, "-") {
			return at("Illegal character range", length, length, pattern)
		}
		return at("Unclosed character class", max(length-1, 0), length, pattern)
	case syntax.ErrMissingParen:
		return at("Unclosed group", length, length, pattern)
	case syntax.ErrUnexpectedParen:
		if i := strings.IndexByte(pattern, ')'); i > 0 && !strings.Contains(pattern, "(") {
			return at("Unmatched closing ')'", units(pattern[:i])-1, length, pattern)
		}
	case syntax.ErrInvalidPerlOp:
		if i := strings.Index(pattern, e.Expr); i >= 0 && len(e.Expr) == 3 && e.Expr[2] >= 'a' && e.Expr[2] <= 'z' {
			return at("Unknown inline modifier", units(pattern[:i])+2, length, pattern)
		}
	case syntax.ErrTrailingBackslash:
		return at("Unexpected internal error", length, length, pattern)
	case syntax.ErrInvalidRepeatSize:
		if i := strings.Index(pattern, e.Expr); i >= 0 && invertedRange(e.Expr) {
			return at("Illegal repetition range", units(pattern[:i+len(e.Expr)])-1, length, pattern)
		}
	case syntax.ErrMissingRepeatArgument:
		if pattern != "" && strings.HasPrefix(pattern, e.Expr) {
			return at("Dangling meta character '"+pattern[:1]+"'", 0, length, pattern)
		}
	default:
	}
	return e.Code.String() + ": `" + e.Expr + "`"
}

// units is the length as Java counts it.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

// invertedRange reports whether the repetition is one like {2,1}.
func invertedRange(expr string) bool {
	low, high, ok := strings.Cut(strings.Trim(expr, "{}"), ",")
	from, lowErr := strconv.Atoi(low)
	to, highErr := strconv.Atoi(high)
	return ok && lowErr == nil && highErr == nil && to < from
}

// at is PatternSyntaxException.getMessage; the caret stands below the index if
// that is inside the pattern.
func at(what string, index, length int, pattern string) string {
	text := what + " near index " + strconv.Itoa(index) + "\n" + pattern
	if index < length {
		text += "\n" + strings.Repeat(" ", index) + "^"
	}
	return text
}
