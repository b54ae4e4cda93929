package avro

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/dsnet/compress/bzip2"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/s2"
)

// codec compresses blocks. What compress returns is good until its next call.
type codec interface {
	compress(block []byte) ([]byte, error)
}

func newCodec(name string) (codec, error) {
	switch name {
	case "null":
		return plain{}, nil
	case "snappy":
		return &snappy{}, nil
	case "deflate":
		w, err := flate.NewWriter(nil, flate.DefaultCompression)
		return &stream{w: w}, err
	case "bzip2":
		w, err := bzip2.NewWriter(nil, nil)
		return &stream{w: w}, err
	}
	return nil, fmt.Errorf("String must be one of: null, deflate, snappy, bzip2") //nolint:staticcheck // ConfigDef's text.
}

type plain struct{}

func (plain) compress(block []byte) ([]byte, error) { return block, nil }

// snappy is Snappy without frames, and the checksum of what was compressed.
type snappy struct{ out []byte }

func (s *snappy) compress(block []byte) ([]byte, error) {
	if n := s2.MaxEncodedLen(len(block)); n >= 0 && cap(s.out) < n+crc32.Size {
		s.out = make([]byte, 0, n+crc32.Size)
	}
	data := s2.EncodeSnappy(s.out[:cap(s.out)], block)
	s.out = binary.BigEndian.AppendUint32(data, crc32.ChecksumIEEE(block))
	return s.out, nil
}

// stream is a codec that writes a stream.
type stream struct {
	w   io.WriteCloser
	out bytes.Buffer
}

func (s *stream) compress(block []byte) ([]byte, error) {
	s.out.Reset()
	switch w := s.w.(type) {
	case *flate.Writer:
		w.Reset(&s.out)
	case *bzip2.Writer:
		if err := w.Reset(&s.out); err != nil {
			return nil, err
		}
	}
	if _, err := s.w.Write(block); err != nil {
		return nil, err
	}
	if err := s.w.Close(); err != nil {
		return nil, err
	}
	return s.out.Bytes(), nil
}
