package file

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect/config"
	"sluice/connect/connecttest"
)

func TestSourceContract(t *testing.T) {
	t.Parallel()
	connecttest.SourceTask(t, connecttest.Source{
		Plugin: plugins(strings.NewReader(""), io.Discard).Sources[0],
		Setup: func(t *testing.T) connecttest.SourceSystem {
			t.Helper()
			path := filepath.Join(t.TempDir(), "in.txt")
			n := 0
			return connecttest.SourceSystem{
				Config: config.Map{fileKey: path, topicKey: "t", batchKey: "3"},
				Append: func(t *testing.T, more int) {
					t.Helper()
					var b bytes.Buffer
					for range more { // lengths differ, and not all is ASCII
						b.WriteString(strings.Repeat("zeile äß€😀 ", n%5) + string(rune('a'+n%26)) + "\n")
						n++
					}
					write(t, path, b.String())
				},
			}
		},
	})
}

func TestSinkContract(t *testing.T) {
	t.Parallel()
	connecttest.SinkTask(t, connecttest.Sink{
		Plugin: plugins(nil, io.Discard).Sinks[0],
		Setup: func(t *testing.T) connecttest.SinkSystem {
			t.Helper()
			path := filepath.Join(t.TempDir(), "out.txt")
			return connecttest.SinkSystem{
				Config: config.Map{fileKey: path},
				Read: func(t *testing.T) []string {
					t.Helper()
					b, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
				},
			}
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	connecttest.CheckConfig[sourceSettings](t, sourceDef())
	connecttest.CheckConfig[sinkSettings](t, sinkDef())
}
