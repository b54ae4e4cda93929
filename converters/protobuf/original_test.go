package protobuf_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/converters/internal/registrytest"
)

// TestAsTheOriginal holds what ProtobufConverter 8.3.1 registers, writes and reads,
// letter by letter.
func TestAsTheOriginal(t *testing.T) {
	t.Parallel()
	for _, o := range registrytest.Originals(t, "testdata/original.json") {
		t.Run(o.ID, func(t *testing.T) {
			t.Parallel()
			c, r := open(t, o.Config)
			o.Check(t, c, r, sr.TypeProtobuf)
		})
	}
}
