package telemetry

import (
	"sync/atomic"
	"time"
)

// ErrorCounts counts what goes wrong in the stages of a task: the bean
// task-error-metrics of Java. Its methods may be called from any goroutine.
type ErrorCounts struct {
	failures, errors, skipped, retries, logged atomic.Int64
	dlqRequests, dlqFailures                   atomic.Int64
	last                                       atomic.Int64 // Unix milliseconds
}

// Failure counts a failed operation, whether it is tried again or not.
func (c *ErrorCounts) Failure() { c.failures.Add(1) }

// Error counts an operation that has failed for good.
func (c *ErrorCounts) Error() { c.errors.Add(1) }

// Skipped counts a record that is left out under tolerance.
func (c *ErrorCounts) Skipped() { c.skipped.Add(1) }

// Retry counts an operation that is tried again.
func (c *ErrorCounts) Retry() { c.retries.Add(1) }

// Logged counts a logged error.
func (c *ErrorCounts) Logged() { c.logged.Add(1) }

// DeadLetter counts a record handed to the dead letter queue.
func (c *ErrorCounts) DeadLetter() { c.dlqRequests.Add(1) }

// DeadLetterFailed counts one that the queue did not take.
func (c *ErrorCounts) DeadLetterFailed() { c.dlqFailures.Add(1) }

// At notes the time of an error.
func (c *ErrorCounts) At(t time.Time) { c.last.Store(t.UnixMilli()) }

// Dropped returns how many records were left out.
func (c *ErrorCounts) Dropped() int64 { return c.skipped.Load() }

// attributes are the names of the bean with their values.
func (c *ErrorCounts) attributes() []attribute {
	return []attribute{
		{"total-record-failures", float64(c.failures.Load())},
		{"total-record-errors", float64(c.errors.Load())},
		{"total-records-skipped", float64(c.skipped.Load())},
		{"total-retries", float64(c.retries.Load())},
		{"total-errors-logged", float64(c.logged.Load())},
		{"deadletterqueue-produce-requests", float64(c.dlqRequests.Load())},
		{"deadletterqueue-produce-failures", float64(c.dlqFailures.Load())},
		{"last-error-timestamp", float64(c.last.Load())},
	}
}

// attribute is a number of a bean under its name in Java.
type attribute struct {
	name  string
	value float64
}
