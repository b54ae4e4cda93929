// Package kafka keeps the three roles of the store in topics of Kafka, as the
// workers of a group in distributed mode do. Java workers read and write the same
// topics.
//
// It owns the creation and checking of the topics, the clients and what is read
// and written with them; what the records mean is said by store and store/journal.
// It never commits consumer offsets. Start with [New].
package kafka

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/kafka"
	"sluice/internal/store"
	"sluice/internal/store/journal"
)

// Config is what the stores are made from.
type Config struct {
	// Worker are the settings of the worker, with their references resolved.
	Worker map[string]string
	Log    *slog.Logger
	// Opts are added to the options of all clients; tests give a network here.
	Opts []kgo.Opt
}

// Stores are the three stores of a worker. They are independent of one another;
// Start and Close do it for all.
type Stores struct {
	Configs  *journal.Configs
	Statuses *journal.Statuses
	Offsets  *journal.Offsets

	cfg         Config
	eos         EOS
	admin       *kgo.Client
	offsetTopic topic
	offsets     store.Offsets    // of all connectors without a topic of their own
	over        *journal.Overlay // these, where they lie over a file
}

// EOS is the value of exactly.once.source.support.
type EOS string

// The values: with Preparing the leader's writes are transactions already, but
// readers do not ask for committed records yet.
const (
	Disabled  EOS = "disabled"
	Preparing EOS = "preparing"
	Enabled   EOS = "enabled"
)

// ExactlyOnce reads exactly.once.source.support of a worker, in any case;
// disabled where it is not given.
func ExactlyOnce(worker map[string]string) (EOS, error) {
	text := strings.TrimSpace(worker["exactly.once.source.support"])
	switch e := EOS(strings.ToLower(text)); e {
	case "":
		return Disabled, nil
	case Disabled, Preparing, Enabled:
		return e, nil
	}
	return "", &kafka.ValueError{Key: "exactly.once.source.support", Value: text, Right: "give disabled, preparing or enabled"}
}

// New makes the stores and connects to nothing yet. The error names every setting
// that is wrong.
func New(cfg Config) (*Stores, error) {
	cfg.Worker = maps.Clone(cfg.Worker)
	delete(cfg.Worker, "transactional.id") // of the leader's producer alone, and fixed there
	eos, err := ExactlyOnce(cfg.Worker)
	errs := []error{err}
	var topics [3]topic
	for i, kind := range []kind{configKind, statusKind, offsetKind} {
		topics[i], err = readTopic(cfg.Worker, kind, cfg.Log)
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	admin, err := newClient(cfg, workerClient(cfg.Worker, "shared-admin")(kafka.AdminRole, nil))
	if err != nil {
		return nil, err
	}
	open := func(t topic, name string, committed bool) (*topicLog, error) {
		return newLog(cfg, workerClient(cfg.Worker, name), t, admin, committed)
	}
	configs, errC := open(topics[0], "configs", eos == Enabled)
	statuses, errS := open(topics[1], "statuses", false)
	offsets, errO := open(topics[2], "offsets", eos == Enabled)
	if err := errors.Join(errC, errS, errO); err != nil {
		for _, l := range []*topicLog{configs, statuses, offsets} {
			if l != nil {
				l.closeClients()
			}
		}
		admin.Close()
		return nil, err
	}
	var leader journal.NewWriter
	if eos != Disabled {
		leader = newLeader(cfg, topics[0].name)
	}
	s := &Stores{
		Configs: journal.NewConfigs(configs, leader, cfg.Log), Statuses: journal.NewStatuses(statuses, cfg.Log),
		Offsets: journal.NewOffsets(offsets, cfg.Log), cfg: cfg, eos: eos, admin: admin, offsetTopic: topics[2],
	}
	s.offsets = s.Offsets
	return s, nil
}

// Start creates or checks the topics and reads all three to their ends, or to where
// somebody has left a transaction open. While no broker answers it waits until ctx
// ends.
func (s *Stores) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, start := range []func(context.Context) error{s.Configs.Start, s.Statuses.Start, s.Offsets.Start} {
		wg.Go(func() {
			if err := start(ctx); err != nil {
				cancel(err) // the first one counts
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

// Close ends all three.
func (s *Stores) Close() error {
	err := errors.Join(s.Configs.Close(), s.Statuses.Close(), s.Offsets.Close())
	s.admin.Close()
	return err
}
