package avro

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// headerLimit bounds what is read of a file to find its schema.
const headerLimit = 16 << 20

// readHeader returns the text of the schema in the header of a file.
func readHeader(r io.ReaderAt, size int64) (string, error) {
	in := bufio.NewReader(io.NewSectionReader(r, 0, min(size, headerLimit)))
	var start [len(magic)]byte
	if _, err := io.ReadFull(in, start[:]); err != nil || string(start[:]) != magic {
		return "", fmt.Errorf("the file begins with %q, not with %q", start[:], magic)
	}
	text := ""
	for {
		count, err := binary.ReadVarint(in)
		if err != nil {
			return "", cutOff(err)
		}
		if count < 0 { // then the size of the block in bytes follows
			if _, err := binary.ReadVarint(in); err != nil {
				return "", cutOff(err)
			}
			count = -count
		}
		if count == 0 {
			break
		}
		for range count {
			key, err := readText(in)
			if err != nil {
				return "", err
			}
			value, err := readText(in)
			if err != nil {
				return "", err
			}
			if key == "avro.schema" {
				text = value
			}
		}
	}
	if text == "" {
		return "", errors.New("the header has no avro.schema")
	}
	return text, nil
}

func readText(in *bufio.Reader) (string, error) {
	n, err := binary.ReadVarint(in)
	if err != nil {
		return "", cutOff(err)
	}
	if n < 0 || n > headerLimit {
		return "", fmt.Errorf("the header has an entry of %d bytes", n)
	}
	// The memory grows with what is there, not with what the length says.
	b, err := io.ReadAll(io.LimitReader(in, n))
	if err != nil {
		return "", err
	}
	if int64(len(b)) < n {
		return "", cutOff(io.ErrUnexpectedEOF)
	}
	return string(b), nil
}

func cutOff(err error) error { return fmt.Errorf("the header is cut off: %w", err) }
