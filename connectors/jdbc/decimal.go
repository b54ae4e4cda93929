package jdbc

import (
	"math/big"
	"strconv"
	"strings"

	"sluice/connect/schema"
)

// numericField applies numeric.mapping.
func (r reader) numericField(c column) (*schema.Schema, readFunc) {
	whole := c.scale < 1 && c.scale >= -84
	fits := c.precision <= integerPrecision
	switch r.numeric {
	case "precision_only":
		if c.scale == 0 && fits {
			return integer(bitsFor(c.precision))
		}
	case "best_fit":
		if fits && whole {
			return integer(bitsFor(c.precision))
		}
		if fits && c.scale > 0 {
			return schema.Of(schema.Float64), readFloat64
		}
	case "best_fit_eager_double":
		if whole && fits {
			return integer(bitsFor(c.precision))
		}
		if c.scale > 0 {
			return schema.Of(schema.Float64), readFloat64
		}
	}
	return r.decimalField(c)
}

func bitsFor(precision int) int {
	switch {
	case precision > 9:
		return 64
	case precision > 4:
		return 32
	case precision > 2:
		return 16
	}
	return 8
}

func (r reader) decimalField(c column) (*schema.Schema, readFunc) {
	scale := c.scale
	if scale == -127 || !r.lenient && c.precision == 0 && scale == 0 {
		scale = openScale
	}
	s := schema.DecimalOf(int32(scale))
	if !r.lenient {
		s.Parameters = append(s.Parameters, schema.Parameter{Name: precisionParameter, Value: strconv.Itoa(c.precision)})
	}
	return s, func(c cell, _ *schema.Arena) (schema.Value, error) {
		d, ok := parseDecimal(c.asText())
		if !ok || !rescale(&d, int32(scale)) {
			return schema.Null(), badValue("BigDecimal", c)
		}
		return schema.DecimalValue(&d), nil
	}
}

// parseDecimal reads a decimal number, with an exponent or without.
func parseDecimal(s string) (schema.Decimal, bool) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(strings.TrimSpace(s)), "e")
	shift := 0
	if exponent != "" {
		n, err := strconv.Atoi(exponent)
		if err != nil || n > 10000 || n < -10000 {
			return schema.Decimal{}, false
		}
		shift = n
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	digits := whole + fraction
	d := schema.Decimal{Unscaled: new(big.Int), Scale: int32(len(fraction) - shift)}
	if len(digits) <= integerPrecision {
		n, err := strconv.ParseInt(digits, 10, 64)
		d.Unscaled.SetInt64(n)
		return d, err == nil
	}
	_, ok := d.Unscaled.SetString(digits, 10)
	return d, ok && !strings.Contains(digits, "_")
}

// rescale gives the number the scale; false where digits would be lost.
func rescale(d *schema.Decimal, scale int32) bool {
	by := int64(scale) - int64(d.Scale)
	if by == 0 {
		return true
	}
	factor := new(big.Int).Exp(big.NewInt(10), big.NewInt(max(by, -by)), nil)
	d.Scale = scale
	if by > 0 {
		d.Unscaled.Mul(d.Unscaled, factor)
		return true
	}
	var rest big.Int
	d.Unscaled.QuoRem(d.Unscaled, factor, &rest)
	return rest.Sign() == 0
}
