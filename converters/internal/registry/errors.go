package registry

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/twmb/franz-go/pkg/sr"

	"sluice/connect"
)

// Classes of Java that a failed call of the registry has.
const (
	authenticationException = "org.apache.kafka.common.errors.AuthenticationException"
	authorizationException  = "org.apache.kafka.common.errors.AuthorizationException"
	networkException        = "org.apache.kafka.common.errors.NetworkException"
	timeoutException        = "org.apache.kafka.common.errors.TimeoutException"
	throttlingException     = "org.apache.kafka.common.errors.ThrottlingQuotaExceededException"
	restClientException     = "io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException"
	ioException             = "java.io.IOException"
)

// callError is a call that failed at every address.
type callError struct {
	err  error
	urls []string
}

func (e *callError) Error() string {
	where := " (at " + strings.Join(e.urls, ", ") + ")"
	if answer, ok := errors.AsType[*sr.ResponseError](e.err); ok {
		return fmt.Sprintf("%s; error code: %d%s", answer.Error(), answer.ErrorCode, where)
	}
	if u, ok := errors.AsType[*url.Error](e.err); ok {
		return u.Err.Error() + where
	}
	return e.err.Error() + where
}

func (e *callError) Unwrap() error { return e.err }

func (e *callError) status() int {
	if answer, ok := errors.AsType[*sr.ResponseError](e.err); ok {
		return answer.StatusCode
	}
	return 0
}

// Words are the texts of one converter's errors, as Java has them; %s stands for
// the topic.
type Words struct {
	// Format names the schemas: "Avro", "Protobuf", "JSON".
	Format string
	// Write and Read begin the error of a record that cannot be written or read;
	// WriteLater and ReadLater that of one which may be tried again.
	Write, WriteLater string
	Read, ReadLater   string
	// Network names the records in the error of a network failure on writing.
	Network string
}

// direction is writing or reading.
type direction bool

const (
	writing direction = false
	reading direction = true
)

// fail wraps what went wrong with a record of the topic in the texts and classes
// of Java. A failed call becomes retriable where it may go away.
func (w *Words) fail(d direction, topic string, err error) error {
	final, later := w.Write, w.WriteLater
	if d == reading {
		final, later = w.Read, w.ReadLater
	}
	call, ok := errors.AsType[*callError](err)
	switch {
	case !ok || call.status() != 0 && !passing(call.err):
		switch connect.ClassOf(err) {
		case authenticationException, authorizationException:
			return err
		}
		return &connect.Error{Class: connect.DataException, Message: fmt.Sprintf(final, topic), Cause: err}
	case call.status() == http.StatusTooManyRequests:
		return connect.Retriable(&connect.Error{Class: throttlingException, Message: call.Error(), Cause: err})
	case call.status() != 0 || !isNetwork(call.err):
		return connect.Retriable(&connect.Error{Class: connect.RetriableException, Message: fmt.Sprintf(later, topic), Cause: err})
	case d == reading:
		return connect.Retriable(&connect.Error{
			Class: networkException, Cause: err,
			Message: fmt.Sprintf("Network connection error while deserializing data for topic %s: %s", topic, call),
		})
	}
	return connect.Retriable(&connect.Error{
		Class: networkException, Cause: err,
		Message: fmt.Sprintf("Network connection error while serializing %s data for topic %s: %s", w.Network, topic, call),
	})
}

// WriteError is the error of a record that cannot be written to the topic.
func (w *Words) WriteError(topic string, err error) error { return w.fail(writing, topic, err) }

// ReadError is the error of a record of the topic that cannot be read.
func (w *Words) ReadError(topic string, err error) error { return w.fail(reading, topic, err) }

// during says what was being done when a call failed, with the class that Java
// raises for the answer.
func during(doing string, err error) error {
	call, ok := errors.AsType[*callError](err)
	if !ok {
		return err
	}
	class := connect.SerializationFailure
	switch status := call.status(); {
	case status == http.StatusUnauthorized:
		class = authenticationException
	case status == http.StatusForbidden:
		class = authorizationException
	case status != 0 && passing(call.err):
		class = timeoutException
	}
	inner := restClientException
	if call.status() == 0 {
		inner = ioException
	}
	return &connect.Error{Class: class, Message: doing, Cause: &connect.Error{Class: inner, Message: call.Error(), Cause: call}}
}

// Serialization is the error of bytes or values that do not fit their schema.
func Serialization(err error, format string, args ...any) error {
	return &connect.Error{Class: connect.SerializationFailure, Message: fmt.Sprintf(format, args...), Cause: err}
}
