package kafka

import (
	"fmt"
	"maps"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/kafka"
	"sluice/internal/store"
)

// identity gives the settings of the clients of one log, whoever it belongs to.
// The keys in set win.
type identity func(role kafka.Role, set map[string]string) kafka.Settings

// workerClient is the identity of the worker itself: all its settings at the top
// level that a role knows. name is the last part of the client ids.
func workerClient(worker map[string]string, name string) identity {
	return func(role kafka.Role, set map[string]string) kafka.Settings {
		all := map[string]string{"client.id": ClientID(worker, name)}
		maps.Copy(all, set)
		return kafka.Settings{Role: role, Values: kafka.WorkerSettings(role, worker, all)}
	}
}

// connectorClient is the identity of a connector: what the worker gives to its
// clients, and the overrides of its configuration.
func connectorClient(worker map[string]string, name string, cfg map[string]string) identity {
	return func(role kafka.Role, set map[string]string) kafka.Settings {
		var kind, prefix string
		switch role {
		case kafka.ProducerRole:
			kind, prefix = "producer", kafka.ProducerOverride
		case kafka.ConsumerRole:
			kind, prefix = "consumer", kafka.ConsumerOverride
		case kafka.AdminRole:
			kind, prefix = "adminclient", kafka.AdminOverride
		}
		values := kafka.Merge(role, worker, map[string]string{"client.id": "connector-" + kind + "-" + name}, kafka.WithPrefix(cfg, prefix))
		delete(values, "group.id") // it reads without a group
		maps.Copy(values, set)
		return kafka.Settings{Role: role, Values: values}
	}
}

// ClientID returns the id of one of the worker's own clients, as Java names them:
// GROUP-NAME, or GROUP-CLIENTID-NAME.
func ClientID(worker map[string]string, name string) string {
	id := worker["group.id"]
	if own := strings.TrimSpace(worker["client.id"]); own != "" {
		id += "-" + own
	}
	return id + "-" + name
}

// LeaderTransactionalID returns the transactional id of the leader's producer.
func LeaderTransactionalID(worker map[string]string) string {
	return "connect-cluster-" + worker["group.id"]
}

// TransactionalID returns the transactional id of the producer of a source task.
func TransactionalID(worker map[string]string, connector string, task int) string {
	return worker["group.id"] + "-" + store.TaskID{Connector: connector, Task: task}.String()
}

func newClient(cfg Config, s kafka.Settings, opts ...kgo.Opt) (*kgo.Client, error) {
	cl, err := kafka.NewClient(s, cfg.Log, append(opts, cfg.Opts...)...)
	if err != nil {
		return nil, fmt.Errorf("client %s: %w", s.Values["client.id"], err)
	}
	return cl, nil
}

// newWriterClient makes a producer that does not wait for more records to come,
// and whose batches may be as large as a record.
func newWriterClient(cfg Config, who identity, set map[string]string) (*kgo.Client, error) {
	s := who(kafka.ProducerRole, set)
	plan, err := s.Plan()
	if err != nil {
		return nil, err
	}
	opts := []kgo.Opt{kgo.ProducerBatchMaxBytes(plan.RequestBytes)}
	if _, ok := s.Values["linger.ms"]; !ok {
		opts = append(opts, kgo.ProducerLinger(0))
	}
	return newClient(cfg, s, opts...)
}
