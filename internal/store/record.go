package store

// Record is a record of an internal topic, without headers. Nobody changes its
// bytes.
type Record struct {
	Partition int32
	Offset    int64
	Key       []byte // nil where it has none
	Value     []byte // nil is a tombstone
}
