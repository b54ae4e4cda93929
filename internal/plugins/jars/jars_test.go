package jars

import (
	"archive/zip"
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sluice/internal/plugins"
)

const (
	sourceBase = "org/apache/kafka/connect/source/SourceConnector"
	sinkBase   = "org/apache/kafka/connect/sink/SinkConnector"
)

// classBytes makes the head of a class file.
func classBytes(access uint16, name, super string, interfaces ...string) []byte {
	b := []byte("\xca\xfe\xba\xbe\x00\x00\x00\x3d")
	names := append([]string{name, super}, interfaces...)
	count := 1 + 2 + 2*len(names)
	b = binary.BigEndian.AppendUint16(b, uint16(count))
	b = append(b, tagLong, 0, 0, 0, 0, 0, 0, 0, 1) // constants 1 and 2
	for i, n := range names {
		b = append(b, tagUTF8)
		b = binary.BigEndian.AppendUint16(b, uint16(len(n)))
		b = append(b, n...)
		b = append(b, tagClass)
		b = binary.BigEndian.AppendUint16(b, uint16(3+2*i))
	}
	b = binary.BigEndian.AppendUint16(b, access)
	b = binary.BigEndian.AppendUint16(b, 4)
	b = binary.BigEndian.AppendUint16(b, 6)
	b = binary.BigEndian.AppendUint16(b, uint16(len(interfaces)))
	for i := range interfaces {
		b = binary.BigEndian.AppendUint16(b, uint16(8+2*i))
	}
	return b
}

// class adds a class file to the files of a jar.
func (j jar) class(name, super string, interfaces ...string) jar {
	j[name+".class"] = string(classBytes(accessPublic, name, super, interfaces...))
	return j
}

type jar map[string]string

func (j jar) write(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	for name, content := range j {
		e, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// check scans and compares; the locations and warnings are relative to dir.
func check(t *testing.T, dir, pluginPath string, want []Found, warnings ...string) {
	t.Helper()
	got := Scan(t.Context(), pluginPath)
	for i, f := range got.Found {
		got.Found[i].Location = strings.TrimPrefix(f.Location, dir+"/")
	}
	if diff := cmp.Diff(want, got.Found); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	if len(got.Warnings) != len(warnings) {
		t.Fatalf("warnings %q, want %q", got.Warnings, warnings)
	}
	for i, w := range got.Warnings {
		if text := strings.ReplaceAll(w.String(), dir+"/", ""); !strings.HasPrefix(text, warnings[i]) {
			t.Errorf("warning %q, want %q", text, warnings[i])
		}
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	jar{
		"META-INF/MANIFEST.MF": "Manifest-Version: 1.0\r\nImplementation-Version: 1.\r\n 2.3\r\n\r\nName: x\r\nImplementation-Version: 9\r\n",
		"META-INF/services/org.apache.kafka.connect.source.SourceConnector":          "# a\n x.Src # c\n\nx.Gone\n",
		"META-INF/services/org.apache.kafka.connect.connector.Connector":             "x.Snk\r\nx.Odd\r\n",
		"META-INF/services/org.apache.kafka.connect.storage.Converter":               "x.Conv",
		"META-INF/services/org.apache.kafka.connect.storage.HeaderConverter":         "x.Conv",
		"META-INF/services/org.apache.kafka.connect.transforms.Transformation":       "x.T$Key",
		"META-INF/services/org.apache.kafka.connect.transforms.predicates.Predicate": "x.P",
		"META-INF/services/org.apache.kafka.common.config.provider.ConfigProvider":   "x.C",
	}.class("x/Src", sourceBase).class("x/Snk", "x/Base").class("x/Base", sinkBase).class("x/Odd", "java/lang/Object").
		class("x/Conv", "java/lang/Object").class("x/T$Key", "x/T").class("x/P", "java/lang/Object").
		class("x/OtherConnector", sourceBase).
		write(t, filepath.Join(dir, "x", "x-1.0.jar"))
	const at, v = "x/x-1.0.jar", "1.2.3"
	check(t, dir, dir, []Found{
		{"x.Conv", plugins.TypeConverter, v, at},
		{"x.Conv", plugins.TypeHeaderConverter, v, at},
		{"x.P", plugins.TypePredicate, v, at},
		{"x.Snk", plugins.TypeSink, v, at},
		{"x.Src", plugins.TypeSource, v, at},
		{"x.T$Key", plugins.TypeTransformation, v, at},
	}, "x/x-1.0.jar: a service file names the class x.Gone,", "x/x-1.0.jar: the class x.Odd is neither")
}

func TestClasses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	main := jar{
		"a/Abstract.class":                  string(classBytes(accessPublic|accessAbstract, "a/Abstract", "lib/Base")),
		"a/Hidden.class":                    string(classBytes(0, "a/Hidden", "lib/Base")),
		"a/Face.class":                      string(classBytes(accessPublic|accessInterface|accessAbstract, "a/Face", "java/lang/Object", "org/apache/kafka/connect/storage/Converter")),
		"a/Moved.class":                     string(classBytes(accessPublic, "b/Moved", sourceBase)),
		"a/Bad.class":                       "\xca\xfe\xba\xbe\x00",
		"module-info.class":                 "x",
		"META-INF/x/A.class":                "x",
		"META-INF/maven/g/a/pom.properties": "artifactId=a\nversion=2.0.0.Final\n",
	}
	main.class("a/One", "a/Abstract").class("a/Both", "java/lang/Object", "a/Face", "org/apache/kafka/connect/storage/HeaderConverter").
		class("a/One$1", "a/Abstract").class("a/One$Inner", sinkBase).class("a/Loop", "a/Loop2").class("a/Loop2", "a/Loop").
		class("a/Num", "org/apache/kafka/connect/converters/NumberConverter").class("a/Plain", "java/lang/Object")
	main.write(t, filepath.Join(dir, "p", "sub", "a.jar"))
	jar{}.class("lib/Base", sourceBase).write(t, filepath.Join(dir, "p", "lib-3.1.jar"))
	const at, v = "p/sub/a.jar", "2.0.0.Final"
	check(t, dir, dir, []Found{
		{"a.Both", plugins.TypeConverter, v, at},
		{"a.Both", plugins.TypeHeaderConverter, v, at},
		{"a.Num", plugins.TypeConverter, v, at},
		{"a.Num", plugins.TypeHeaderConverter, v, at},
		{"a.One", plugins.TypeSource, v, at},
		{"a.One$Inner", plugins.TypeSink, v, at},
		{"lib.Base", plugins.TypeSource, "3.1", "p/lib-3.1.jar"},
	}, "p/sub/a.jar: a/Bad.class is not readable: class file ends too early")
}

// Beside a jar with a service file, only what is called a connector is looked at.
func TestMixed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	jar{"META-INF/services/org.apache.kafka.connect.sink.SinkConnector": "x.S"}.class("x/S", sinkBase).
		write(t, filepath.Join(dir, "p", "a.jar"))
	jar{"y/Broken.class": "x"}.class("y/YConnector", sourceBase).class("y/Other", sourceBase).
		write(t, filepath.Join(dir, "p", "b.jar"))
	check(t, dir, dir, []Found{{"x.S", plugins.TypeSink, "", "p/a.jar"}, {"y.YConnector", plugins.TypeSource, "", "p/b.jar"}})
}

func TestPaths(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one := jar{}.class("a/A", sourceBase)
	one.write(t, filepath.Join(dir, "one", "direct.jar"))
	one.write(t, filepath.Join(dir, "two", "UPPER.JAR"))
	one.write(t, filepath.Join(dir, "two", "arch.zip"))
	for name, content := range map[string][]byte{
		"three/classes/a/A.class": classBytes(accessPublic, "a/A", "a/B"),
		"three/classes/a/B.class": classBytes(accessPublic|accessAbstract, "a/B", sinkBase),
		"three/notes.txt":         nil,
		"three/docs/readme.txt":   nil,
		"three/bad/broken.jar":    []byte("PK\x03\x04 no"),
		"three/bad/empty.jar":     nil,
		"three/mixed/x.jar/f.txt": nil,
		"three/mixed/C.class":     []byte("x"),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	one.write(t, filepath.Join(dir, "three", "mixed", "m.jar"))
	for name, to := range map[string]string{
		"three/mixed/loop":   ".",
		"three/linked":       filepath.Join(dir, "one"),
		"three/dangling.jar": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	d := dir + "/"
	check(t, dir, " "+d+"one , "+d+"two/UPPER.JAR,"+d+"two/arch.zip,"+d+"three,,"+d+"none,"+d+"three/notes.txt", []Found{
		{"a.A", plugins.TypeSink, "", "three/classes"},
		{"a.A", plugins.TypeSource, "", "one/direct.jar"},
		{"a.A", plugins.TypeSource, "", "three/linked/direct.jar"},
		{"a.A", plugins.TypeSource, "", "three/mixed/m.jar"},
		{"a.A", plugins.TypeSource, "", "two/UPPER.JAR"},
		{"a.A", plugins.TypeSource, "", "two/arch.zip"},
	},
		"three/bad/broken.jar: not readable", "three/bad/empty.jar: not readable",
		"three/dangling.jar: not readable",
		"plugin.path: one of its elements is empty", "none: not readable", "three/notes.txt: neither")
	check(t, dir, "  ", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got := Scan(ctx, d+"one"); len(got.Found) != 0 {
		t.Errorf("found %v after the end", got.Found)
	}
}

func TestVersionOfFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"connect-file-4.3.1.jar":                      "4.3.1",
		"debezium-connector-postgres-3.2.0.Final.jar": "3.2.0.Final",
		"a-1.0-SNAPSHOT.jar":                          "1.0-SNAPSHOT",
		"kafka_2.13-4.3.1.jar":                        "4.3.1",
		"a-b.jar":                                     "",
		"1.2.3.jar":                                   "",
	} {
		a := archive{path: "/x/" + name}
		if got := a.findVersion(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
