package store

import "errors"

// ErrNotClaimed is the error of a leader's write without write privileges: Claim
// was not called, or a write failed since, as it does when another worker leads.
var ErrNotClaimed = errors.New("cannot produce to the config topic without claiming write privileges first")

// WriteError says that a record of the config topic was not acknowledged, or not
// read back, in time. Whether it takes effect is open.
type WriteError struct {
	What string // "connector configuration"
	Err  error
}

// Error begins with the message of a Java worker, which clients see.
func (e *WriteError) Error() string { return "Error writing " + e.What + " to Kafka: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *WriteError) Unwrap() error { return e.Err }
