package csv

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/connect/connecttest"
	"sluice/connect/schema"
)

func TestSourceContract(t *testing.T) {
	connecttest.SourceTask(t, connecttest.Source{
		Plugin: Plugins().Sources[0],
		Setup: func(t *testing.T) connecttest.SourceSystem {
			dir, files, rows := t.TempDir(), 0, 0
			return connecttest.SourceSystem{
				Config: config.Map{directoryKey: dir, topicKey: "t", batchKey: "3"},
				Append: func(t *testing.T, n int) {
					text := []byte("id,text\n")
					for range n {
						text = fmt.Appendf(text, "%d,\"row, \"\"%d\"\"\"\n", rows, rows)
						rows++
					}
					files++
					if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("part-%03d.csv", files)), text, 0o600); err != nil {
						t.Fatal(err)
					}
				},
			}
		},
	})
}

func TestSinkContract(t *testing.T) {
	row := schema.StructOf("", schema.Field{Name: "id", Schema: schema.Of(schema.Int64)}, schema.Field{Name: "text", Schema: schema.OptionalOf(schema.String)})
	connecttest.SinkTask(t, connecttest.Sink{
		Plugin: Plugins().Sinks[0],
		Setup: func(t *testing.T) connecttest.SinkSystem {
			dir := t.TempDir()
			return connecttest.SinkSystem{
				Config: config.Map{directoryKey: dir},
				Fill: func(i int, r *connect.Record, arena *schema.Arena) {
					s := arena.Struct(row)
					s.Values[0], s.Values[1] = schema.Int64Value(int64(i)), arena.CopyText(fmt.Appendf(nil, "row %d", i))
					r.Topic, r.Value = "t", connect.Data{Schema: row, Value: schema.StructValue(s)}
				},
				Text: func(i int) string { return fmt.Sprintf("%d,row %d", i, i) },
				Read: func(t *testing.T) []string {
					var rows []string
					paths, _ := filepath.Glob(filepath.Join(dir, "*.csv"))
					for _, path := range paths {
						text, err := os.ReadFile(path)
						if err != nil {
							t.Fatal(err)
						}
						if lines := strings.Split(strings.TrimSpace(string(text)), "\n"); len(lines) > 1 {
							rows = append(rows, lines[1:]...)
						}
					}
					return rows
				},
			}
		},
	})
}

func TestSettings(t *testing.T) {
	connecttest.CheckConfig[sourceSettings](t, sourceDef())
	connecttest.CheckConfig[sinkSettings](t, sinkDef())
}
