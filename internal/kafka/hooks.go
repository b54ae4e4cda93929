package kafka

import (
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"sluice/internal/telemetry"
)

// Measured is the option that lets a client's batches and requests be counted.
func Measured(m *telemetry.Client) kgo.Opt {
	return kgo.WithHooks(networkHooks{&m.Network}, clientHooks{m})
}

// MeasuredNetwork is the option that lets a client's connections be counted.
func MeasuredNetwork(m *telemetry.Network) kgo.Opt { return kgo.WithHooks(networkHooks{m}) }

type clientHooks struct{ *telemetry.Client }

// OnProduceBatchWritten implements kgo.HookProduceBatchWritten.
func (h clientHooks) OnProduceBatchWritten(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.ProduceBatchMetrics) {
	h.Batch(m.NumRecords, m.CompressedBytes, m.UncompressedBytes)
}

// OnFetchBatchRead implements kgo.HookFetchBatchRead.
func (h clientHooks) OnFetchBatchRead(_ kgo.BrokerMetadata, _ string, _ int32, m kgo.FetchBatchMetrics) {
	h.Batch(m.NumRecords, m.CompressedBytes, m.UncompressedBytes)
}

// OnBrokerE2E implements kgo.HookBrokerE2E.
func (h clientHooks) OnBrokerE2E(_ kgo.BrokerMetadata, key int16, e2e kgo.BrokerE2E) {
	const produce, fetch = 0, 1
	if key == produce || key == fetch {
		h.Request(e2e.DurationE2E(), e2e.BytesRead, e2e.Err())
	}
}

type networkHooks struct{ *telemetry.Network }

// OnBrokerConnect implements kgo.HookBrokerConnect.
func (h networkHooks) OnBrokerConnect(_ kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if err == nil {
		h.Connected()
	}
}

// OnBrokerDisconnect implements kgo.HookBrokerDisconnect.
func (h networkHooks) OnBrokerDisconnect(kgo.BrokerMetadata, net.Conn) { h.Disconnected() }

// OnBrokerThrottle implements kgo.HookBrokerThrottle.
func (h networkHooks) OnBrokerThrottle(_ kgo.BrokerMetadata, d time.Duration, _ bool) { h.Throttled(d) }

// OnBrokerE2E implements kgo.HookBrokerE2E.
func (h networkHooks) OnBrokerE2E(b kgo.BrokerMetadata, key int16, e2e kgo.BrokerE2E) {
	h.Exchanged(b.NodeID, key, e2e.BytesWritten, e2e.BytesRead, e2e.DurationE2E(), e2e.Err())
}
