package kafka

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"

	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

// cluster is a fake one with three brokers.
func cluster(t *testing.T) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(3))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// worker returns the settings of a worker with topics of its own for each name.
func worker(c *kfake.Cluster, name string, set map[string]string) map[string]string {
	name = strings.NewReplacer("/", "-", " ", "_").Replace(name)
	w := map[string]string{
		"bootstrap.servers": strings.Join(c.ListenAddrs(), ","), "group.id": name,
		"config.storage.topic": name + "-configs", "offset.storage.topic": name + "-offsets", "status.storage.topic": name + "-status",
		"offset.storage.partitions": "3",
	}
	maps.Copy(w, set)
	return w
}

var quiet = slog.New(slog.DiscardHandler)

func openStores(t *testing.T, worker map[string]string) *Stores {
	t.Helper()
	s, err := New(Config{Worker: worker, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func start(t *testing.T, s interface {
	Start(ctx context.Context) error
},
) {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// parts opens one of the stores, and ends the others with the test.
func parts(t *testing.T, worker map[string]string) *Stores {
	t.Helper()
	s := openStores(t, worker)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestConfigs(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	for _, eos := range []string{"disabled", "preparing", "enabled"} {
		t.Run(eos, func(t *testing.T) {
			t.Parallel()
			storetest.Configs(t, eos != "disabled", func(t *testing.T) store.ConfigStore {
				s := parts(t, worker(c, t.Name(), map[string]string{"exactly.once.source.support": eos}))
				start(t, s.Configs)
				return s.Configs
			})
		})
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	storetest.Statuses(t, func(t *testing.T) store.StatusStore {
		s := parts(t, worker(c, t.Name(), nil))
		start(t, s.Statuses)
		return s.Statuses
	})
}

func TestOffsets(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	storetest.Offsets(t, true, func(t *testing.T) store.Offsets {
		s := parts(t, worker(c, t.Name(), nil))
		start(t, s.Offsets)
		return s.Offsets
	})
}

// TestStartAndClose opens all three as a worker does.
func TestStartAndClose(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	s := openStores(t, worker(c, t.Name(), nil))
	start(t, s)
	var wg sync.WaitGroup
	wg.Go(func() { s.Statuses.PutConnector("c", store.Status{State: store.Running, WorkerID: "w", Generation: 1}) })
	wg.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// What was put before Close is written.
	again := openStores(t, worker(c, t.Name(), nil))
	start(t, again)
	if _, ok := again.Statuses.Snapshot().Connector("c"); !ok {
		t.Error("the status is lost")
	}
	if err := again.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestOwnOffsets runs the suite on a connector's own topic over the worker's.
func TestOwnOffsets(t *testing.T) {
	t.Parallel()
	c := cluster(t)
	for name, own := range map[string]string{"own": "mine", "none": "", "the same": "same-offsets"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := worker(c, t.Name(), nil)
			if own == "same-offsets" {
				own = w["offset.storage.topic"]
			}
			storetest.Offsets(t, true, func(t *testing.T) store.Offsets {
				s := parts(t, w)
				start(t, s.Offsets)
				o, err := s.OpenOffsets(t.Context(), "c", map[string]string{OwnTopicKey: own, "consumer.override.group.id": "x"})
				if err != nil {
					t.Fatal(err)
				}
				return o
			})
		})
	}
	t.Cleanup(func() { // after the parallel subtests
		if info := c.TopicInfo("mine"); info == nil || len(c.PartitionInfos("mine")) != 3 || *info.Configs["cleanup.policy"] != "compact" {
			t.Errorf("the own topic is %+v", info)
		}
	})
}
