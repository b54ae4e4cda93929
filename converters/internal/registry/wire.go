package registry

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/connect"
)

const (
	magicID   = 0 // four bytes of id follow
	magicGUID = 1 // sixteen bytes of global id follow

	keyHeader   = "__key_schema_id"
	valueHeader = "__value_schema_id"
)

// Written names the schema of a record's bytes.
type Written struct {
	ID   int
	GUID string // "" where the id is known
	// Payload is what follows, which for Protobuf begins with the message indexes
	// unless Indexes holds them.
	Payload []byte
	// Header is what stands behind the global id in a header: for Protobuf the
	// message indexes. Nil where the bytes themselves name the schema.
	Header []byte
}

// String names the schema in errors.
func (w Written) String() string {
	if w.GUID != "" {
		return "guid " + w.GUID
	}
	return fmt.Sprintf("id %d", w.ID)
}

var (
	errMagic = errors.New("Unknown magic byte!") //nolint:staticcheck // Java's text.
	errShort = errors.New("the bytes end within the schema id")
)

// split reads the schema's name from the header of the record or before its bytes.
func split(raw []byte, headers []connect.RawHeader, header string) (Written, error) {
	if header != "" {
		for _, h := range slices.Backward(headers) {
			if h.Key == header && h.Value != nil {
				w, rest, err := name(h.Value)
				w.Payload = raw
				w.Header = append([]byte{}, rest...)
				return w, err
			}
		}
	}
	w, rest, err := name(raw)
	w.Payload = rest
	return w, err
}

func name(raw []byte) (w Written, rest []byte, err error) {
	switch {
	case len(raw) == 0:
		return w, nil, errShort
	case raw[0] == magicID && len(raw) >= 5:
		w.ID = int(int32(binary.BigEndian.Uint32(raw[1:])))
		return w, raw[5:], nil
	case raw[0] == magicGUID && len(raw) >= 17:
		w.GUID = guidText(raw[1:17])
		return w, raw[17:], nil
	case raw[0] == magicID || raw[0] == magicGUID:
		return w, nil, errShort
	}
	return w, nil, errMagic
}

func guidText(b []byte) string {
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// prefix returns the bytes before a payload.
func prefix(id int) []byte {
	return binary.BigEndian.AppendUint32([]byte{magicID}, uint32(id))
}

// guidPrefix returns the bytes of a header that names the schema.
func guidPrefix(guid string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(guid, "-", ""))
	if err != nil || len(b) != 16 {
		return nil, fmt.Errorf("schema guid %q is not one", guid)
	}
	return append([]byte{magicGUID}, b...), nil
}
