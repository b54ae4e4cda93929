package parquet

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"

	"sluice/connect"
)

// op is what a step does with the Avro bytes that come next.
type op uint8

const (
	opBoolean op = iota
	opInt
	opLong
	opFloat
	opDouble
	opBytes
	opFixed
	opEnum
	opRecord
	opNullable // a union of null and one type
	opUnion
	opList
	opMap
)

// node is a step of a program: what becomes of one type.
type node struct {
	op      op
	column  int
	columns [2]int // the columns below, from and to
	inner   []*node
	rep     int // of the items of a list or map
	null    int // the branch of the union that is null, or -1
	// optional says that the field of a union adds a definition level, list that it
	// is the item of a list, which cannot be null.
	optional, list bool
	size           int
	symbols        [][]byte
}

// shredder cuts the Avro bytes of a row into the values of columns.
type shredder struct {
	columns []column
	in      []byte
}

// node writes what the step is for. rep and def are the levels of what is around.
func (s *shredder) node(n *node, rep, def int) error {
	switch n.op {
	case opRecord:
		for _, field := range n.inner {
			if err := s.node(field, rep, def); err != nil {
				return err
			}
		}
		return nil
	case opNullable:
		return s.nullable(n, rep, def)
	case opUnion:
		return s.union(n, rep, def)
	case opList, opMap:
		return s.items(n, rep, def)
	default:
		v, err := s.scalar(n)
		if err != nil {
			return err
		}
		c := &s.columns[n.column]
		c.values = append(c.values, v.Level(rep, def, n.column))
		return nil
	}
}

func (s *shredder) scalar(n *node) (parquet.Value, error) {
	switch n.op {
	case opBoolean:
		b, err := s.take(1)
		if err != nil {
			return parquet.Value{}, err
		}
		return parquet.BooleanValue(b[0] != 0), nil
	case opInt:
		i, err := s.long()
		return parquet.Int32Value(int32(i)), err
	case opLong:
		i, err := s.long()
		return parquet.Int64Value(i), err
	case opFloat:
		b, err := s.take(4)
		if err != nil {
			return parquet.Value{}, err
		}
		return parquet.FloatValue(math.Float32frombits(binary.LittleEndian.Uint32(b))), nil
	case opDouble:
		b, err := s.take(8)
		if err != nil {
			return parquet.Value{}, err
		}
		return parquet.DoubleValue(math.Float64frombits(binary.LittleEndian.Uint64(b))), nil
	case opBytes:
		size, err := s.long()
		if err != nil {
			return parquet.Value{}, err
		}
		b, err := s.take(int(size))
		return parquet.ByteArrayValue(b), err
	case opFixed:
		b, err := s.take(n.size)
		return parquet.FixedLenByteArrayValue(b), err
	default: // opEnum
		i, err := s.long()
		if err == nil && (i < 0 || i >= int64(len(n.symbols))) {
			err = errShort(i)
		}
		if err != nil {
			return parquet.Value{}, err
		}
		return parquet.ByteArrayValue(n.symbols[i]), nil
	}
}

func (s *shredder) nullable(n *node, rep, def int) error {
	branch, err := s.long()
	switch {
	case err != nil:
		return err
	case int(branch) != n.null:
		if n.optional {
			def++
		}
		return s.node(n.inner[0], rep, def)
	case n.list:
		return connect.DataErrorf("Array contains a null element. Parquet files of this format hold none, as those of Java with parquet.avro.write-old-list-structure=true")
	case !n.optional:
		return connect.DataErrorf("Parquet files cannot hold a null in place of a struct")
	}
	s.nulls(n, rep, def)
	return nil
}

func (s *shredder) union(n *node, rep, def int) error {
	branch, err := s.long()
	switch {
	case err != nil:
		return err
	case branch < 0 || branch >= int64(len(n.inner)):
		return errShort(branch)
	case int(branch) == n.null && n.list:
		return connect.DataErrorf("Array contains a null element. Parquet files of this format hold none, as those of Java with parquet.avro.write-old-list-structure=true")
	case int(branch) == n.null:
		s.nulls(n, rep, def)
		return nil
	}
	if n.optional {
		def++
	}
	for i, member := range n.inner {
		switch {
		case member == nil:
		case i != int(branch):
			s.nulls(member, rep, def)
		default:
			if err := s.node(member, rep, def+1); err != nil {
				return err
			}
		}
	}
	return nil
}

// items writes a list or a map: blocks of items until one is empty.
func (s *shredder) items(n *node, rep, def int) error {
	empty := true
	for {
		count, err := s.long()
		switch {
		case err != nil:
			return err
		case count == 0:
			if empty {
				s.nulls(n, rep, def)
			}
			return nil
		case count < 0: // then the size of the block follows
			count = -count
			if _, err := s.long(); err != nil {
				return err
			}
		}
		for range count {
			for _, part := range n.inner {
				if err := s.node(part, rep, def+1); err != nil {
					return err
				}
			}
			rep, empty = n.rep, false
		}
	}
}

// nulls says for all columns below that nothing is there.
func (s *shredder) nulls(n *node, rep, def int) {
	for i := n.columns[0]; i < n.columns[1]; i++ {
		c := &s.columns[i]
		c.values = append(c.values, parquet.NullValue().Level(rep, def, i))
	}
}

func (s *shredder) long() (int64, error) {
	n, size := binary.Varint(s.in)
	if size <= 0 {
		return 0, errShort(0)
	}
	s.in = s.in[size:]
	return n, nil
}

func (s *shredder) take(n int) ([]byte, error) {
	if n < 0 || n > len(s.in) {
		return nil, errShort(int64(n))
	}
	b := s.in[:n]
	s.in = s.in[n:]
	return b, nil
}

// errShort is a fault of this program: the bytes are those of our own encoder.
func errShort(n int64) error {
	return fmt.Errorf("the Avro form of a row does not fit its schema (at the number %d)", n)
}
