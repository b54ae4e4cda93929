package config_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"sluice/connect/config"
)

var definition = config.Def{
	{Name: "file", Type: config.String},
	{Name: "topic", Type: config.String, Required: true, Validator: config.NonEmpty{}},
	{Name: "batch.size", Type: config.Int, Default: int32(2000), Validator: config.AtLeast(1)},
	{Name: "wait.ms", Type: config.Long, Default: int64(5)},
	{Name: "password", Type: config.Password},
	{Name: "list", Type: config.List, Default: []string{}, Validator: config.UniqueList{EmptyAllowed: true}},
}

func TestValidateGivesJavasMessages(t *testing.T) {
	t.Parallel()
	values := definition.Validate(config.Raw{
		"batch.size": new("many"), "wait.ms": new("x"), "list": new("a, b,a"), "password": new("geheim"),
	})
	got := map[string][]string{}
	for _, v := range values {
		if len(v.Errors) > 0 {
			got[v.Name] = v.Errors
		}
	}
	want := map[string][]string{
		"topic": {`Missing required configuration "topic" which has no default value.`},
		"batch.size": {
			"Invalid value many for configuration batch.size: Not a number of type INT",
			"Invalid value null for configuration batch.size: Value must be non-null",
		},
		"wait.ms": {"Invalid value x for configuration wait.ms: Not a number of type LONG"},
		"list":    {"Configuration 'list' values must not be duplicated."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := fmt.Sprintf("%v %+v %#v", values.Find("password").Value, values.Find("password").Value, values.Find("password").Value); s != "[hidden] [hidden] [hidden]" {
		t.Errorf("a secret prints as %s", s)
	}
}

type settings struct {
	File      *string       `config:"file"`
	BatchSize int           `config:"batch.size"`
	Wait      time.Duration `config:"wait.ms"`
	List      []string      `config:"list"`
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, err := config.Decode[settings](definition, config.Map{"topic": "t", "batch.size": " 7 ", "list": "a , b,a"})
	if err != nil {
		t.Fatal(err)
	}
	want := settings{BatchSize: 7, Wait: 5 * time.Millisecond, List: []string{"a", "b"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := config.Decode[settings](definition, config.Map{"topic": ""}); err == nil {
		t.Error("an empty topic was accepted")
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"1", " true", "-0x1p-2", "1e400", "a,,b", "Infinity", "\x00"} {
		f.Add(s)
	}
	types := []config.Type{config.Boolean, config.String, config.Int, config.Short, config.Long, config.Double, config.List, config.Class, config.Password}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range types {
			v, err := config.Parse("k", s, typ)
			if (v == nil) == (err == nil) {
				t.Errorf("%s %q: value %v, error %v", typ, s, v, err)
			}
			config.Show(v)
		}
	})
}

// TestEmbed holds the order of ConfigDef.embed: keys without a group first, by
// order, then required ones, importance and name; then the groups.
func TestEmbed(t *testing.T) {
	t.Parallel()
	def := config.Def{
		{Name: "z", Group: "B", Order: 2},
		{Name: "y", Group: "B", Order: 1, Dependents: []string{"z"}},
		{Name: "x", Group: "A", Order: 0},
		{Name: "low", Importance: config.Low},
		{Name: "b", Importance: config.Medium},
		{Name: "a", Importance: config.Medium, DisplayName: "The A"},
		{Name: "must", Importance: config.Low, Required: true},
	}
	var got []string
	for _, k := range def.Embed("p.", "G", 2) {
		got = append(got, fmt.Sprintf("%s|%s|%d|%s|%s", k.Name, k.Group, k.Order, k.DisplayName, strings.Join(k.Dependents, ",")))
	}
	want := []string{
		"p.must|G|2|must|", "p.a|G|3|The A|", "p.b|G|4|b|", "p.low|G|5|low|",
		"p.y|G: B|6|y|p.z", "p.z|G: B|7|z|", "p.x|G: A|8|x|",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if def[2].OrderInGroup() != 0 || def[3].OrderInGroup() != -1 {
		t.Error("an order of 0 is unset where there is no group, and only there")
	}
}
