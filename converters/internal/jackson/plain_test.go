package jackson

import "testing"

// TestPlain tries each byte at each place among others.
func TestPlain(t *testing.T) {
	t.Parallel()
	for _, rest := range []byte{' ', '!', '#', '[', ']', 'x', '~', 0x7f} {
		for at := range 8 {
			for c := range 256 {
				b := []byte{rest, rest, rest, rest, rest, rest, rest, rest}
				b[at] = byte(c)
				want := c < 0x80 && escapes[c] == 0
				if got := plain(string(b)); got != want {
					t.Fatalf("%q is plain: %v, want %v", b, got, want)
				}
			}
		}
	}
}
