package jars

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Flags of a class (Java virtual machine specification, 4.1).
const (
	accessPublic    = 0x0001
	accessInterface = 0x0200
	accessAbstract  = 0x0400
)

// Tags of the constant pool (Java virtual machine specification, 4.4).
const (
	tagUTF8   = 1
	tagLong   = 5
	tagDouble = 6
	tagClass  = 7
)

// constantSize has the bytes that follow a tag; 0 is a tag that does not exist,
// or text, which says its own length.
var constantSize = [...]int{
	3: 4, 4: 4, tagLong: 8, tagDouble: 8, tagClass: 2, 8: 2, 9: 4, 10: 4, 11: 4, 12: 4,
	15: 3, 16: 2, 17: 4, 18: 4, 19: 2, 20: 2,
}

var errTruncated = errors.New("class file ends too early")

// class is the head of a class file. Names have slashes, as in the file; super is
// empty for java/lang/Object alone.
type class struct {
	access     uint16
	name       string
	super      string
	interfaces []string
}

// parents are the classes and interfaces that it is made from directly.
func (c class) parents() []string {
	if c.super == "" {
		return c.interfaces
	}
	return append([]string{c.super}, c.interfaces...)
}

// parseClass reads the head of a class file. What follows the interfaces is not
// looked at.
func parseClass(b []byte) (class, error) {
	r := reader{rest: b}
	if magic := r.take(4); r.err == nil && binary.BigEndian.Uint32(magic) != 0xcafebabe {
		return class{}, errors.New("no class file: it does not start with cafebabe")
	}
	r.take(4) // the version
	pool := readPool(&r)
	c := class{access: r.u2()}
	c.name = pool.class(&r, r.u2())
	if super := r.u2(); super != 0 {
		c.super = pool.class(&r, super)
	}
	for range r.u2() {
		if r.err != nil {
			break
		}
		c.interfaces = append(c.interfaces, pool.class(&r, r.u2()))
	}
	if r.err != nil {
		return class{}, r.err
	}
	return c, nil
}

// constant is the tag with what follows: the text, or the bytes.
type constant struct {
	tag  byte
	body []byte
}

type pool []constant

// readPool reads the constants. The first is number 1, and a long or a double
// takes two numbers.
func readPool(r *reader) pool {
	count := int(r.u2())
	p := make(pool, 0, count)
	p = append(p, constant{})
	for len(p) < count && r.err == nil {
		tag := r.u1()
		size := 0
		switch {
		case r.err != nil:
			return p
		case tag == tagUTF8:
			size = int(r.u2())
		case int(tag) < len(constantSize) && constantSize[tag] > 0:
			size = constantSize[tag]
		default:
			r.fail(fmt.Errorf("constant %d has the unknown tag %d", len(p), tag))
			return p
		}
		p = append(p, constant{tag, r.take(size)})
		if tag == tagLong || tag == tagDouble {
			p = append(p, constant{})
		}
	}
	return p
}

// class gives the name of the class constant at index.
func (p pool) class(r *reader, index uint16) string {
	name, ok := p.at(index, tagClass)
	if !ok {
		r.fail(fmt.Errorf("constant %d is no class", index))
		return ""
	}
	text, ok := p.at(binary.BigEndian.Uint16(name), tagUTF8)
	if !ok {
		r.fail(fmt.Errorf("the name of the class constant %d is no text", index))
	}
	return string(text)
}

func (p pool) at(index uint16, tag byte) ([]byte, bool) {
	if int(index) >= len(p) || p[index].tag != tag || p[index].body == nil {
		return nil, false
	}
	return p[index].body, true
}

// reader takes bytes from the front and keeps the first error.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n > len(r.rest) {
		r.fail(errTruncated)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) u1() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u2() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}
