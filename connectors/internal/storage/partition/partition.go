// Package partition has the partitioners of the storage sinks, which say in which
// directory a record lies, and the extractors, which say of what time it is. They
// stand for io.confluent.connect.storage.partitioner.
package partition

import (
	"time"

	"sluice/connectors/internal/storage"
)

// Settings are the values of the keys of Keys.
type Settings struct {
	Class          string        `config:"partitioner.class"`
	FieldNames     []string      `config:"partition.field.name"`
	Duration       time.Duration `config:"partition.duration.ms"`
	PathFormat     string        `config:"path.format"`
	Locale         string        `config:"locale"`
	Timezone       string        `config:"timezone"`
	Extractor      string        `config:"timestamp.extractor"`
	TimestampField string        `config:"timestamp.field"`
}

// New returns the partitioner that the settings name; delim is directory.delim.
// The error is a *config.Error with the words of the original.
func New(s Settings, delim string) (storage.Partitioner, error) {
	return newPartitioner(s, delim)
}
