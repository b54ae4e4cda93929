package javadate_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"sluice/transforms/javadate"
)

// recorded are answers of SimpleDateFormat of Java 17 in English and UTC; years
// of two digits began in 1946 there.
type recorded struct {
	Format []struct {
		Pattern string
		Millis  int64
		Text    string
	}
	Parse []struct {
		Pattern, Text string
		Millis        *int64
		Error         string
	}
	Bad []struct {
		Pattern string
		Error   *string
	}
}

func load(t *testing.T) recorded {
	t.Helper()
	b, err := os.ReadFile("testdata/java.json")
	if err != nil {
		t.Fatal(err)
	}
	var r recorded
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Format) == 0 || len(r.Parse) == 0 || len(r.Bad) == 0 {
		t.Fatal("the recording is not complete")
	}
	return r
}

func TestFormatWritesAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Format {
		f, err := javadate.New(c.Pattern)
		if err != nil {
			t.Fatalf("pattern %q: %v", c.Pattern, err)
		}
		if got := string(f.Append(nil, c.Millis)); got != c.Text {
			t.Errorf("%q of %d (%s): got %q, want %q", c.Pattern, c.Millis, time.UnixMilli(c.Millis).UTC().Format(time.RFC3339), got, c.Text)
		}
	}
}

func TestParseReadsAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Parse {
		f, err := javadate.New(c.Pattern)
		if err != nil {
			t.Fatalf("pattern %q: %v", c.Pattern, err)
		}
		javadate.SetCentury(f, 1946)
		got, ok := f.Parse(c.Text)
		switch {
		case ok != (c.Millis != nil):
			t.Errorf("%q of %q: got %d, %v; want %s", c.Text, c.Pattern, got, ok, c.Error)
		case ok && got != *c.Millis:
			t.Errorf("%q of %q: got %s, want %s", c.Text, c.Pattern, show(got), show(*c.Millis))
		}
	}
}

func show(millis int64) string { return time.UnixMilli(millis).UTC().Format("2006-01-02T15:04:05.000") }

func TestNewRefusesAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Bad {
		_, err := javadate.New(c.Pattern)
		switch {
		case c.Error == nil && err != nil:
			t.Errorf("%q: got %v", c.Pattern, err)
		case c.Error != nil && (err == nil || err.Error() != *c.Error):
			t.Errorf("%q: got %v, want %s", c.Pattern, err, *c.Error)
		}
	}
}

func TestTwoDigitYearsAreNear(t *testing.T) {
	t.Parallel()
	f, err := javadate.New("yy")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"00", "26", "45", "46", "99"} {
		millis, ok := f.Parse(text)
		years := time.UnixMilli(millis).Year() - time.Now().Year()
		if !ok || years < -80 || years >= 20 {
			t.Errorf("%q is %d years from now", text, years)
		}
	}
}

func FuzzFormat(f *testing.F) {
	f.Add("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2023-11-14T22:13:20.123+01:30", int64(1700000000123))
	f.Add("G y ww u EEEE z", "BC 44 10 3 Tuesday PST", int64(-62135596800001))
	f.Add("'", "", int64(0))
	f.Fuzz(func(t *testing.T, pattern, text string, millis int64) {
		p, err := javadate.New(pattern)
		if err != nil {
			return
		}
		if len(pattern) > 100 {
			return
		}
		p.Parse(text)
		if out := p.Append(nil, millis%(1<<50)); strings.Contains(string(out), "%") && !strings.Contains(pattern, "%") {
			t.Errorf("%q gives %q", pattern, out)
		}
		const exact = "yyyy-MM-dd'T'HH:mm:ss.SSS G"
		e, err := javadate.New(exact)
		if err != nil {
			t.Fatal(err)
		}
		in := millis % (1 << 47)
		if back, ok := e.Parse(string(e.Append(nil, in))); !ok || back != in {
			t.Errorf("%d comes back from %s as %d", in, e.Append(nil, in), back)
		}
	})
}
