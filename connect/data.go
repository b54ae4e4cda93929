package connect

import (
	"sluice/connect/config"
	"sluice/connect/schema"
)

// Converter turns data into the bytes of a Kafka record's key or value, and
// back. After Configure it is used by one goroutine at a time.
type Converter interface {
	Configure(cfg config.Map, isKey bool) error
	// AppendEncode appends the bytes of d to dst, which is never nil, and returns
	// the result; nil means a null key or value. It may add to the headers.
	AppendEncode(dst []byte, topic string, headers *[]RawHeader, d Data) ([]byte, error)
	// Decode returns the data of the bytes, nil being null. The data may share
	// memory with raw and with the arena.
	Decode(topic string, headers []RawHeader, raw []byte, arena *schema.Arena) (Data, error)
}

// HeaderConverter does for headers what Converter does for keys and values.
type HeaderConverter interface {
	Configure(cfg config.Map) error
	AppendEncode(dst []byte, topic, key string, d Data) ([]byte, error)
	Decode(topic, key string, raw []byte, arena *schema.Arena) (Data, error)
}

// Transform changes one record. After Configure it is used by one goroutine at a time.
type Transform interface {
	Configure(cfg config.Map) error
	// Apply edits the record in place; keep false drops it. New values may come
	// from the arena, which may be nil.
	Apply(r *Record, arena *schema.Arena) (keep bool, err error)
	Close() error
}

// Predicate says whether a transform applies to a record.
type Predicate interface {
	Configure(cfg config.Map) error
	Test(r *Record) bool
	Close() error
}
