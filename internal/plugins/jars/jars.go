// Package jars lists the Java plugins that lie in the directories of plugin.path.
//
// It reads names only: service files, class files' heads, manifests. It runs no
// Java and judges nothing beyond "this class is a source connector of that
// version", so that the worker can say at start what it found and what of it runs
// natively. What cannot be read is a warning, never a failure.
//
// Start reading at [Scan].
package jars

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Found is one plugin class of one kind; a class of two kinds is found twice.
type Found struct {
	// Class is the full name with dots, inner classes with $.
	Class string
	// Kind is a type of package plugins, such as plugins.TypeSource.
	Kind string
	// Version is from the jar's manifest, pom.properties or file name; empty
	// where none tells. What the class itself would answer is not known.
	Version string
	// Location is the path of the jar, or of the directory of class files.
	Location string
}

// Warning is something in plugin.path that was passed over.
type Warning struct {
	Path    string
	Problem string
}

// String gives path and problem.
func (w Warning) String() string { return w.Path + ": " + w.Problem }

// Result is what a scan found, sorted by class, kind and location, and what it
// could not read.
type Result struct {
	Found    []Found
	Warnings []Warning
}

// Scan lists the plugins in plugin.path: directories and archives with commas in
// between. As in Java, an archive (.jar or .zip) is a plugin by itself; of a
// directory each archive and each sub-directory in it is one, and a sub-directory
// has all archives below it, or else class files. It blocks on the file system, a
// few milliseconds a jar, and ends early, with what it has, when ctx ends.
func Scan(ctx context.Context, pluginPath string) Result {
	s := scanner{}
	if strings.TrimSpace(pluginPath) != "" {
		for element := range strings.SplitSeq(pluginPath, ",") {
			s.element(ctx, strings.TrimSpace(element))
		}
	}
	slices.SortFunc(s.Found, func(a, b Found) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Location, b.Location))
	})
	s.Found = slices.Compact(s.Found)
	return s.Result
}

type scanner struct{ Result }

func (s *scanner) warn(path, format string, args ...any) {
	s.Warnings = append(s.Warnings, Warning{Path: path, Problem: fmt.Sprintf(format, args...)})
}

// element scans one part of plugin.path.
func (s *scanner) element(ctx context.Context, path string) {
	if path == "" {
		s.warn("plugin.path", "one of its elements is empty: remove the extra comma")
		return
	}
	info, err := os.Stat(path)
	if err != nil {
		s.warn(path, "not readable: %v", err)
		return
	}
	switch {
	case info.IsDir():
		entries, err := os.ReadDir(path)
		if err != nil {
			s.warn(path, "not readable: %v", err)
		}
		for _, e := range entries {
			child := filepath.Join(path, e.Name())
			if info, err := os.Stat(child); err != nil {
				s.warn(child, "not readable: %v", err)
			} else if info.IsDir() || isArchive(child) {
				s.location(ctx, child)
			}
		}
	case isArchive(path):
		s.location(ctx, path)
	default:
		s.warn(path, "neither a directory nor a .jar or .zip file")
	}
}

// location scans one plugin: its classes may use one another.
func (s *scanner) location(ctx context.Context, path string) {
	l := location{classes: map[string]file{}, parsed: map[string]class{}}
	defer l.close()
	for _, p := range s.archives(path) {
		if ctx.Err() != nil {
			return
		}
		a, err := open(p)
		if err != nil {
			s.warn(p, "not readable: %v", err)
			continue
		}
		l.add(a)
	}
	l.scan(ctx, s)
}

// archives lists the archives below a directory in the order of their paths, or
// the directory itself where it has class files only. Links are followed, each
// directory is read once.
func (s *scanner) archives(path string) []string {
	if isArchive(path) {
		return []string{path}
	}
	var found []string
	hasClasses := false
	visited := map[string]bool{}
	var walk func(dir string)
	walk = func(dir string) {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil {
			s.warn(dir, "not readable: %v", err)
			return
		}
		if visited[real] {
			return
		}
		visited[real] = true
		entries, err := os.ReadDir(dir)
		if err != nil {
			s.warn(dir, "not readable: %v", err)
		}
		for _, e := range entries {
			child := filepath.Join(dir, e.Name())
			info, err := os.Stat(child)
			switch {
			case err != nil:
				s.warn(child, "not readable: %v", err)
			case info.IsDir():
				walk(child)
			case isArchive(child):
				found = append(found, child)
			case isClassFile(child):
				hasClasses = true
			}
		}
	}
	walk(path)
	if len(found) == 0 && hasClasses {
		return []string{path}
	}
	return found
}

func isArchive(path string) bool {
	lower := strings.ToLower(path)
	return strings.HasSuffix(lower, ".jar") || strings.HasSuffix(lower, ".zip")
}

func isClassFile(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".class") }
