package values

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/connect"
	"sluice/connect/schema"
)

// numberFormat is the class of the error for a text that is not a number.
const numberFormat = "java.lang.NumberFormatException"

const (
	compactDigits  = 18 // up to here java.math.BigDecimal words one error differently
	exponentDigits = 10
)

// number is a parsed decimal number: its digits without sign and point, and
// the power of ten that divides them.
type number struct {
	negative bool
	digits   string // at least one
	scale    int32
}

func notNumber(text string) error { return connect.ClassErrorf(numberFormat, "%s", text) }

// parseNumber reads the whole text as new BigDecimal(String) of Java does.
func parseNumber(text string) (number, error) {
	var n number
	if text == "" {
		return n, notNumber("No digits found.")
	}
	if text[0] == '-' || text[0] == '+' {
		n.negative = text[0] == '-'
		text = text[1:]
	}
	digits := make([]byte, 0, len(text))
	exponent := int64(0)
	point := -1
	for i, r := range text {
		d, isDigit := digit(r)
		switch {
		case isDigit:
			digits = append(digits, '0'+d)
			continue
		case r == '.' && point >= 0:
			return n, notNumber("Character array contains more than one decimal point.")
		case r == '.':
			point = len(digits)
			continue
		case r == 'e' || r == 'E':
			var err error
			if exponent, err = parseExponent(text[i+1:]); err != nil {
				return n, err
			}
			if exponent != int64(int32(exponent)) {
				return n, notNumber("Exponent overflow.")
			}
		case utf16Len(text) > compactDigits:
			return n, notNumber(`Character array is missing "e" notation exponential mark.`)
		default:
			return n, notNumber("Character " + string(r) + ` is neither a decimal digit number, decimal point, nor "e" notation exponential mark.`)
		}
		break
	}
	if len(digits) == 0 {
		return n, notNumber("No digits found.")
	}
	scale := -exponent
	if point >= 0 {
		scale += int64(len(digits) - point)
	}
	if scale != int64(int32(scale)) {
		return n, notNumber("Scale out of range.")
	}
	n.scale = int32(scale)
	n.digits = strings.TrimLeft(string(digits), "0")
	if n.digits == "" {
		n.digits = "0"
	}
	return n, nil
}

func parseExponent(text string) (int64, error) {
	negative := strings.HasPrefix(text, "-")
	if negative || strings.HasPrefix(text, "+") {
		text = text[1:]
	}
	if text == "" {
		return 0, notNumber("No exponent digits.")
	}
	for utf16Len(text) > exponentDigits {
		r, size := utf8.DecodeRuneInString(text)
		if d, ok := digit(r); !ok || d != 0 {
			return 0, notNumber("Too many nonzero exponent digits.")
		}
		text = text[size:]
	}
	digits := make([]byte, 0, exponentDigits)
	for _, r := range text {
		d, ok := digit(r)
		if !ok {
			return 0, notNumber("Not a digit.")
		}
		digits = append(digits, '0'+d)
	}
	e, err := strconv.ParseInt(string(digits), 10, 64)
	if negative {
		e = -e
	}
	return e, err
}

// ParseInt parses a decimal integer of so many bits as Long.parseLong does: its
// digits may be of any script.
func ParseInt(text string, bits int) (int64, error) {
	ascii := text
	if strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		ascii = strings.Map(func(r rune) rune {
			if d, ok := digit(r); ok {
				return rune('0' + d)
			}
			return r
		}, text)
	}
	return strconv.ParseInt(ascii, 10, bits)
}

// digit returns the value of a decimal digit of any script, as Character.digit;
// digits beyond the basic plane are pairs of characters in Java, and none.
func digit(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r - '0'), true
	case r < 0x80 || r > 0xFFFF:
		return 0, false
	}
	// The digits of a script stand together from 0 to 9.
	for _, span := range unicode.Nd.R16 {
		if r <= rune(span.Hi) {
			if r < rune(span.Lo) {
				return 0, false
			}
			return byte((r - rune(span.Lo)) % 10), true
		}
	}
	return 0, false
}

func (n number) zero() bool { return n.digits == "0" }

// magnitude is the power of ten of the first digit.
func (n number) magnitude() int64 { return int64(len(n.digits)) - 1 - int64(n.scale) }

func (n number) unscaled() *big.Int {
	i, _ := new(big.Int).SetString(n.digits, 10)
	if n.negative {
		i.Neg(i)
	}
	return i
}

func (n number) decimal() *schema.Decimal {
	return &schema.Decimal{Unscaled: n.unscaled(), Scale: n.scale}
}

// float returns the nearest float of 32 or 64 bits, which may be an infinity.
// A zero has no sign.
func (n number) float(bits int) float64 {
	if n.zero() {
		return 0
	}
	text := n.digits + "e" + strconv.FormatInt(-int64(n.scale), 10)
	if n.negative {
		text = "-" + text
	}
	f, _ := strconv.ParseFloat(text, bits) // the only error is one of range
	return f
}

// whole returns the number where it is an integer of 64 bits.
func (n number) whole() (int64, bool) {
	const longDigits = 19
	switch m := n.magnitude(); {
	case n.zero():
		return 0, true
	case m < 0 || m > longDigits:
		return 0, false
	}
	digits := n.digits
	if n.scale > 0 {
		cut := len(digits) - int(n.scale)
		if strings.Trim(digits[cut:], "0") != "" {
			return 0, false
		}
		digits = digits[:cut]
	} else {
		digits += strings.Repeat("0", -int(n.scale))
	}
	if n.negative {
		digits = "-" + digits
	}
	i, err := strconv.ParseInt(digits, 10, 64)
	return i, err == nil
}

// long returns the integer part's lowest 64 bits, as BigDecimal.longValue.
func (n number) long() int64 {
	// 10 to the power of 64 and above has no bits among the lowest 64.
	if n.magnitude() < 0 || n.scale <= -64 {
		return 0
	}
	i := n.unscaled()
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(int64(n.scale), -int64(n.scale))), nil)
	if n.scale > 0 {
		i.Quo(i, power)
	} else {
		i.Mul(i, power)
	}
	return lowBits(i)
}

func lowBits(i *big.Int) int64 {
	mask := new(big.Int).SetUint64(math.MaxUint64)
	return int64(new(big.Int).And(i, mask).Uint64())
}

func numberOf(d *schema.Decimal) number {
	return number{negative: d.Unscaled.Sign() < 0, digits: new(big.Int).Abs(d.Unscaled).String(), scale: d.Scale}
}

// truncate is Java's conversion of a floating-point number to a long.
func truncate(f float64) int64 {
	switch {
	case math.IsNaN(f):
		return 0
	case f >= math.MaxInt64:
		return math.MaxInt64
	case f <= math.MinInt64:
		return math.MinInt64
	}
	return int64(f)
}
