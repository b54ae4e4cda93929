// Package house holds the structure of the repository: who may import whom, how
// long a file may be, what every package must have, and what no file may hold.
// The rules and their reasons are in docs/architecture.md.
package house_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root     = "../.."
	module   = "sluice/"
	maxLines = 800
)

// file is a file of the repository; its path is relative to the root.
type file struct {
	path string
	text []byte
}

func (f file) dir() string  { return filepath.ToSlash(filepath.Dir(f.path)) }
func (f file) isTest() bool { return strings.HasSuffix(f.path, "_test.go") }

// within tells whether a path is the folder or below it.
func within(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// withinAny tells whether a path is one of the folders or below one.
func withinAny(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return within(path, f) })
}

// files returns what belongs to the repository: not what was built, what a run
// left behind, or what a tool keeps in a hidden folder (except CI's).
func files(t *testing.T) []file {
	t.Helper()
	var all []file
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if slices.Contains([]string{"bin", "data", "dist", "build"}, rel) || len(rel) > 1 && rel[0] == '.' && rel != ".ci" {
				return filepath.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		all = append(all, file{filepath.ToSlash(rel), text})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// goFiles returns the Go files that people wrote.
func goFiles(t *testing.T) []file {
	t.Helper()
	all := slices.DeleteFunc(files(t), func(f file) bool {
		return filepath.Ext(f.path) != ".go" || strings.Contains(f.path, "testdata/") || bytes.Contains(f.text, []byte("\n// Code generated ")) || bytes.HasPrefix(f.text, []byte("// Code generated "))
	})
	if len(all) < 10 {
		t.Fatalf("only %d Go files were found: the test looks in the wrong place", len(all))
	}
	return all
}
