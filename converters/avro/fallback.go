package avro

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"sluice/converters/internal/jsontree"
)

var errNoDefault = errors.New("it has no default")

// encodeDefault appends the bytes of a default of Avro, for a field that the data
// does not have.
func encodeDefault(dst []byte, t *avroType, n *jsontree.Node) ([]byte, error) {
	if n == nil {
		return nil, errNoDefault
	}
	bad := fmt.Errorf("its default %s does not fit the type %s", n, t.fullName())
	switch t.kind {
	case null:
		if n.Kind != jsontree.Null {
			return nil, bad
		}
		return dst, nil
	case union:
		for i, b := range t.branches {
			if out, err := encodeDefault(appendLong(slices.Clone(dst), int64(i)), b, n); err == nil {
				return out, nil
			}
		}
		return nil, bad
	case boolean:
		if n.Kind != jsontree.Boolean {
			return nil, bad
		}
		if n.Text == "true" {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case intKind, long:
		i, err := strconv.ParseInt(n.Text, 10, 64)
		if n.Kind != jsontree.Number || err != nil || t.kind == intKind && i != int64(int32(i)) {
			return nil, bad
		}
		return appendLong(dst, i), nil
	case float, double:
		f, err := strconv.ParseFloat(n.Text, 64)
		if n.Kind != jsontree.Number || err != nil {
			return nil, bad
		}
		if t.kind == float {
			return binary.LittleEndian.AppendUint32(dst, math.Float32bits(float32(f))), nil
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f)), nil
	case stringKind, bytesKind, fixed, enum:
		return encodeText(dst, t, n, bad)
	}
	return encodeCompound(dst, t, n, bad)
}

func encodeText(dst []byte, t *avroType, n *jsontree.Node, bad error) ([]byte, error) {
	if n.Kind != jsontree.String {
		return nil, bad
	}
	switch t.kind {
	case stringKind:
		return append(appendLong(dst, int64(len(n.Text))), n.Text...), nil
	case bytesKind:
		b := fromLatin1(n.Text)
		return append(appendLong(dst, int64(len(b))), b...), nil
	case fixed:
		if b := fromLatin1(n.Text); len(b) == t.size {
			return append(dst, b...), nil
		}
	case enum:
		if i := slices.Index(t.symbols, n.Text); i >= 0 {
			return appendLong(dst, int64(i)), nil
		}
	}
	return nil, bad
}

func encodeCompound(dst []byte, t *avroType, n *jsontree.Node, bad error) ([]byte, error) {
	var err error
	switch {
	case t.kind == array && n.Kind == jsontree.Array:
		if len(n.Items) > 0 {
			dst = appendLong(dst, int64(len(n.Items)))
		}
		for _, item := range n.Items {
			if dst, err = encodeDefault(dst, t.elem, item); err != nil {
				return nil, err
			}
		}
		return append(dst, 0), nil
	case t.kind == mapKind && n.Kind == jsontree.Object:
		if len(n.Members) > 0 {
			dst = appendLong(dst, int64(len(n.Members)))
		}
		for _, m := range n.Members {
			dst = append(appendLong(dst, int64(len(m.Name))), m.Name...)
			if dst, err = encodeDefault(dst, t.elem, m.Value); err != nil {
				return nil, err
			}
		}
		return append(dst, 0), nil
	case t.kind == record && n.Kind == jsontree.Object:
		for _, f := range t.fields {
			v := n.Get(f.name)
			if v == nil {
				v = f.fallback
			}
			if dst, err = encodeDefault(dst, f.typ, v); err != nil {
				return nil, err
			}
		}
		return dst, nil
	}
	return nil, bad
}
