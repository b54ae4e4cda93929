package config_test

import (
	"fmt"
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
	got, err := config.Decode[settings](definition, config.Map{"topic": "t", "batch.size": " 7 ", "list": "a , b"})
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
