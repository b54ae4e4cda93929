package datagen

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"math/bits"
	"strconv"

	"sluice/connect/schema"
)

// integral counts from a start by a step, over again from the start where
// it comes to the restart. Differences are kept apart from their sign, since
// they may span all 64 bits.
type integral struct {
	start    int64
	initial  int64
	begun    bool
	distance uint64 // of the value after the present one from the start
	span     uint64
	step     uint64
	down     bool
}

func (it *integral) next() int64 {
	if !it.begun {
		it.begun = true
		return it.initial
	}
	v := it.start
	if it.down {
		v -= int64(it.distance)
	} else {
		v += int64(it.distance)
	}
	sum, carry := bits.Add64(it.distance, it.step, 0)
	it.distance = bits.Rem64(carry, sum, it.span)
	return v
}

// iteration is the iteration property of a schema.
type iteration[T int64 | float64] struct{ start, restart, step, initial *T }

// resolve returns restart and step, given or by default. high and low are the
// restarts of counting up and down.
func (it iteration[T]) resolve(high, low T) (restart, step T, err error) {
	if it.start == nil {
		return 0, 0, errors.New("iteration property must contain start field")
	}
	step = 1
	switch {
	case it.step != nil && *it.step == 0:
		return 0, 0, errors.New("step field of iteration property cannot be zero")
	case it.restart == nil && it.step == nil:
		return high, step, nil
	case it.restart == nil && *it.step > 0:
		return high, *it.step, nil
	case it.restart == nil:
		return low, *it.step, nil
	case *it.restart == *it.start:
		return 0, 0, errors.New("start and restart fields of iteration property cannot be equal")
	case it.step == nil && *it.restart < *it.start:
		return *it.restart, -1, nil
	case it.step == nil:
		return *it.restart, step, nil
	case *it.restart > *it.start && *it.step < 0:
		return 0, 0, errors.New("step field of iteration property must be positive when restart field is greater than start field")
	case *it.restart < *it.start && *it.step > 0:
		return 0, 0, errors.New("step field of iteration property must be negative when restart field is less than start field")
	}
	return *it.restart, *it.step, nil
}

// newIntegral resumes the iteration after count values. The lower bound of the
// downward default is Java's -1 * MIN_VALUE, odd as it is.
func newIntegral(props object, kind string, count int64) (*integral, error) {
	var it iteration[int64]
	var err error
	for _, f := range []struct {
		name string
		to   **int64
	}{{"start", &it.start}, {"restart", &it.restart}, {"step", &it.step}, {"initial", &it.initial}} {
		if *f.to, err = integralField("iteration", f.name, props, kind != "long"); err != nil {
			return nil, err
		}
	}
	high, low := int64(math.MaxInt32), -int64(math.MinInt32)
	if kind == "long" {
		high, low = math.MaxInt64, math.MinInt64
	}
	restart, step, err := it.resolve(high, low)
	if err != nil {
		return nil, err
	}
	initial := *it.start
	if it.initial != nil {
		initial = *it.initial
	}
	start, bigStep := big.NewInt(*it.start), big.NewInt(step)
	span := new(big.Int).Sub(big.NewInt(restart), start)
	span.Abs(span)
	if span.Sign() == 0 {
		return nil, errors.New("start and restart fields of iteration property cannot be equal")
	}
	wrap := func(n *big.Int) uint64 { return n.Mod(n.Abs(n), span).Uint64() }
	out := &integral{start: *it.start, span: span.Uint64(), down: step < 0, step: new(big.Int).Abs(bigStep).Uint64()}
	current := new(big.Int).Sub(big.NewInt(initial), start)
	if count > 0 {
		current.Add(current, new(big.Int).Mul(big.NewInt(count), bigStep))
		out.begun, out.distance = true, wrap(current)
		return out, nil
	}
	out.initial, out.distance = initial, wrap(current.Add(current, bigStep))
	return out, nil
}

// fractional counts with exact decimals, as BigDecimal does.
type fractional struct{ start, step, span, current *big.Rat }

func (it *fractional) next() *big.Rat {
	v := new(big.Rat).Add(it.current, it.start)
	it.current = remainder(it.current.Add(it.current, it.step), it.span)
	return v
}

// remainder has the sign of a, as BigDecimal.remainder.
func remainder(a, b *big.Rat) *big.Rat {
	if new(big.Rat).Abs(a).Cmp(new(big.Rat).Abs(b)) < 0 {
		return a
	}
	q := new(big.Rat).Quo(a, b)
	whole := new(big.Int).Quo(q.Num(), q.Denom())
	return a.Sub(a, new(big.Rat).Mul(new(big.Rat).SetInt(whole), b))
}

// decimalOf is the number that the shortest text of f shows (BigDecimal.valueOf).
func decimalOf(f float64) *big.Rat {
	r, ok := new(big.Rat).SetString(strconv.FormatFloat(f, 'e', -1, 64))
	if !ok {
		return new(big.Rat)
	}
	return r
}

func newFractional(props object, kind string, count int64) (*fractional, error) {
	var it iteration[float64]
	var err error
	for _, f := range []struct {
		name string
		to   **float64
	}{{"start", &it.start}, {"restart", &it.restart}, {"step", &it.step}, {"initial", &it.initial}} {
		if *f.to, err = decimalField("iteration", f.name, props, kind == "float"); err != nil {
			return nil, err
		}
	}
	high := math.MaxFloat64
	if kind == "float" {
		high = math.MaxFloat32
	}
	restart, step, err := it.resolve(high, high)
	if err != nil {
		return nil, err
	}
	initial := *it.start
	if it.initial != nil {
		initial = *it.initial
	}
	out := &fractional{start: decimalOf(*it.start), step: decimalOf(step)}
	out.span = new(big.Rat).Sub(decimalOf(restart), out.start)
	if out.span.Sign() == 0 {
		return nil, errors.New("start and restart fields of iteration property cannot be equal")
	}
	out.current = new(big.Rat).Sub(decimalOf(initial), out.start)
	if count > 0 {
		done := new(big.Rat).SetInt64(count)
		out.current = remainder(done.Mul(done, out.step).Add(done, out.current), out.span)
	}
	return out, nil
}

type integralNode struct {
	it    *integral
	short bool
}

func (n integralNode) next(*javaRandom, *schema.Arena) schema.Value {
	if n.short {
		return schema.Int32Value(int32(n.it.next()))
	}
	return schema.Int64Value(n.it.next())
}

type countedText struct {
	it             *integral
	prefix, suffix string
}

func (n countedText) next(_ *javaRandom, a *schema.Arena) schema.Value {
	var buf [64]byte
	b := strconv.AppendInt(append(buf[:0], n.prefix...), int64(int32(n.it.next())), 10)
	return a.CopyText(append(b, n.suffix...))
}

type fractionalNode struct {
	it    *fractional
	float bool
}

func (n fractionalNode) next(*javaRandom, *schema.Arena) schema.Value {
	if n.float {
		f, _ := n.it.next().Float32()
		return schema.Float32Value(f)
	}
	f, _ := n.it.next().Float64()
	return schema.Float64Value(f)
}

type alternating struct{ value *bool }

func (n alternating) next(*javaRandom, *schema.Arena) schema.Value {
	v := *n.value
	*n.value = !v
	return schema.BooleanValue(v)
}

func (c *compiler) iteration(s *avroSchema, props object) (node, error) {
	if err := exclude(props, "iteration", "length", "regex", "options", "range"); err != nil {
		return nil, err
	}
	v, _ := props.get("iteration")
	it, ok := v.(object)
	if !ok {
		return nil, fmt.Errorf("iteration prop must be an object, was %s instead", javaClass(v))
	}
	switch s.kind {
	case "boolean":
		return c.alternate(it)
	case "int", "long":
		n, err := newIntegral(it, s.kind, c.count)
		return integralNode{n, s.kind == "int"}, err
	case "float", "double":
		n, err := newFractional(it, s.kind, c.count)
		return fractionalNode{n, s.kind == "float"}, err
	case "string":
		n, err := newIntegral(it, s.kind, c.count)
		if err != nil {
			return nil, err
		}
		prefix, suffix, err := affixes(props)
		return countedText{n, prefix, suffix}, err
	}
	return nil, fmt.Errorf("iteration property can only be specified on numeric, boolean or string schemas, not %s schema", s.kind)
}

func (c *compiler) alternate(it object) (node, error) {
	for _, name := range []string{"restart", "step"} {
		if it.has(name) {
			return nil, fmt.Errorf("iteration property cannot contain %s field for a boolean schema", name)
		}
	}
	v, ok := it.get("start")
	if !ok {
		return nil, errors.New("iteration property must contain start field")
	}
	start, ok := v.(bool)
	if !ok {
		return nil, fmt.Errorf("start field of iteration property for a boolean schema must be a boolean, was %s instead", javaClass(v))
	}
	return alternating{new(start != (c.count%2 == 1))}, nil
}
