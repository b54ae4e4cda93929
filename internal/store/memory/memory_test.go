package memory_test

import (
	"log/slog"
	"sync"
	"testing"

	"sluice/internal/store"
	"sluice/internal/store/memory"
	"sluice/internal/store/storetest"
)

// topicOf gives each test a topic of its own.
func topicOf() func(t *testing.T) *memory.Topic {
	var mu sync.Mutex
	topics := map[string]*memory.Topic{}
	return func(t *testing.T) *memory.Topic {
		mu.Lock()
		defer mu.Unlock()
		if topics[t.Name()] == nil {
			topics[t.Name()] = memory.NewTopic()
		}
		return topics[t.Name()]
	}
}

func TestConfigs(t *testing.T) {
	t.Parallel()
	for name, transactions := range map[string]bool{"plain": false, "transactions": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			topic := topicOf()
			storetest.Configs(t, transactions, func(t *testing.T) store.ConfigStore {
				s := topic(t).Configs(transactions, slog.New(slog.DiscardHandler))
				if err := s.Start(t.Context()); err != nil {
					t.Fatal(err)
				}
				return s
			})
		})
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	topic := topicOf()
	storetest.Statuses(t, func(t *testing.T) store.StatusStore {
		s := topic(t).Statuses(slog.New(slog.DiscardHandler))
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	})
}

func TestOffsets(t *testing.T) {
	t.Parallel()
	topic := topicOf()
	storetest.Offsets(t, true, func(t *testing.T) store.Offsets {
		s := topic(t).Offsets(slog.New(slog.DiscardHandler))
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		return s
	})
}
