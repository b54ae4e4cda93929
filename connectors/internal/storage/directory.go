package storage

import (
	"errors"
	"strconv"
	"strings"

	"sluice/connect/config"
	"sluice/transforms/javaregex"
)

// CaptureGroupsKey is the key of the expression whose groups directories may hold.
const CaptureGroupsKey = "topic.capture.groups.regex"

// Directory is the value of a key such as topics.dir, in which ${topic} and, with
// an expression, ${0} to ${n} stand for parts of a topic's name. It does not
// change; any goroutine may use it.
type Directory struct {
	text    string
	pattern *javaregex.Pattern
	// last is the highest group that the text refers to; -1 is none.
	last int
}

// CompileGroups compiles the value of topic.capture.groups.regex. The error is a
// *config.Error in the words of the original.
func CompileGroups(regex string) (*javaregex.Pattern, error) {
	p, err := javaregex.Compile(regex)
	if err != nil {
		return nil, config.Errorf("%s is an invalid regex pattern: %v", CaptureGroupsKey, err)
	}
	return p, nil
}

// NewDirectory checks the value of the key; groups may be nil. The error is a
// *config.Error in the words of the original.
func NewDirectory(key, value string, groups *javaregex.Pattern) (*Directory, error) {
	d := &Directory{text: value, pattern: groups, last: -1}
	rest := strings.Builder{}
	for at := 0; at < len(value); {
		n, size := reference(value[at:])
		if size == 0 {
			rest.WriteByte(value[at])
			at++
			continue
		}
		d.last = max(d.last, n)
		at += size
	}
	if d.last >= 0 && groups == nil {
		return nil, config.Errorf("%s cannot contain ${} without a valid %s being configured.", key, CaptureGroupsKey)
	}
	unknown := strings.ReplaceAll(rest.String(), "${topic}", "")
	if start := strings.Index(unknown, "${"); start >= 0 {
		// The expression of the original is greedy: up to the last brace of the line.
		line, _, _ := strings.Cut(unknown[start:], "\n")
		if end := strings.LastIndexByte(line, '}'); end > 0 {
			return nil, config.Errorf("%s: %s contains an invalid ${} substitution %s. Valid substitutions are ${topic} and ${n} where n >= 0.", key, value, line[:end+1])
		}
	}
	return d, nil
}

// reference reads ${n} at the start of the text; size is 0 where there is none.
// A number beyond any count of groups stands for itself.
func reference(text string) (n, size int) {
	if !strings.HasPrefix(text, "${") {
		return 0, 0
	}
	digits, _, ok := strings.Cut(text[len("${"):], "}")
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, 0
	}
	n, err := strconv.Atoi(digits)
	if errors.Is(err, strconv.ErrRange) {
		n = int(^uint(0) >> 1)
	}
	return n, len(digits) + len("${}")
}

// For returns the directory of the topic. The error is a *config.Error: the topic
// does not match the expression, or the expression has too few groups.
func (d *Directory) For(topic string) (string, error) {
	text := strings.ReplaceAll(d.text, "${topic}", topic)
	if d.pattern == nil {
		return text, nil
	}
	groups, ok := d.pattern.Groups(topic)
	if !ok {
		return "", config.InvalidValue(CaptureGroupsKey, d.pattern.String(), "Topic "+topic+" does not fully match the specified regex.")
	}
	if count := len(groups) - 1; d.last > count {
		return "", config.Errorf("Topic %s must have at least %d capture groups using regex pattern %s, but actually had %d capture groups.",
			topic, d.last, d.pattern, count)
	}
	for i, g := range groups {
		held := ""
		if g != nil {
			held = *g
		}
		text = strings.ReplaceAll(text, "${"+strconv.Itoa(i)+"}", held)
	}
	return text, nil
}
