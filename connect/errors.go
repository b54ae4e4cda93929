package connect

import (
	"errors"
	"fmt"
	"time"

	"sluice/connect/config"
)

// Java classes of the errors that plugins raise. The first line of a trace
// shows the class, and clients match it.
const (
	ConnectException      = "org.apache.kafka.connect.errors.ConnectException"
	DataException         = "org.apache.kafka.connect.errors.DataException"
	SerializationFailure  = "org.apache.kafka.common.errors.SerializationException"
	RetriableException    = "org.apache.kafka.connect.errors.RetriableException"
	ConfigException       = "org.apache.kafka.common.config.ConfigException"
	SchemaBuilderFailure  = "org.apache.kafka.connect.errors.SchemaBuilderException"
	UnsupportedOperations = "java.lang.UnsupportedOperationException"
)

// Error is an error with the name of the Java exception class that the Java
// worker would show for it.
type Error struct {
	Class   string
	Message string
	Cause   error
}

// Error returns the message, as Throwable.getMessage.
func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf returns a ConnectException; %w sets its cause.
func Errorf(format string, args ...any) error { return newError(ConnectException, format, args) }

// DataErrorf returns a DataException: a record cannot be converted or does not
// fit. Under errors.tolerance=all such a record is dropped.
func DataErrorf(format string, args ...any) error { return newError(DataException, format, args) }

// ClassErrorf returns an error of another Java class.
func ClassErrorf(class, format string, args ...any) error { return newError(class, format, args) }

func newError(class, format string, args []any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Class: class, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// ClassOf returns the Java class of the error; ConnectException where none is known.
func ClassOf(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	if _, ok := errors.AsType[*config.Error](err); ok {
		return ConfigException
	}
	if IsRetriable(err) {
		return RetriableException
	}
	return ConnectException
}

// RetriableError is an error that may go away: the worker tries the call again.
type RetriableError struct {
	Err error
	// Wait is the time before the next try; 0 leaves it to the worker.
	Wait time.Duration
}

func (e *RetriableError) Error() string { return e.Err.Error() }

// Unwrap returns the error that may go away.
func (e *RetriableError) Unwrap() error { return e.Err }

// Retriable marks the error as one that may go away; nil stays nil.
func Retriable(err error) error { return RetryAfter(err, 0) }

// RetryAfter is Retriable with the time to wait before the next try.
func RetryAfter(err error, wait time.Duration) error {
	if err == nil {
		return nil
	}
	return &RetriableError{Err: err, Wait: wait}
}

// IsRetriable reports whether the error, or one that it wraps, may go away.
func IsRetriable(err error) bool {
	var r *RetriableError
	return errors.As(err, &r)
}
