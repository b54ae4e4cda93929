package properties

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// allowedPaths are the directories and files that a provider may read; nil is no
// restriction. Links are not followed to compare, as in Java: whoever can place a
// link in an allowed directory can place the secret there.
type allowedPaths []string

func parseAllowed(key, value string) (allowedPaths, error) {
	if value == "" {
		return nil, nil
	}
	var allowed allowedPaths
	for path := range strings.SplitSeq(strings.TrimRight(value, ","), ",") {
		clean := filepath.Clean(path)
		if !filepath.IsAbs(path) {
			return nil, fmt.Errorf("invalid value %s for configuration %s: Path %s is not absolute", value, key, path)
		}
		if _, err := os.Stat(clean); err != nil {
			return nil, fmt.Errorf("invalid value %s for configuration %s: Path %s does not exist: %w", value, key, clean, err)
		}
		allowed = append(allowed, clean)
	}
	return allowed, nil
}

// permit gives the path to open; ok is false where it lies elsewhere.
func (a allowedPaths) permit(path string) (clean string, ok bool) {
	if a == nil {
		return path, true
	}
	clean = filepath.Clean(path)
	ok = slices.ContainsFunc(a, func(root string) bool {
		return clean == root || strings.HasPrefix(clean, strings.TrimSuffix(root, "/")+"/")
	})
	return clean, ok
}

func notAllowed(path string) string {
	return fmt.Sprintf("The path %s is not allowed to be accessed by allowed.paths", path)
}

// fileProvider reads a properties file in UTF-8.
type fileProvider struct{ allowed allowedPaths }

func (p fileProvider) get(path string, keys []string) (map[string]string, string, error) {
	if path == "" {
		return nil, "it has no path", nil
	}
	clean, ok := p.allowed.permit(path)
	if !ok {
		return nil, notAllowed(path), nil
	}
	data, err := os.ReadFile(clean)
	if err != nil {
		return nil, "", fmt.Errorf("Could not read properties from file %s: %w", path, err) //nolint:staticcheck // Java's text
	}
	if !utf8.Valid(data) {
		return nil, "", fmt.Errorf("Could not read properties from file %s: it is not UTF-8", path) //nolint:staticcheck // Java's text
	}
	all, _, err := parse([]rune(string(data)))
	if err != nil {
		return nil, "", fmt.Errorf("Could not read properties from file %s: %w", path, err) //nolint:staticcheck // Java's text
	}
	values := map[string]string{}
	for _, key := range keys {
		if v, ok := all[key]; ok {
			values[key] = v
		}
	}
	return values, "", nil
}

// directoryProvider takes the content of the file that is named as the key, its
// last line end included. Kubernetes mounts secrets so.
type directoryProvider struct{ allowed allowedPaths }

func (p directoryProvider) get(path string, keys []string) (map[string]string, string, error) {
	if path == "" {
		return nil, "it has no path", nil
	}
	clean, ok := p.allowed.permit(path)
	if !ok {
		return nil, notAllowed(path), nil
	}
	if !isDir(clean) {
		return nil, fmt.Sprintf("The path %s is not a directory", path), nil
	}
	values := map[string]string{}
	for _, key := range keys {
		if key == "" || key == "." || key == ".." || strings.ContainsRune(key, filepath.Separator) {
			continue // no file in this directory has such a name
		}
		file := filepath.Join(clean, key)
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, "", fmt.Errorf("Could not read file %s for property %s: %w", file, key, err) //nolint:staticcheck // Java's text
		}
		if !utf8.Valid(data) {
			return nil, "", fmt.Errorf("Could not read file %s for property %s: it is not UTF-8", file, key) //nolint:staticcheck // Java's text
		}
		values[key] = string(data)
	}
	return values, "", nil
}

// isDir is false, too, where nothing can be seen at the path: Java makes no
// difference.
func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
