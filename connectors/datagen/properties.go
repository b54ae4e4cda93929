package datagen

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// exclude refuses properties that contradict the given one.
func exclude(props object, given string, others ...string) error {
	for _, o := range others {
		if props.has(o) {
			return fmt.Errorf("Cannot specify %s prop when %s prop is given", o, given) //nolint:staticcheck // Java's text.
		}
	}
	return nil
}

// integralField returns a whole number of a property's object, nil where it is
// not given. short asks for one that fits 32 bits.
func integralField(property, name string, o object, short bool) (*int64, error) {
	v, _ := o.get(name)
	if v == nil {
		return nil, nil //nolint:nilnil // Null is a value here.
	}
	number, ok := v.(json.Number)
	if !ok || !isIntegral(number) {
		return nil, fmt.Errorf("'%s' field of %s property must be an integral number, was %s instead", name, property, javaClass(v))
	}
	n, err := number.Int64()
	if err != nil {
		return nil, fmt.Errorf("'%s' field of %s property must be an integral number, was java.math.BigInteger instead", name, property)
	}
	if short && n != int64(int32(n)) {
		return nil, fmt.Errorf("'%s' field of %s property must be a valid int for int schemas", name, property)
	}
	return &n, nil
}

// decimalField is integralField for any number; float asks for one that a
// float can hold, and rounds to it.
func decimalField(property, name string, o object, float bool) (*float64, error) {
	v, _ := o.get(name)
	if v == nil {
		return nil, nil //nolint:nilnil // Null is a value here.
	}
	number, ok := v.(json.Number)
	if !ok {
		return nil, fmt.Errorf("'%s' field of %s property must be a number, was %s instead", name, property, javaClass(v))
	}
	f, err := number.Float64()
	if err != nil {
		return nil, fmt.Errorf("'%s' field of %s property must be a number: %w", name, property, err)
	}
	if float {
		if math.Abs(f) > math.MaxFloat32 {
			return nil, fmt.Errorf("'%s' field of %s property must be a valid float for float schemas", name, property)
		}
		f = float64(float32(f))
	}
	return &f, nil
}

// lengths are the bounds of a length: least included, bound excluded.
type lengths struct{ least, bound int32 }

func (l lengths) draw(r *javaRandom) int { return int(l.least + r.below(l.bound-l.least)) }

func lengthsOf(props object) (lengths, error) {
	v, _ := props.get("length")
	switch v := v.(type) {
	case nil:
		return lengths{8, 16}, nil
	case json.Number:
		n, err := integralField("arg.properties", "length", props, true)
		if err != nil {
			return lengths{}, err
		}
		if *n < 0 || *n == math.MaxInt32 {
			return lengths{}, errors.New("when given as integral number, length property cannot be negative")
		}
		return lengths{int32(*n), int32(*n) + 1}, nil
	case object:
		return lengthRange(v)
	}
	return lengths{}, fmt.Errorf("length property must either be an integral number or an object, was %s instead", javaClass(v))
}

func lengthRange(o object) (lengths, error) {
	least, err := integralField("length", "min", o, true)
	if err != nil {
		return lengths{}, err
	}
	bound, err := integralField("length", "max", o, true)
	if err != nil {
		return lengths{}, err
	}
	l := lengths{0, math.MaxInt32}
	if least == nil && bound == nil {
		return l, errors.New("length property must contain at least one of 'min' or 'max' fields when given as object")
	}
	if least != nil {
		l.least = int32(*least)
	}
	if bound != nil {
		l.bound = int32(*bound)
	}
	if l.least < 0 {
		return l, errors.New("min field of length property cannot be negative")
	}
	if l.bound <= l.least {
		return l, errors.New("max field must be strictly greater than min field for length property")
	}
	return l, nil
}

// affixes returns the prefix and suffix of a text.
func affixes(props object) (prefix, suffix string, err error) {
	for _, f := range []struct {
		name string
		to   *string
	}{{"prefix", &prefix}, {"suffix", &suffix}} {
		v, _ := props.get(f.name)
		if v == nil {
			continue
		}
		s, ok := v.(string)
		if !ok {
			return "", "", fmt.Errorf("%s property must be a string", f.name)
		}
		*f.to = s
	}
	return prefix, suffix, nil
}

// rangeProperty returns the range object, nil where there is none. Java takes a
// range that is no object for none.
func rangeProperty(props object) object {
	v, _ := props.get("range")
	o, _ := v.(object)
	return o
}

var errRange = errors.New("'min' field must be strictly less than 'max' field in range property")

func integralRange(props object, short bool) (least, bound int64, err error) {
	o := rangeProperty(props)
	least, bound = math.MinInt64, math.MaxInt64
	if short {
		least, bound = math.MinInt32, math.MaxInt32
	}
	lo, err := integralField("range", "min", o, short)
	if err != nil {
		return 0, 0, err
	}
	hi, err := integralField("range", "max", o, short)
	if err != nil {
		return 0, 0, err
	}
	if lo != nil {
		least = *lo
	}
	if hi != nil {
		bound = *hi
	}
	if least >= bound {
		return 0, 0, errRange
	}
	return least, bound, nil
}

func decimalRange(props object, float bool) (least, bound float64, err error) {
	o := rangeProperty(props)
	bound = math.MaxFloat64
	if float {
		bound = math.MaxFloat32
	}
	least = -bound
	lo, err := decimalField("range", "min", o, float)
	if err != nil {
		return 0, 0, err
	}
	hi, err := decimalField("range", "max", o, float)
	if err != nil {
		return 0, 0, err
	}
	if lo != nil {
		least = *lo
	}
	if hi != nil {
		bound = *hi
	}
	if least >= bound {
		return 0, 0, errRange
	}
	return least, bound, nil
}
