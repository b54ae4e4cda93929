package avro

import "sluice/converters/internal/registry"

// Compatible reports why what before wrote cannot be read with next, for the
// registry of tests.
func Compatible(next, before string) error {
	return canRead(registry.Schema{Text: next}, registry.Schema{Text: before})
}
