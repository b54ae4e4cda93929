package login

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// jwt makes a token that holds for so long.
func jwt(life time.Duration) string {
	encode := base64.RawURLEncoding.EncodeToString
	payload := fmt.Sprintf(`{"sub":"me","exp":%d}`, time.Now().Add(life).Unix())
	return encode([]byte(`{"alg":"RS256"}`)) + "." + encode([]byte(payload)) + ".c2ln"
}

// TestTokensAreRenewed lets virtual hours go by.
func TestTokensAreRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fetched := 0
		c := NewCache(CacheConfig{
			Fetch:  func(context.Context) (string, error) { fetched++; return jwt(time.Hour), nil },
			Window: 0.8, Jitter: 0.05, Buffer: 5 * time.Minute,
		})
		for i, at := range []time.Duration{0, 40 * time.Minute, 15 * time.Minute, time.Minute, 2 * time.Hour} {
			time.Sleep(at)
			if _, err := c.Token(t.Context()); err != nil {
				t.Fatal(err)
			}
			if want := []int{1, 1, 2, 2, 3}[i]; fetched != want {
				t.Errorf("step %d: fetched %d times, want %d", i, fetched, want)
			}
		}
		failed := errors.New("gone")
		c.cfg.Fetch = func(context.Context) (string, error) { return "", failed }
		time.Sleep(time.Hour)
		if _, err := c.Token(t.Context()); !errors.Is(err, failed) {
			t.Errorf("got %v", err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		c.busy <- struct{}{}
		if _, err := c.Token(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func FuzzParseEntry(f *testing.F) {
	f.Add(`org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="p\"q;=";`)
	f.Add("M optional a=b c = 'd';")
	f.Add(`M required a="`)
	f.Fuzz(func(t *testing.T, text string) {
		entry, err := ParseEntry(text)
		if err != nil {
			return
		}
		// What was read, written in the plainest way, reads the same.
		var again strings.Builder
		esc := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)
		quote := func(s string) { again.WriteString(`"` + esc.Replace(s) + `"`) }
		quote(entry.Module)
		again.WriteString(" required")
		for k, v := range entry.Options {
			again.WriteByte(' ')
			quote(k)
			again.WriteByte('=')
			quote(v)
		}
		again.WriteByte(';')
		back, err := ParseEntry(again.String())
		if err != nil {
			t.Fatalf("%q from %q: %v", again.String(), text, err)
		}
		if diff := cmp.Diff(entry, back, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q (-first +again):\n%s", text, diff)
		}
	})
}
