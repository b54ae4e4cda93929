package rest

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// illegal are the characters that Java's server takes in no path, however the
// client may think of them.
const illegal = "\"<>\\^`{|}"

// rawPath is the path as the client sent it, which url.URL does not keep where it
// is not encoded as it should be.
func rawPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	path, _, _ = strings.Cut(path, "#")
	if _, after, absolute := strings.Cut(path, "://"); absolute {
		_, path, _ = strings.Cut(after, "/")
		path = "/" + path
	}
	return path
}

// split cuts a path as it was sent into its segments, still encoded, without
// matrix parameters and without a slash at the end. fine is false where Java's
// server refuses the path: as ambiguous, because parts of it could be read in two
// ways, or as suspicious, because of control characters.
func split(path string) (segments []string, fine bool) {
	path = strings.TrimPrefix(path, "/")
	if strings.ContainsAny(path, "{}") {
		return nil, false // of parameters, too
	}
	last := strings.LastIndexByte(path, '/') + 1
	if last > 0 && strings.HasPrefix(path[last:], ";") {
		path = path[:last] // parameters of nothing
	}
	segments = strings.Split(strings.TrimSuffix(path, "/"), "/")
	for i, segment := range segments {
		name, _, parameters := strings.Cut(segment, ";")
		if name == "" && len(segments) > 1 || strings.HasPrefix(path, "/") || strings.HasSuffix(path, "//") {
			return nil, false // an empty segment
		}
		if !encodedWell(name) {
			return nil, false
		}
		if plain := strings.ReplaceAll(strings.ToLower(name), "%2e", "."); (plain == "." || plain == "..") && (parameters || plain != name) {
			return nil, false
		}
		segments[i] = name
	}
	return segments, !leavesRoot(segments)
}

func leavesRoot(segments []string) bool {
	depth := 0
	for _, name := range segments {
		switch name {
		case ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return true
		}
	}
	return false
}

// matrix is what stands for the matrix parameters of a segment, which Java's server does not
// look into.
var matrix = regexp.MustCompile(`;[^/]*`)

// malformed reports whether Java's server cannot parse the path: because of a NUL
// or a bad escape in it, or because it leaves the root.
func malformed(path string) bool {
	path = matrix.ReplaceAllString(path, "")
	decoded, err := url.PathUnescape(path)
	return err != nil || strings.ContainsRune(decoded, 0) || leavesRoot(strings.Split(strings.Trim(path, "/"), "/"))
}

// encodedWell reports whether the escapes of a segment are hexadecimal, stand for
// characters of UTF-8 and hide nothing that has a meaning in a path.
func encodedWell(name string) bool {
	decoded, err := url.PathUnescape(name)
	if err != nil || !utf8.ValidString(decoded) || strings.ContainsAny(name, illegal) {
		return false
	}
	if strings.ContainsFunc(decoded, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return false
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return false // to be encoded
	}
	lower := strings.ToLower(name)
	for _, hidden := range []string{"%2f", "%5c", "%25"} {
		if strings.Contains(lower, hidden) {
			return false
		}
	}
	return true
}

// query returns the query's parameters as they were sent, in order. What cannot
// be decoded stays as it is, where the standard library would drop it.
func query(r *request) url.Values {
	values := url.Values{}
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		if pair == "" {
			continue
		}
		key, value, _ := strings.Cut(pair, "=")
		key = decoded(key)
		values[key] = append(values[key], decoded(value))
	}
	return values
}

func decoded(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}

// flag reads a boolean query parameter as Java does: true in any case is true,
// anything else is false, and an absent or empty one the default. The first of
// several counts.
func flag(r *request, name string, absent bool) bool {
	v := query(r).Get(name)
	if v == "" {
		return absent
	}
	return strings.EqualFold(v, "true")
}
