package datagen

import (
	"errors"
	"fmt"
	"math"
	"math/big"

	"sluice/connect/schema"
)

// node generates the values of one schema. The order in which it draws random
// numbers is that of avro-random-generator: fields in order, depth first.
type node interface {
	next(r *javaRandom, a *schema.Arena) schema.Value
}

// compiler turns Avro schemas into nodes. A named schema that is used twice
// shares its iterations, as in Java.
type compiler struct {
	schemas    *converter
	count      int64 // records generated before; iterations resume there
	iterations map[*avroSchema]node
}

func newCompiler(count int64) *compiler {
	return &compiler{schemas: newConverter(), count: count, iterations: map[*avroSchema]node{}}
}

// compile returns the node that makes values of the Connect schema, which is
// that of the Avro schema as it stands in its place: with documentation or optional.
func (c *compiler) compile(s *avroSchema, cs *schema.Schema) (node, error) {
	var props object
	if v, _ := s.props.get("arg.properties"); v != nil {
		o, ok := v.(object)
		if !ok {
			return nil, fmt.Errorf("arg.properties property must be given as object, was %s instead", javaClass(v))
		}
		props = o
	}
	switch {
	case props.has("options"):
		return c.options(s, cs, props)
	case props.has("iteration"):
		return c.shared(s, props)
	}
	switch s.kind {
	case "record":
		return c.record(s, cs)
	case "array":
		return c.array(s, cs, props)
	case "map":
		return c.mapping(s, cs, props)
	case "union":
		return c.union(s, cs)
	}
	n, err := leaf(s, props)
	return asInstant(s, n), err
}

// shared returns the iteration of the schema, made once.
func (c *compiler) shared(s *avroSchema, props object) (node, error) {
	if n := c.iterations[s]; n != nil {
		return n, nil
	}
	n, err := c.iteration(s, props)
	if err != nil {
		return nil, err
	}
	n = asInstant(s, n)
	c.iterations[s] = n
	return n, nil
}

// leaf returns the node of a schema without other schemas.
func leaf(s *avroSchema, props object) (node, error) {
	switch s.kind {
	case "null":
		return nullNode{}, nil
	case "boolean":
		return booleans(props)
	case "int", "long":
		return integers(s.kind == "int", props)
	case "float", "double":
		return decimals(s.kind == "float", props)
	case "string":
		return texts(props)
	case "enum":
		n := choice{}
		for _, symbol := range s.symbols {
			n.from = append(n.from, schema.StringValue(symbol))
		}
		return n, nil
	}
	if s.logical == "decimal" {
		return decimalNode{precision: s.precision, scale: int32(s.scale)}, nil
	}
	if s.kind == "fixed" {
		return byteNode{lengths{least: int32(s.size), bound: 0}}, nil
	}
	l, err := lengthsOf(props)
	return byteNode{l}, err
}

type nullNode struct{}

func (nullNode) next(*javaRandom, *schema.Arena) schema.Value { return schema.Null() }

// choice draws one of the values.
type choice struct{ from []schema.Value }

func (n choice) next(r *javaRandom, _ *schema.Arena) schema.Value {
	return n.from[r.below(int32(len(n.from)))]
}

type coin struct{ odds float64 } // negative: even

func (n coin) next(r *javaRandom, _ *schema.Arena) schema.Value {
	if n.odds < 0 {
		return schema.BooleanValue(r.nextBoolean())
	}
	return schema.BooleanValue(r.nextDouble() < n.odds)
}

func booleans(props object) (node, error) {
	odds, err := decimalField("arg.properties", "odds", props, false)
	switch {
	case err != nil:
		return nil, err
	case odds == nil:
		return coin{-1}, nil
	case !(*odds >= 0 && *odds <= 1):
		return nil, errors.New("odds property must be in the range [0.0, 1.0]")
	}
	return coin{*odds}, nil
}

type anyInt struct{}

func (anyInt) next(r *javaRandom, _ *schema.Arena) schema.Value {
	return schema.Int32Value(r.nextInt())
}

type anyLong struct{}

func (anyLong) next(r *javaRandom, _ *schema.Arena) schema.Value {
	return schema.Int64Value(r.nextLong())
}

// intRange keeps Java's wrap where the difference of the bounds overflows.
type intRange struct{ least, span int32 }

func (n intRange) next(r *javaRandom, _ *schema.Arena) schema.Value {
	return schema.Int32Value(n.least + int32(saturate(r.nextDouble()*float64(n.span), math.MinInt32, math.MaxInt32)))
}

type longRange struct{ least, span int64 }

func (n longRange) next(r *javaRandom, _ *schema.Arena) schema.Value {
	return schema.Int64Value(n.least + saturate(r.nextDouble()*float64(n.span), math.MinInt64, math.MaxInt64))
}

// saturate converts as a Java cast does: cut to a whole number within bounds.
func saturate(f float64, least, most int64) int64 {
	switch {
	case f >= float64(most):
		return most
	case f <= float64(least):
		return least
	}
	return int64(f)
}

func integers(short bool, props object) (node, error) {
	if rangeProperty(props) == nil {
		if short {
			return anyInt{}, nil
		}
		return anyLong{}, nil
	}
	least, bound, err := integralRange(props, short)
	if err != nil {
		return nil, err
	}
	if short {
		return intRange{int32(least), int32(bound - least)}, nil
	}
	return longRange{least, bound - least}, nil
}

type doubleRange struct{ least, span float64 }

func (n doubleRange) next(r *javaRandom, _ *schema.Arena) schema.Value {
	// The conversion keeps the compiler from fusing the operations, which would round once only.
	return schema.Float64Value(n.least + float64(r.nextDouble()*n.span))
}

type floatRange struct{ least, span float32 }

func (n floatRange) next(r *javaRandom, _ *schema.Arena) schema.Value {
	return schema.Float32Value(n.least + float32(r.nextFloat()*n.span))
}

func decimals(float bool, props object) (node, error) {
	if v, _ := props.get("range"); v == nil || float && rangeProperty(props) == nil {
		if float {
			return floatRange{0, 1}, nil
		}
		return doubleRange{0, 1}, nil
	}
	if rangeProperty(props) == nil {
		return nil, errors.New("range property must be an object")
	}
	least, bound, err := decimalRange(props, float)
	if err != nil {
		return nil, err
	}
	if float {
		return floatRange{float32(least), float32(bound) - float32(least)}, nil
	}
	return doubleRange{least, bound - least}, nil
}

// byteNode draws a length and bytes; a bound of 0 is a fixed length, for which
// no number is drawn.
type byteNode struct{ length lengths }

func (n byteNode) next(r *javaRandom, a *schema.Arena) schema.Value {
	size := int(n.length.least)
	if n.length.bound != 0 {
		size = n.length.draw(r)
	}
	b := a.Bytes(size)
	r.nextBytes(b)
	return schema.BytesValue(b)
}

// decimalNode draws the digits of a decimal in runs of fifteen, and its sign.
type decimalNode struct {
	precision int
	scale     int32
}

func (n decimalNode) next(r *javaRandom, _ *schema.Arena) schema.Value {
	const digits = 15
	const run = 1_000_000_000_000_000
	v, have := new(big.Int), 0
	for ; have < n.precision; have += digits {
		v.Mul(v, big.NewInt(run))
		v.Add(v, big.NewInt(int64(r.nextDouble()*run)))
	}
	v.Quo(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(have-n.precision)), nil))
	if r.nextBoolean() {
		v.Neg(v)
	}
	return schema.DecimalValue(&schema.Decimal{Unscaled: v, Scale: n.scale})
}

// instant turns the number of a logical type of time into its value.
type instant struct {
	inner  node
	millis int64 // of one unit
}

func (n instant) next(r *javaRandom, a *schema.Arena) schema.Value {
	return schema.InstantValue(n.inner.next(r, a).Int() * n.millis)
}

// unitOf returns the milliseconds of one unit of a logical type of time, 0 for
// another schema.
func unitOf(s *avroSchema) int64 {
	switch {
	case s.kind == "int" && s.logical == "date":
		return millisPerDay
	case s.kind == "int" && s.logical == "time-millis", s.kind == "long" && s.logical == "timestamp-millis":
		return 1
	}
	return 0
}

func asInstant(s *avroSchema, n node) node {
	if unit := unitOf(s); unit != 0 && n != nil {
		return instant{n, unit}
	}
	return n
}
