package worker

import (
	"context"
	"testing"

	"sluice/connect"
	"sluice/connect/config"
	"sluice/internal/store"
)

// TestTopicsByJavaExpression takes a pattern that Go's engine cannot: topics
// that are there, one that comes later, and none that the pattern leaves out.
func TestTopicsByJavaExpression(t *testing.T) {
	t.Parallel()
	r := newRig(t, "consumer.metadata.max.age.ms", "50")
	r.produceTo(t, "orders", "1")
	r.produceTo(t, "orders-internal", "wrong")
	r.produceTo(t, "orders.more", "not the whole name")
	seen := make(chan string, 100)
	r.script.put = func(_ context.Context, records []connect.Record) error {
		for i := range records {
			seen <- records[i].Topic
		}
		return nil
	}
	r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics.regex": "(?!.*internal)[a-z-]+"}, nil, store.TargetStarted, 1)
	next := func(want string) {
		t.Helper()
		select {
		case got := <-seen:
			if got != want {
				t.Fatalf("a record of %s, want one of %s", got, want)
			}
		case <-deadline(t).Done():
			t.Fatalf("no record of %s", want)
		}
	}
	next("orders")
	r.produceTo(t, "late-orders", "2")
	next("late-orders")
	r.stop(t, task0())
}

func TestABadExpressionFailsTheTask(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.StartTask(task0(), config.Map{"connector.class": "FakeSink", "topics.regex": "["}, nil, store.TargetStarted, 1)
	s := r.ears.await(t, "c-0", store.Failed)
	const want = "org.apache.kafka.common.config.ConfigException: Invalid value [ for configuration topics.regex: Invalid regex: Unclosed character class near index 0"
	if len(s.Trace) < len(want) || s.Trace[:len(want)] != want {
		t.Errorf("trace %q", s.Trace)
	}
	r.stop(t, task0())
}
