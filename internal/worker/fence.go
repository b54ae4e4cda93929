package worker

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/connect/config"
	"sluice/internal/kafka"
	"sluice/internal/store"
)

// FenceProducers fences the producers of the tasks 0 to tasks-1 of a source
// connector, by its resolved configuration: what they have left open is aborted,
// and what they write from now on is refused. It waits for the brokers until ctx
// ends. Tasks of other workers may write in transactions where those of this one
// do not, so it needs no ExactlyOnce.
func (w *Worker) FenceProducers(ctx context.Context, name string, cfg config.Map, tasks int) error {
	set, _, err := w.client(kafka.AdminRole, config.Map{"client.id": "connector-worker-adminclient-" + name}, cfg, kafka.AdminOverride)
	if err != nil {
		return err
	}
	client, err := kafka.NewClient(set, quiet(w.log.With("connector", name)), w.Opts...)
	if err != nil {
		return err
	}
	defer client.Close()
	for i := range tasks {
		id := w.transactionalID(store.TaskID{Connector: name, Task: i})
		if err := fence(ctx, client, id); err != nil {
			return fmt.Errorf("fence the producer %s: %w", id, err)
		}
	}
	return nil
}

// FormerTasks returns for how many tasks of a source connector the brokers know a
// transactional id of this worker: that of the last one, and 1. It waits for the
// brokers until ctx ends.
func (w *Worker) FormerTasks(ctx context.Context, name string, cfg config.Map) (int, error) {
	set, _, err := w.client(kafka.AdminRole, config.Map{"client.id": "connector-worker-adminclient-" + name}, cfg, kafka.AdminOverride)
	if err != nil {
		return 0, err
	}
	client, err := kafka.NewClient(set, quiet(w.log.With("connector", name)))
	if err != nil {
		return 0, err
	}
	defer client.Close()
	listed, err := kadm.NewClient(client).ListTransactions(ctx, nil, nil)
	if err != nil {
		return 0, fmt.Errorf("list the transactional ids: %w", err)
	}
	prefix, tasks := w.transactionalID(store.TaskID{Connector: name, Task: 0}), 0
	prefix = prefix[:len(prefix)-1] // without the number
	for id := range listed {
		number, found := strings.CutPrefix(id, prefix)
		if n, err := strconv.ParseUint(number, 10, 31); found && err == nil {
			tasks = max(tasks, int(n)+1)
		}
	}
	return tasks, nil
}

const (
	fenceTransactionMillis = 90_000 // Java's; the next producer of the id sets its own
	fenceRetry             = 20 * time.Millisecond
	fenceRetryMost         = time.Second
)

// fence takes a new epoch of the transactional id. While the broker still aborts
// what was open it asks to come again.
func fence(ctx context.Context, client *kgo.Client, id string) error {
	req := kmsg.NewPtrInitProducerIDRequest()
	req.TransactionalID = &id
	req.TransactionTimeoutMillis = fenceTransactionMillis
	req.ProducerID, req.ProducerEpoch = -1, -1
	for wait := fenceRetry; ; wait = min(2*wait, fenceRetryMost) {
		resp, err := req.RequestWith(ctx, client)
		if err == nil {
			err = kerr.ErrorForCode(resp.ErrorCode)
		}
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return errors.Join(context.Cause(ctx), err)
		case !kerr.IsRetriable(err) && !errors.Is(err, kerr.ConcurrentTransactions) && !kafka.Away(err):
			return err
		}
		sleep(ctx, wait)
	}
}
