package convertertest_test

import (
	"testing"

	"sluice/converters/convertertest"
)

// TestLoad reads every value of every file, so that a form that the loader does
// not know fails here and not in a converter's test.
func TestLoad(t *testing.T) {
	t.Parallel()
	for _, f := range []struct {
		name  string
		touch func(testing.TB, convertertest.Case)
	}{
		{"json-from", encoded},
		{"primitive-from", encoded},
		{"simpleheader-from", encoded},
		{"json-to", decoded},
		{"primitive-to", decoded},
		{"simpleheader-to", decoded},
		{"values-parse", func(t testing.TB, c convertertest.Case) { c.Input.Text(t); c.Output.Data(t) }},
		{"values-convert", func(t testing.TB, c convertertest.Case) { c.Input.Data(t); c.Output.Value(t) }},
	} {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range convertertest.Load(t, f.name) {
				t.Run(c.ID, func(t *testing.T) { f.touch(t, c) })
			}
		})
	}
}

func encoded(t testing.TB, c convertertest.Case) {
	d := c.Input.Data(t)
	convertertest.CheckData(t, d, c.Input.Data(t))
	c.Output.Bytes(t)
}

func decoded(t testing.TB, c convertertest.Case) {
	c.Input.Bytes(t)
	c.Output.Data(t)
}
