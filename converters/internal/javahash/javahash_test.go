package javahash_test

import (
	"strings"
	"testing"

	"sluice/converters/internal/javahash"
)

// TestOrder holds orders that a HashMap of Java 17 printed.
func TestOrder(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"other,work,list,home":                  "other,work,list,home",
		"home,work,other,list":                  "other,work,list,home",
		"f0,f1,f2,f3,f4,f5,f6,f7,f8,f9,f10,f11": "f6,f7,f8,f9,f10,f11,f0,f1,f2,f3,f4,f5",
		"a b,ü,x.y,_u":                          "a b,x.y,_u,ü",
	} {
		if got := strings.Join(javahash.Order(strings.Split(in, ",")), ","); got != want {
			t.Errorf("%s became %s, want %s", in, got, want)
		}
	}
}

func TestCopied(t *testing.T) {
	t.Parallel()
	got := javahash.Copied([]string{"org.apache.kafka.connect.data.Enum", "org.apache.kafka.connect.data.Enum.RED", "org.apache.kafka.connect.data.Enum.BLUE"})
	want := "org.apache.kafka.connect.data.Enum.BLUE,org.apache.kafka.connect.data.Enum,org.apache.kafka.connect.data.Enum.RED"
	if strings.Join(got, ",") != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
