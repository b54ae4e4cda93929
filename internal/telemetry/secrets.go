package telemetry

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Hidden stands for a secret, as in Java's Password.toString.
const Hidden = "[hidden]"

// shortest is the length from which a secret is masked inside of longer text: a
// shorter one, such as "1", would black out whatever holds it.
const shortest = 4

// Secrets masks values that must not be logged (invariant 6): those that config
// providers resolved and those of PASSWORD keys. The zero value knows none. It may
// be used by many goroutines at once.
type Secrets struct {
	mu       sync.Mutex
	values   map[string]struct{}
	replacer atomic.Pointer[masker]
}

type masker struct {
	whole  map[string]struct{}
	inside *strings.Replacer
}

// Add makes values known as secrets, for good. Empty ones are left out.
func (s *Secrets) Add(values ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := maps.Clone(s.values)
	if known == nil {
		known = map[string]struct{}{}
	}
	for _, v := range values {
		if v != "" {
			known[v] = struct{}{}
		}
		// The content of a secret file is mostly used without its line end.
		if line := strings.TrimRight(v, "\r\n"); line != "" {
			known[line] = struct{}{}
		}
	}
	if len(known) == len(s.values) {
		return
	}
	s.values = known
	// The longest first, so that a secret that begins with another goes whole.
	order := slices.SortedFunc(maps.Keys(known), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	var pairs []string
	for _, v := range order {
		if len(v) >= shortest {
			pairs = append(pairs, v, Hidden)
		}
	}
	s.replacer.Store(&masker{whole: known, inside: strings.NewReplacer(pairs...)})
}

// Mask returns the text with [Hidden] in place of each secret. Secrets shorter
// than four bytes are masked only where they are the whole text.
func (s *Secrets) Mask(text string) string {
	m := s.replacer.Load()
	if m == nil {
		return text
	}
	if _, secret := m.whole[text]; secret {
		return Hidden
	}
	return m.inside.Replace(text)
}

// mask does it for an attribute's value. One that is no text is turned into text
// only where that text holds a secret. Errors become text always.
func (s *Secrets) mask(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(s.Mask(v.String()))
	case slog.KindAny:
		// fmt survives an Error method that panics, such as that of a nil pointer.
		if err, ok := v.Any().(error); ok {
			return slog.StringValue(s.Mask(fmt.Sprint(err)))
		}
		if s.replacer.Load() == nil {
			return v
		}
		plain := fmt.Sprintf("%+v", v.Any())
		if masked := s.Mask(plain); masked != plain {
			return slog.StringValue(masked)
		}
	case slog.KindInt64, slog.KindUint64, slog.KindFloat64:
		if masked := s.Mask(v.String()); masked == Hidden {
			return slog.StringValue(masked)
		}
	case slog.KindBool, slog.KindDuration, slog.KindTime, slog.KindGroup, slog.KindLogValuer:
	}
	return v
}
