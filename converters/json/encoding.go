package json

import (
	"bytes"
	"encoding/binary"
	"errors"
	"unicode/utf16"
	"unicode/utf8"
)

// toUTF8 returns the JSON text as UTF-8 without a byte order mark. As RFC 4627
// says and Jackson does, UTF-16 and UTF-32 are told by their zero bytes.
func toUTF8(raw []byte) ([]byte, error) {
	if len(raw) < 2 || raw[0] != 0 && raw[1] != 0 && raw[0] < 0xEF {
		return raw, nil
	}
	if rest, ok := bytes.CutPrefix(raw, []byte{0xEF, 0xBB, 0xBF}); ok {
		return rest, nil
	}
	switch {
	case bytes.HasPrefix(raw, []byte{0, 0, 0xFE, 0xFF}):
		return from32(raw[4:], binary.BigEndian)
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE, 0, 0}):
		return from32(raw[4:], binary.LittleEndian)
	case bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		return from16(raw[2:], binary.BigEndian)
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}):
		return from16(raw[2:], binary.LittleEndian)
	case len(raw) >= 4 && raw[0] == 0 && raw[1] == 0 && raw[2] == 0:
		return from32(raw, binary.BigEndian)
	case len(raw) >= 4 && raw[1] == 0 && raw[2] == 0 && raw[3] == 0:
		return from32(raw, binary.LittleEndian)
	case raw[0] == 0:
		return from16(raw, binary.BigEndian)
	case raw[1] == 0:
		return from16(raw, binary.LittleEndian)
	}
	return raw, nil
}

var errEncoding = errors.New("the text ends within a character of UTF-16 or UTF-32")

func from16(raw []byte, order binary.ByteOrder) ([]byte, error) {
	if len(raw)%2 != 0 {
		return nil, errEncoding
	}
	units := make([]uint16, 0, len(raw)/2)
	for ; len(raw) > 0; raw = raw[2:] {
		units = append(units, order.Uint16(raw))
	}
	return []byte(string(utf16.Decode(units))), nil
}

func from32(raw []byte, order binary.ByteOrder) ([]byte, error) {
	if len(raw)%4 != 0 {
		return nil, errEncoding
	}
	out := make([]byte, 0, len(raw)/4)
	for ; len(raw) > 0; raw = raw[4:] {
		out = utf8.AppendRune(out, rune(order.Uint32(raw)))
	}
	return out, nil
}
