// Package connecttest holds the contract suites that every connector, converter,
// transform and predicate must pass. It stands on the standard library, so that
// an author of plugins needs nothing else.
//
// A test gives a suite the plugin as the worker would find it, and what only the
// author knows: how to make an outside system, and which data fits.
//
//	func TestContract(t *testing.T) {
//		connecttest.SourceTask(t, connecttest.Source{
//			Plugin: file.Plugins().Sources[0],
//			Setup: func(t *testing.T) connecttest.SourceSystem {
//				path := filepath.Join(t.TempDir(), "in")
//				return connecttest.SourceSystem{
//					Config: config.Map{"file": path, "topic": "t"},
//					Append: func(t *testing.T, n int) { appendLines(t, path, n) },
//				}
//			},
//		})
//	}
//
// The suites are [SourceTask], [SinkTask], [Converter], [HeaderConverter],
// [Transform] and [Predicate]; [CheckDef] looks at a configuration's table and
// [CheckConfig] at the struct that it is decoded into. All of them call the
// plugin as the worker does: one call at a time, memory used again and poisoned
// between calls, and a context that may end at any of them. They also fail for
// goroutines that are left behind. Run them under the race detector now and then.
package connecttest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/connect"
	"sluice/connect/schema"
)

// patience is how long a call that has to return may take. It only bounds how
// long a test hangs.
func patience(t *testing.T) time.Duration {
	t.Helper()
	const most = 30 * time.Second
	if end, ok := t.Deadline(); ok {
		return min(most, time.Until(end)/2)
	}
	return most
}

// call runs one call of the plugin and fails the test when it panics or does not
// return.
func call(t *testing.T, what string, f func() error) error {
	t.Helper()
	type outcome struct {
		err   error
		panic string
	}
	done := make(chan outcome, 1)
	go func() {
		var o outcome
		defer func() {
			if p := recover(); p != nil {
				o.panic = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
			done <- o
		}()
		o.err = f()
	}()
	select {
	case o := <-done:
		if o.panic != "" {
			t.Fatalf("%s panics: %s", what, o.panic)
		}
		return o.err
	case <-time.After(patience(t)):
		t.Fatalf("%s does not return", what)
		return nil
	}
}

// must is call for one that has to succeed.
func must(t *testing.T, what string, f func() error) {
	t.Helper()
	if err := call(t, what, f); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// ended returns a context that has ended.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// stopSoon returns a context that ends in the middle of something.
func stopSoon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	return ctx
}

// runs numbers the subtests, to tell their goroutines apart.
type runs struct{ n atomic.Int64 }

// sub runs a subtest and fails it for goroutines that it leaves behind, except
// those in a function whose name contains one of lingering.
func (r *runs) sub(t *testing.T, name string, lingering []string, f func(t *testing.T)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		id := t.Name() + "#" + strconv.FormatInt(r.n.Add(1), 10)
		// Goroutines inherit the label of their starter.
		pprof.Do(t.Context(), pprof.Labels("connecttest", id), func(context.Context) { f(t) })
		if t.Failed() {
			return
		}
		var left []string
		for limit := time.Now().Add(patience(t) / 3); ; time.Sleep(5 * time.Millisecond) {
			left = labelled(t, id, lingering)
			if len(left) == 0 {
				return
			}
			if time.Now().After(limit) {
				break
			}
		}
		t.Errorf("%d goroutines are left behind:\n%s", len(left), strings.Join(left, "\n\n"))
	})
}

// labelled returns the stacks of the goroutines with the label.
func labelled(t *testing.T, id string, lingering []string) []string {
	t.Helper()
	var b bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&b, 1); err != nil {
		t.Fatal(err)
	}
	var left []string
next:
	for stack := range strings.SplitSeq(b.String(), "\n\n") {
		if !strings.Contains(stack, strconv.Quote(id)) {
			continue
		}
		for _, name := range lingering {
			if strings.Contains(stack, name) {
				continue next
			}
		}
		left = append(left, stack)
	}
	return left
}

// logger keeps the lines of the plugin for the log of a test that fails.
func logger(t *testing.T) *slog.Logger {
	t.Helper()
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

// sameData reports whether both are equal in schema and value.
func sameData(a, b connect.Data) bool { return a.Schema.Equal(b.Schema) && a.Value.Equal(b.Value) }

// describe shows data in messages.
func describe(d connect.Data) string {
	kind := "no schema"
	if d.Schema != nil {
		kind = d.Schema.Type.String()
		if d.Schema.Name != "" {
			kind += " " + d.Schema.Name
		}
	}
	return fmt.Sprintf("%s %s (%s)", d.Value.Kind(), d.Value, kind)
}

// spoil overwrites what records hold and the arena that their values lie in.
func spoil(records []connect.Record, arena *schema.Arena) {
	bad := connect.Data{Value: schema.StringValue("poisoned")}
	for i := range records {
		records[i] = connect.Record{Topic: "poisoned", Key: bad, Value: bad}
	}
	arena.Poison()
}

// connectorHost is the worker as a connector sees it.
type connectorHost struct {
	log     *slog.Logger
	offsets func(ctx context.Context, partitions []schema.Value) ([]schema.Value, error)
	raised  atomic.Pointer[error]
}

func (h *connectorHost) Logger() *slog.Logger        { return h.log }
func (h *connectorHost) RequestTaskReconfiguration() {}
func (h *connectorHost) RaiseError(err error)        { h.raised.CompareAndSwap(nil, &err) }

func (h *connectorHost) Offsets(ctx context.Context, partitions []schema.Value) ([]schema.Value, error) {
	if h.offsets == nil {
		return make([]schema.Value, len(partitions)), nil
	}
	return h.offsets(ctx, partitions)
}
