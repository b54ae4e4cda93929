package schema_test

import (
	"bytes"
	"math/big"
	"testing"

	"sluice/connect/schema"
)

func TestUnscaled(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]byte{
		"0": {0}, "1": {1}, "-1": {0xff}, "127": {0x7f}, "128": {0, 0x80}, "-128": {0x80}, "-129": {0xff, 0x7f},
		"255": {0, 0xff}, "256": {1, 0}, "-256": {0xff, 0}, "-32768": {0x80, 0}, "32768": {0, 0x80, 0},
		"-170141183460469231731687303715884105728": append([]byte{0x80}, make([]byte, 15)...),
	} {
		n, _ := new(big.Int).SetString(text, 10)
		got := (&schema.Decimal{Unscaled: n, Scale: 2}).AppendUnscaled([]byte("x"))
		if !bytes.Equal(got, append([]byte("x"), want...)) {
			t.Errorf("%s is %x, want %x behind x", text, got, want)
		}
		if back := schema.DecimalOfBytes(want, 2); back.Unscaled.Cmp(n) != 0 || back.Scale != 2 {
			t.Errorf("%x are %s with the scale %d, want %s", want, back.Unscaled, back.Scale, text)
		}
	}
	if n := schema.DecimalOfBytes(nil, 0).Unscaled; n.Sign() != 0 {
		t.Errorf("no bytes are %s", n)
	}
	long := schema.DecimalOfBytes([]byte{0xff, 0xff, 0xff, 0x80}, 0) // more bytes than needed
	if got := long.AppendUnscaled(nil); !bytes.Equal(got, []byte{0x80}) {
		t.Errorf("-128 is %x", got)
	}
}
