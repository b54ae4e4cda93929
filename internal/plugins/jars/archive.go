package jars

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxSize bounds what is read of one file in an archive. The Java format allows
// class files of a little more; no plugin has them.
const maxSize = 16 << 20

// archive is a jar or a directory of class files.
type archive struct {
	path  string
	files map[string]file // by path with slashes
	close func() error
	// version is empty where nothing tells.
	version string
}

// file opens one file of an archive.
type file struct {
	open func() (io.ReadCloser, error)
}

// read returns the content, or an error where it is longer than maxSize.
func (f file) read() (_ []byte, err error) {
	r, err := f.open()
	if err != nil {
		return nil, err
	}
	defer func() {
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
	}()
	b, err := io.ReadAll(io.LimitReader(r, maxSize+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxSize {
		return nil, fmt.Errorf("longer than %d bytes", maxSize)
	}
	return b, nil
}

func open(path string) (*archive, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	a := &archive{path: path, files: map[string]file{}, close: func() error { return nil }}
	if info.IsDir() {
		err := a.addDir()
		a.version = a.findVersion()
		return a, err
	}
	r, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	a.close = r.Close
	for _, f := range r.File {
		if !f.FileInfo().IsDir() {
			a.files[f.Name] = file{f.Open}
		}
	}
	a.version = a.findVersion()
	return a, nil
}

func (a *archive) addDir() error {
	return filepath.WalkDir(a.path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(a.path, path)
		if err != nil {
			return err
		}
		a.files[filepath.ToSlash(name)] = file{func() (io.ReadCloser, error) { return os.Open(path) }}
		return nil
	})
}

// fileVersion finds the version in a name such as connect-file-4.3.1.jar.
var fileVersion = regexp.MustCompile(`^.+?-(\d+(?:\.\d+)+(?:[.\-+][\w.\-+]*)?)\.\w+$`)

// findVersion takes the version from the first place that tells.
func (a *archive) findVersion() string {
	if m, ok := a.files["META-INF/MANIFEST.MF"]; ok {
		if b, err := m.read(); err == nil {
			if v := manifestAttribute(string(b), "Implementation-Version"); v != "" {
				return v
			}
		}
	}
	if v := a.pomVersion(); v != "" {
		return v
	}
	if m := fileVersion.FindStringSubmatch(filepath.Base(a.path)); m != nil {
		return m[1]
	}
	return ""
}

// pomVersion reads the pom.properties that Maven leaves in a jar. A jar with
// other jars packed into it has several; then the one that the file is named for
// counts.
func (a *archive) pomVersion() string {
	var versions []string
	for name, f := range a.files {
		if !strings.HasPrefix(name, "META-INF/maven/") || !strings.HasSuffix(name, "/pom.properties") {
			continue
		}
		b, err := f.read()
		if err != nil {
			continue
		}
		pom := plainProperties(string(b))
		if strings.HasPrefix(filepath.Base(a.path), pom["artifactId"]+"-"+pom["version"]) {
			return pom["version"]
		}
		versions = append(versions, pom["version"])
	}
	if len(versions) == 1 {
		return versions[0]
	}
	return ""
}

// plainProperties reads the key=value lines that Maven writes, which need none of
// the format's escapes.
func plainProperties(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(line, "="); ok {
			values[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return values
}

// manifestAttribute reads an attribute of a manifest's main section, which ends
// with the first empty line. A line that starts with a blank continues the one
// before.
func manifestAttribute(manifest, name string) string {
	manifest = strings.NewReplacer("\r\n ", "", "\n ", "", "\r ", "").Replace(manifest)
	for line := range strings.Lines(strings.ReplaceAll(manifest, "\r\n", "\n")) {
		line = strings.TrimRight(line, "\n")
		if line == "" {
			break
		}
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
