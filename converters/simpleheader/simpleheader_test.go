package simpleheader_test

import (
	"testing"

	"sluice/connect"
	"sluice/converters/convertertest"
	"sluice/converters/simpleheader"
)

func converter() connect.HeaderConverter { return simpleheader.Plugins().HeaderConverters[0].New() }

func TestEncodeAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "simpleheader-from") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			got, err := converter().AppendEncode([]byte{}, "topic", "key", c.Input.Data(t))
			if !convertertest.CheckError(t, c, err) {
				convertertest.CheckBytes(t, got, c.Output.Bytes(t))
			}
		})
	}
}

func TestDecodeAsJava(t *testing.T) {
	t.Parallel()
	for _, c := range convertertest.Load(t, "simpleheader-to") {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			got, err := converter().Decode("topic", "key", c.Input.Bytes(t), nil)
			if !convertertest.CheckError(t, c, err) {
				convertertest.CheckData(t, got, c.Output.Data(t))
			}
		})
	}
}
