// Package wal is the write-ahead log of the HDFS sink, one for each topic
// partition: which temporary files get which final names, and that all of a
// commit do. The format is that of the Java original, so that either can recover
// what the other one left.
//
// A log begins with "WAL", a zero byte and 16 random bytes, the sync mark. Records
// follow: the length of key and value, the length of the key, both as four bytes,
// then key and value, each with its length as Hadoop writes numbers before UTF-8
// text. A length of -1 is a sync mark instead, one at least every 2000 bytes. A
// block is one commit: the record BEGIN, records from temporary to final name, and
// END. Without END it is as if the block were not there.
//
// This file reads and writes bytes; log.go keeps the log in a file system.
package wal

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const (
	magic        = "WAL\x00"
	markSize     = 16
	headerSize   = len(magic) + markSize
	markInterval = 2000
	markEscape   = -1

	begin = "BEGIN"
	end   = "END"
)

// Entry says that a file gets its final name. Both are full names with scheme and
// host, or paths.
type Entry struct{ Temp, Final string }

// Block is one commit.
type Block []Entry

// Contents is what a log holds.
type Contents struct {
	mark [markSize]byte
	// Blocks are the whole ones, in order.
	Blocks []Block
	// Records counts them all, with those of a block that is not whole.
	Records int
	// Damage says from where on the log cannot be read, or nil. A block without END
	// at the end of the log is no damage.
	Damage error
}

// Last returns the newest whole block, or nil.
func (c *Contents) Last() Block {
	if len(c.Blocks) == 0 {
		return nil
	}
	return c.Blocks[len(c.Blocks)-1]
}

// Parse reads a log. What follows damage is not looked at.
func Parse(data []byte) Contents {
	var c Contents
	if len(data) < headerSize || string(data[:len(magic)]) != magic {
		c.Damage = fmt.Errorf("%d bytes that do not begin with %q and a sync mark", len(data), magic)
		return c
	}
	copy(c.mark[:], data[len(magic):])
	at := headerSize
	var open Block
	inside := false
	for at < len(data) {
		key, value, n, err := c.record(data[at:])
		if err != nil {
			c.Damage = fmt.Errorf("at byte %d: %w", at, err)
			return c
		}
		at += n
		if key == nil {
			continue // a sync mark
		}
		c.Records++
		switch k := string(key); {
		case k == begin:
			open, inside = nil, true
		case k == end && inside:
			c.Blocks = append(c.Blocks, slices.Clip(open))
			open, inside = nil, false
		case k != end && inside:
			open = append(open, Entry{Temp: k, Final: string(value)})
		}
	}
	return c
}

var (
	errShort = errors.New("the log ends within a record")
	errMark  = errors.New("the sync mark is not that of the log")
)

// record reads a record or, with a nil key, a sync mark, and its length.
func (c *Contents) record(data []byte) (key, value []byte, n int, err error) {
	if len(data) < 4 {
		return nil, nil, 0, errShort
	}
	length := int(int32(binary.BigEndian.Uint32(data)))
	if length == markEscape {
		if len(data) < 4+markSize {
			return nil, nil, 0, errShort
		}
		if [markSize]byte(data[4:4+markSize]) != c.mark {
			return nil, nil, 0, errMark
		}
		return nil, nil, 4 + markSize, nil
	}
	if len(data) < 8 {
		return nil, nil, 0, errShort
	}
	keyLength := int(int32(binary.BigEndian.Uint32(data[4:])))
	if length < 0 || keyLength < 0 || keyLength > length {
		return nil, nil, 0, fmt.Errorf("a record of %d bytes has a key of %d", length, keyLength)
	}
	data = data[8:]
	if len(data) < length {
		return nil, nil, 0, errShort
	}
	if key, err = text(data[:keyLength]); err != nil {
		return nil, nil, 0, fmt.Errorf("key: %w", err)
	}
	if value, err = text(data[keyLength:length]); err != nil {
		return nil, nil, 0, fmt.Errorf("value: %w", err)
	}
	return key, value, 8 + length, nil
}

// text reads bytes with their length before them, and nothing after them. The
// answer is never nil without an error.
func text(data []byte) ([]byte, error) {
	length, n, err := number(data)
	if err != nil {
		return nil, err
	}
	if length != int64(len(data)-n) {
		return nil, fmt.Errorf("a text of %d bytes in %d", length, len(data)-n)
	}
	return data[n:], nil
}

// number reads an integer as Hadoop's WritableUtils write it: small ones in one
// byte, others as a byte that holds sign and length, then the bytes, highest first.
func number(data []byte) (value int64, n int, err error) {
	if len(data) == 0 {
		return 0, 0, errShort
	}
	first := int8(data[0])
	if first >= -112 {
		return int64(first), 1, nil
	}
	size, negative := -112-int(first), false
	if first < -120 {
		size, negative = -120-int(first), true
	}
	if len(data) < 1+size {
		return 0, 0, errShort
	}
	for _, b := range data[1 : 1+size] {
		value = value<<8 | int64(b)
	}
	if negative {
		value = ^value
	}
	return value, 1 + size, nil
}

func appendNumber(dst []byte, v int64) []byte {
	if v >= -112 && v <= 127 {
		return append(dst, byte(v))
	}
	first := -112
	if v < 0 {
		v = ^v
		first = -120
	}
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], uint64(v))
	skip := 0
	for skip < 7 && raw[skip] == 0 {
		skip++
	}
	dst = append(dst, byte(first-(8-skip)))
	return append(dst, raw[skip:]...)
}

func appendText(dst []byte, s string) []byte {
	return append(appendNumber(dst, int64(len(s))), s...)
}

// encoder makes the bytes of a log.
type encoder struct {
	mark  [markSize]byte
	since int // bytes since the last sync mark
}

// newEncoder begins a log; the answer is its header.
func newEncoder() (*encoder, []byte) {
	e := &encoder{}
	_, _ = rand.Read(e.mark[:]) // never fails
	return e, append([]byte(magic), e.mark[:]...)
}

func (e *encoder) appendRecord(dst []byte, key, value string) []byte {
	if e.since >= markInterval {
		dst = binary.BigEndian.AppendUint32(dst, 0xffffffff)
		dst = append(dst, e.mark[:]...)
		e.since = 0
	}
	k := appendText(nil, key)
	v := appendText(nil, value)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(k)+len(v)))
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(k)))
	dst = append(append(dst, k...), v...)
	e.since += 8 + len(k) + len(v)
	return dst
}

// appendBlock adds one commit.
func (e *encoder) appendBlock(dst []byte, b Block) []byte {
	dst = e.appendRecord(dst, begin, "")
	for _, entry := range b {
		dst = e.appendRecord(dst, entry.Temp, entry.Final)
	}
	return e.appendRecord(dst, end, "")
}
