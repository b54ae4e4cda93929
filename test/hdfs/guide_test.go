package hdfs_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	contract "sluice/connect"
	"sluice/connect/config"
	"sluice/connectors/hdfs"
	kafkatest "sluice/test/kafka"
)

var rewrite = flag.Bool("rewrite", false, "write the keys into the guide")

const guide = "../../docs/connectors/hdfs.md"

func guideText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// example is a connector of the guide.
type example struct {
	Name   string     `json:"name"`
	Config config.Map `json:"config"`
}

func examples(t *testing.T) []example {
	t.Helper()
	var found []example
	for _, m := range regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(guideText(t), -1) {
		var e example
		if err := json.Unmarshal([]byte(m[1]), &e); err != nil {
			t.Fatalf("%v in %s", err, m[1])
		}
		found = append(found, e)
	}
	if len(found) != 2 {
		t.Fatalf("the guide has %d examples, want 2", len(found))
	}
	return found
}

// TestGuideNamesEveryKey compares the keys of the guide with the definition.
func TestGuideNamesEveryKey(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("\n| key | default | |\n|---|---|---|\n")
	for _, k := range hdfs.Plugins().Sinks[0].Config {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Name, standard(k), strings.ReplaceAll(k.Doc, "|", `\|`))
	}
	want := b.String() + "\n"
	if *rewrite {
		if err := kafkatest.ReplaceSection(guide, "keys", want); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(guideText(t), want) {
		t.Errorf("the keys of %s are not those of the connector: go test ./test/hdfs -rewrite", guide)
	}
}

// standard is what holds where nobody sets the key.
func standard(k config.Key) string {
	switch text := fmt.Sprint(k.Default); {
	case k.Default == nil && k.Required:
		return "required"
	case k.Default == nil:
		return "none"
	case text == "" || text == "[]":
		return "empty"
	default:
		return "`" + text[strings.LastIndexByte(text, '.')+1:] + "`"
	}
}

// TestGuideIsValid validates the examples, and looks for the messages that the
// guide explains.
func TestGuideIsValid(t *testing.T) {
	t.Parallel()
	sink := hdfs.Plugins().Sinks[0]
	for _, e := range examples(t) {
		values := sink.Config.Validate(e.Config.Raw())
		sink.New().(contract.ConfigValidator).ValidateConfig(context.Background(), e.Config, values)
		for _, v := range values {
			for _, text := range v.Errors {
				t.Errorf("%s, %s: %s", e.Name, v.Name, text)
			}
		}
	}
	_, table, _ := strings.Cut(guideText(t), "## When it does not work")
	table, _, _ = strings.Cut(table, "\n## ")
	code, err := os.ReadFile("../../connectors/hdfs/dfs/explain.go")
	if err != nil {
		t.Fatal(err)
	}
	messages := regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(table, -1)
	if len(messages) < 5 {
		t.Fatalf("the guide explains %q", messages)
	}
	for _, m := range messages {
		if !strings.Contains(string(code), m[1]) {
			t.Errorf("the guide explains %q, which no error says", m[1])
		}
	}
}
