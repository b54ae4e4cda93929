package schema

import "math/big"

// AppendUnscaled appends the unscaled integer as BigInteger.toByteArray of Java:
// big-endian two's complement, in as few bytes as hold it. That is how the logical
// type Decimal lies in bytes.
func (d *Decimal) AppendUnscaled(dst []byte) []byte {
	n := d.Unscaled
	bits, negative := n.BitLen(), n.Sign() < 0
	if negative && n.TrailingZeroBits() == uint(bits-1) {
		bits-- // -2^k needs no bit more than 2^k-1
	}
	size := bits/8 + 1
	for range size {
		dst = append(dst, 0)
	}
	out := n.FillBytes(dst[len(dst)-size:])
	if !negative {
		return dst
	}
	carry := true
	for i := size - 1; i >= 0; i-- {
		out[i] = ^out[i]
		if carry {
			out[i]++
			carry = out[i] == 0
		}
	}
	return dst
}

// DecimalOfBytes returns the decimal of a scale whose unscaled integer is in the
// bytes, as AppendUnscaled writes it; no bytes are 0.
func DecimalOfBytes(unscaled []byte, scale int32) *Decimal {
	n := new(big.Int).SetBytes(unscaled)
	if len(unscaled) > 0 && unscaled[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(unscaled))*8))
	}
	return &Decimal{Unscaled: n, Scale: scale}
}
