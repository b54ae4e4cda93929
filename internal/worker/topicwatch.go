package worker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/transforms/javaregex"
)

// topicWatch subscribes a consumer to the topics whose names match
// topics.regex, now and as they come and go. The client could do this by itself
// for Go's expressions only; the key holds Java's.
type topicWatch struct {
	client  *kgo.Client
	pattern *javaregex.Pattern
	missing map[string]int // looks since a topic that we consume was last seen
}

// patience is how many looks a topic may be missing: one answer of a broker
// that is behind must not cost the partitions.
const patience = 2

// firstLook is the time between two looks before the first answer.
const firstLook = time.Second

// run looks at the topics until ctx ends, as often as metadata.max.age.ms says.
func (w *topicWatch) run(ctx context.Context, warn func(error)) {
	age, ok := w.client.OptValue(kgo.MetadataMaxAge).(time.Duration)
	if !ok {
		age = time.Minute
	}
	wait := min(firstLook, age)
	for ctx.Err() == nil {
		switch err := w.look(ctx); {
		case err == nil:
			wait = age
		case ctx.Err() == nil:
			warn(err)
		}
		sleep(ctx, wait)
	}
}

func (w *topicWatch) look(ctx context.Context) error {
	// Internal topics are left out, as exclude.internal.topics has it.
	topics, err := kadm.NewClient(w.client).ListTopics(ctx)
	if err != nil {
		return fmt.Errorf("list the topics for topics.regex=%s: %w", w.pattern, err)
	}
	var come, gone []string
	for name, t := range topics {
		if _, known := w.missing[name]; !known && t.Err == nil && w.pattern.Matches(name) {
			come = append(come, name)
		}
	}
	for name := range w.missing {
		if w.missing[name]++; topics.Has(name) {
			w.missing[name] = 0
		} else if w.missing[name] >= patience {
			gone = append(gone, name)
		}
	}
	slices.Sort(come)
	for _, name := range come {
		w.missing[name] = 0
	}
	if len(come) > 0 {
		w.client.AddConsumeTopics(come...)
	}
	for _, name := range gone {
		delete(w.missing, name)
	}
	if len(gone) > 0 {
		w.client.PurgeTopicsFromConsuming(gone...)
	}
	return nil
}
