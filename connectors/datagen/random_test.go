package datagen

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRandomIsThatOfJava holds numbers that java.util.Random(42) gave, in order.
func TestRandomIsThatOfJava(t *testing.T) {
	t.Parallel()
	r := newRandom(42)
	got := []any{r.below(10), r.below(16), r.nextDouble(), r.nextLong(), r.nextFloat(), r.nextBoolean()}
	want := []any{int32(0), int32(0), 0.6832234717598454, int64(5694868678511409995), float32(0.27707845), true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-Java +ours):\n%s", diff)
	}
	if n := newRandom(42).nextInt(); n != -1170105035 {
		t.Errorf("nextInt gives %d", n)
	}
}

func TestBytesAreThoseOfTheNumbers(t *testing.T) {
	t.Parallel()
	b := make([]byte, 6)
	newRandom(42).nextBytes(b)
	r := newRandom(42)
	first, second := uint32(r.nextInt()), uint32(r.nextInt())
	want := []byte{byte(first), byte(first >> 8), byte(first >> 16), byte(first >> 24), byte(second), byte(second >> 8)}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Error(diff)
	}
}
