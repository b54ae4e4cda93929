package json

import (
	"bytes"
	"math/big"
	"strconv"

	"sluice/connect/schema"
)

// isFraction reports whether Jackson makes a decimal of a number's text.
func isFraction(text []byte) bool { return bytes.ContainsAny(text, ".eE") }

// decimalParts is a number's text taken apart: the number is digits * 10^-scale.
type decimalParts struct {
	negative    bool
	whole, frac []byte
	scale       int64
}

func takeApart(text []byte) (p decimalParts, ok bool) {
	if text[0] == '-' {
		p.negative, text = true, text[1:]
	}
	exp := int64(0)
	if i := bytes.IndexAny(text, "eE"); i >= 0 {
		var err error
		// BigDecimal takes exponents of 32 bits.
		if exp, err = strconv.ParseInt(string(text[i+1:]), 10, 33); err != nil {
			return p, false
		}
		text = text[:i]
	}
	p.whole, p.frac, _ = bytes.Cut(text, []byte{'.'})
	p.scale = int64(len(p.frac)) - exp
	return p, p.scale == int64(int32(p.scale))
}

// scaleFits reports whether BigDecimal can hold the number.
func scaleFits(text []byte) bool {
	if bytes.IndexByte(text, 'e') < 0 && bytes.IndexByte(text, 'E') < 0 {
		return true
	}
	_, ok := takeApart(text)
	return ok
}

// integer returns what longValue of Java returns for a number: the low 64 bits,
// without the fraction.
func integer(text []byte) int64 {
	if isFraction(text) {
		return truncated(text)
	}
	negative := text[0] == '-'
	if negative {
		text = text[1:]
	}
	return signed(wrap(0, text), negative)
}

func wrap(n uint64, digits []byte) uint64 {
	for _, c := range digits {
		n = n*10 + uint64(c-'0')
	}
	return n
}

func signed(n uint64, negative bool) int64 {
	if negative {
		return -int64(n)
	}
	return int64(n)
}

// truncated is BigDecimal.longValue.
func truncated(text []byte) int64 {
	p, _ := takeApart(text)
	digits := append(append(make([]byte, 0, len(p.whole)+len(p.frac)), p.whole...), p.frac...)
	digits = bytes.TrimLeft(digits, "0")
	if len(digits) == 0 || int64(len(digits)) <= p.scale || p.scale <= -64 {
		return 0
	}
	if p.scale >= 0 {
		return signed(wrap(0, digits[:len(digits)-int(p.scale)]), p.negative)
	}
	n := wrap(0, digits)
	for range -p.scale {
		n *= 10
	}
	return signed(n, p.negative)
}

// isInt32 reports whether Jackson makes an IntNode of a number's text.
func isInt32(text []byte) bool {
	if isFraction(text) {
		return false
	}
	if len(bytes.TrimLeft(text, "-0")) > 10 {
		return false
	}
	n := integer(text)
	return n == int64(int32(n))
}

// float returns the number as floatValue and doubleValue of Java do, beyond the
// range an infinity. bits is 32 or 64.
func float(text []byte, bits int) float64 {
	// The error is one of range, and the infinity is the answer.
	f, _ := strconv.ParseFloat(string(text), bits)
	if f == 0 && zeroDigits(text) {
		return 0 // BigDecimal has no negative zero
	}
	return f
}

func zeroDigits(text []byte) bool {
	for _, c := range text {
		if c|0x20 == 'e' {
			break
		}
		if c >= '1' && c <= '9' {
			return false
		}
	}
	return true
}

// decimal returns the number with the scale that its text has.
func decimal(text []byte) *schema.Decimal {
	p, _ := takeApart(text)
	digits := string(p.whole) + string(p.frac)
	n, _ := new(big.Int).SetString(digits, 10)
	if p.negative {
		n.Neg(n)
	}
	return &schema.Decimal{Unscaled: n, Scale: int32(p.scale)}
}
