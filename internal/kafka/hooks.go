package kafka

import (
	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/telemetry"
)

// Measured is the option that lets a client's batches and requests be counted.
func Measured(m *telemetry.Client) kgo.Opt { return kgo.WithHooks(clientHooks{m}) }

type clientHooks struct{ *telemetry.Client }

// OnProduceBatchWritten implements kgo.HookProduceBatchWritten.
func (h clientHooks) OnProduceBatchWritten(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.ProduceBatchMetrics) {
	h.Batch(m.NumRecords, m.CompressedBytes)
}

// OnFetchBatchRead implements kgo.HookFetchBatchRead.
func (h clientHooks) OnFetchBatchRead(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.FetchBatchMetrics) {
	h.Batch(m.NumRecords, m.CompressedBytes)
}

// OnBrokerE2E implements kgo.HookBrokerE2E.
func (h clientHooks) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, e2e kgo.BrokerE2E) {
	const produce, fetch = 0, 1
	if key == produce || key == fetch {
		h.Request(e2e.DurationE2E(), e2e.Err())
	}
}
