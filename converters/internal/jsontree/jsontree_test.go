package jsontree_test

import (
	"testing"

	"sluice/converters/internal/jsontree"
)

func TestTextIsKept(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ in, want string }{
		{` { "b" : 1.50 , "a" : [ true , null , "x\u00e9\u0001\b\f\n\r\t\"\\" ] } `, `{"b":1.50,"a":[true,null,"xé\u0001\b\f\n\r\t\"\\"]}`},
		{`{"a":1,"b":2,"a":3}`, `{"a":3,"b":2}`},
		{`"\ud83d\ude00"`, `"😀"`},
		{`1e400`, `1e400`},
	} {
		n, err := jsontree.Parse([]byte(tt.in))
		if err != nil {
			t.Fatalf("%s: %v", tt.in, err)
		}
		if n.String() != tt.want {
			t.Errorf("%s became %s, want %s", tt.in, n, tt.want)
		}
	}
	for _, bad := range []string{"", "{", "1 2", `{"a"}`, "[1,", "nul"} {
		if n, err := jsontree.Parse([]byte(bad)); err == nil {
			t.Errorf("%q was read as %s", bad, n)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":null}]}`, `"\ud800"`, `[[[[`, `-0.0e+1`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := jsontree.Parse(text)
		if err != nil {
			return
		}
		again, err := jsontree.Parse([]byte(n.String()))
		if err != nil || !again.Equal(n) {
			t.Errorf("%q became %s, which is read as %v: %v", text, n, again, err)
		}
	})
}
