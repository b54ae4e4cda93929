package jdbc

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/connect/config"
	source "sluice/connectors/jdbc"
	"sluice/connectors/jdbc/sink"
	kafkatest "sluice/test/kafka"
)

var rewrite = flag.Bool("rewrite", false, "write the keys into the guide")

const guide = "../../docs/connectors/jdbc.md"

// TestGuideNamesEveryKey compares the keys of the guide with the definitions.
func TestGuideNamesEveryKey(t *testing.T) {
	t.Parallel()
	sources, sinks := source.Plugins().Sources, sink.Plugins().Sinks
	want := keyTable("Source", sources[0].Config, sources[1].Config) + keyTable("Sink", sinks[0].Config, sinks[1].Config)
	if *rewrite {
		if err := kafkatest.ReplaceSection(guide, "keys", want); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.FromSlash(guide))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), want) {
		t.Errorf("the keys of %s are not those of the connectors: go test ./test/jdbc -rewrite", guide)
	}
}

// keyTable writes the keys of the two connectors of a kind.
func keyTable(title string, confluent, aiven config.Def) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n### %s\n\n| key | Confluent | Aiven | |\n|---|---|---|---|\n", title)
	other := map[string]config.Key{}
	for _, k := range aiven {
		other[k.Name] = k
	}
	for _, k := range confluent {
		theirs := "–"
		if a, ok := other[k.Name]; ok {
			theirs = standard(a)
			delete(other, k.Name)
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Name, standard(k), theirs, strings.ReplaceAll(k.Doc, "|", `\|`))
	}
	for _, k := range aiven {
		if _, ok := other[k.Name]; ok {
			fmt.Fprintf(&b, "| `%s` | – | %s | %s |\n", k.Name, standard(k), strings.ReplaceAll(k.Doc, "|", `\|`))
		}
	}
	return b.String() + "\n"
}

// standard is what holds where nobody sets the key.
func standard(k config.Key) string {
	switch v := k.Default.(type) {
	case nil:
		if k.Required {
			return "required"
		}
		return "none"
	case string:
		if v == "" {
			return "empty"
		}
		return "`" + v[strings.LastIndexByte(v, '.')+1:] + "`"
	case []string:
		if len(v) == 0 {
			return "empty"
		}
		return "`" + strings.Join(v, ",") + "`"
	case config.Secret:
		return "empty"
	default:
		return fmt.Sprintf("`%v`", v)
	}
}
