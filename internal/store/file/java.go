package file

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Tokens and flags of the Java object serialization stream protocol, version 5.
const (
	tokenNull      = 0x70
	tokenReference = 0x71
	tokenClass     = 0x72
	tokenObject    = 0x73
	tokenArray     = 0x75
	tokenBlock     = 0x77
	tokenEnd       = 0x78

	flagWriteMethod  = 0x01
	flagSerializable = 0x02

	firstHandle = 0x7e0000
)

const (
	mapClass   = "java.util.HashMap"
	bytesClass = "[B"

	mapUID   uint64 = 0x0507dac1c31660d1
	bytesUID uint64 = 0xacf317f8060854e0
)

// magic begins every stream.
const magic = "\xac\xed\x00\x05"

// encode returns what ObjectOutputStream writes for a HashMap of byte arrays. A
// nil value is null. Entries stand in the order of their keys; Java's order is
// that of memory addresses.
func encode(entries map[string][]byte) []byte {
	b := []byte(magic)
	b = append(b, tokenObject)
	b = appendClass(b, mapClass, mapUID, flagSerializable|flagWriteMethod, field{'F', "loadFactor"}, field{'I', "threshold"})
	capacity, threshold := uint32(16), uint32(0)
	if len(entries) > 0 {
		for len(entries)*4 > int(capacity)*3 {
			capacity *= 2
		}
		threshold = capacity / 4 * 3
	}
	b = binary.BigEndian.AppendUint32(b, math.Float32bits(0.75))
	b = binary.BigEndian.AppendUint32(b, threshold)
	b = append(b, tokenBlock, 8)
	b = binary.BigEndian.AppendUint32(b, capacity)
	b = binary.BigEndian.AppendUint32(b, uint32(len(entries)))
	first := true
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		b = appendBytes(b, []byte(key), first)
		first = false
		value := entries[key]
		if value == nil {
			b = append(b, tokenNull)
			continue
		}
		b = appendBytes(b, value, false)
	}
	return append(b, tokenEnd)
}

// field is a primitive field of a class.
type field struct {
	kind byte
	name string
}

func appendClass(b []byte, name string, uid uint64, flags byte, fields ...field) []byte {
	b = append(b, tokenClass)
	b = appendText(b, name)
	b = binary.BigEndian.AppendUint64(b, uid)
	b = append(b, flags)
	b = binary.BigEndian.AppendUint16(b, uint16(len(fields)))
	for _, f := range fields {
		b = append(b, f.kind)
		b = appendText(b, f.name)
	}
	return append(b, tokenEnd, tokenNull)
}

func appendText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(len(s)))
	return append(b, s...)
}

// bytesHandle is the handle of the class of byte arrays: the third one given out
// in our streams, after the class of the map and the map.
const bytesHandle = firstHandle + 2

func appendBytes(b, content []byte, first bool) []byte {
	b = append(b, tokenArray)
	if first {
		b = appendClass(b, bytesClass, bytesUID, flagSerializable)
	} else {
		b = append(b, tokenReference)
		b = binary.BigEndian.AppendUint32(b, bytesHandle)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
	return append(b, content...)
}

var (
	errShort  = errors.New("it ends too early")
	errFormat = errors.New("it is no Java-serialised HashMap of byte arrays")
)

// decode reads what encode or Java writes. It is bounds-checked: memory is taken
// only for what the input holds.
func decode(raw []byte) (map[string][]byte, error) {
	d := decoder{rest: raw}
	if string(d.take(len(magic))) != magic {
		return nil, fmt.Errorf("%w: the stream header is missing", errFormat)
	}
	d.expect(tokenObject)
	d.class(mapClass, mapUID, flagSerializable|flagWriteMethod, "FloadFactor", "Ithreshold")
	d.handles = append(d.handles, handle{})
	d.take(8) // load factor and threshold
	d.expect(tokenBlock)
	d.expect(8)
	d.take(4) // the capacity
	n := d.uint32()
	entries := map[string][]byte{}
	for range n {
		if d.err != nil {
			return nil, d.err
		}
		key, value := d.bytes(), d.bytes()
		if key == nil && d.err == nil {
			d.err = fmt.Errorf("%w: a key is null", errFormat)
		}
		entries[string(key)] = value
	}
	d.expect(tokenEnd)
	if d.err == nil && len(d.rest) > 0 {
		d.err = fmt.Errorf("%w: %d bytes follow its end", errFormat, len(d.rest))
	}
	if d.err != nil {
		return nil, d.err
	}
	return entries, nil
}

// handle is what a number given out in the stream stands for.
type handle struct {
	class string // of a class
	bytes []byte // of an array; not nil
}

// decoder reads a stream. After an error it gives zero values.
type decoder struct {
	rest    []byte
	handles []handle
	err     error
}

func (d *decoder) take(n int) []byte {
	if d.err == nil && (n < 0 || n > len(d.rest)) {
		d.err = errShort
	}
	if d.err != nil {
		return nil
	}
	out := d.rest[:n:n]
	d.rest = d.rest[n:]
	return out
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) text() string {
	b := d.take(2)
	if b == nil {
		return ""
	}
	return string(d.take(int(binary.BigEndian.Uint16(b))))
}

func (d *decoder) expect(token byte) {
	if got := d.byte(); d.err == nil && got != token {
		d.err = fmt.Errorf("%w: byte 0x%02x stands where 0x%02x should", errFormat, got, token)
	}
}

func (d *decoder) lookup() handle {
	n := int64(d.uint32()) - firstHandle
	if d.err != nil {
		return handle{}
	}
	if n < 0 || n >= int64(len(d.handles)) {
		d.err = fmt.Errorf("%w: it refers to something that is not there", errFormat)
		return handle{}
	}
	return d.handles[n]
}

// class reads a class description, or a reference to one, which must be that of
// the class with the primitive fields.
func (d *decoder) class(name string, uid uint64, flags byte, fields ...string) {
	token := d.byte()
	if token == tokenReference {
		if h := d.lookup(); d.err == nil && h.class != name {
			d.err = fmt.Errorf("%w: a %q stands where a %q should", errFormat, h.class, name)
		}
		return
	}
	if d.err == nil && token != tokenClass {
		d.err = fmt.Errorf("%w: byte 0x%02x is no class", errFormat, token)
		return
	}
	if got := d.text(); d.err == nil && got != name {
		d.err = fmt.Errorf("%w: a %q stands where a %q should", errFormat, got, name)
		return
	}
	gotUID, gotFlags, count := d.take(8), d.byte(), d.take(2)
	if d.err != nil {
		return
	}
	if binary.BigEndian.Uint64(gotUID) != uid || gotFlags != flags || int(binary.BigEndian.Uint16(count)) != len(fields) {
		d.err = fmt.Errorf("%w: the class %q is not the one known", errFormat, name)
		return
	}
	for _, f := range fields {
		if kind, got := d.byte(), d.text(); d.err == nil && string(kind)+got != f {
			d.err = fmt.Errorf("%w: the class %q has a field %q", errFormat, name, got)
		}
	}
	d.expect(tokenEnd)
	d.expect(tokenNull)
	d.handles = append(d.handles, handle{class: name})
}

// bytes reads an array of bytes; nil is null.
func (d *decoder) bytes() []byte {
	switch token := d.byte(); {
	case d.err != nil || token == tokenNull:
		return nil
	case token == tokenReference:
		h := d.lookup()
		if d.err == nil && h.bytes == nil {
			d.err = fmt.Errorf("%w: it refers to no byte array", errFormat)
		}
		return h.bytes
	case token != tokenArray:
		d.err = fmt.Errorf("%w: byte 0x%02x is no array", errFormat, token)
		return nil
	}
	d.class(bytesClass, bytesUID, flagSerializable)
	at := len(d.handles)
	d.handles = append(d.handles, handle{})
	n := d.uint32()
	if n > math.MaxInt32 {
		d.err = errShort
	}
	content := d.take(int(n))
	if d.err != nil {
		return nil
	}
	if content == nil {
		content = []byte{}
	}
	d.handles[at].bytes = content
	return content
}
