package transforms

import (
	"strconv"
	"strings"

	"sluice/connect"
)

const sourceRecordClass = "org.apache.kafka.connect.source.SourceRecord"

// fromSink reports whether the record was read from Kafka.
func fromSink(r *connect.Record) bool { return r.Origin.Topic != "" }

// recordText is ConnectRecord.toString as far as a person needs it.
func recordText(r *connect.Record) string {
	var b strings.Builder
	if fromSink(r) {
		b.WriteString("SinkRecord{kafkaOffset=" + strconv.FormatInt(r.Origin.Offset, 10) + ", originalTopic=" + r.Origin.Topic +
			", originalKafkaPartition=" + strconv.Itoa(int(r.Origin.Partition)) + "}")
	} else {
		partition := "null"
		if p := r.Origin.SourcePartition; p != nil {
			partition = p.Fields.String()
		}
		b.WriteString("SourceRecord{sourcePartition=" + partition + ", sourceOffset=" + r.Origin.SourceOffset.String() + "}")
	}
	partition, timestamp := "null", "null"
	if r.Partition != connect.NoPartition {
		partition = strconv.Itoa(int(r.Partition))
	}
	if r.Timestamp != connect.NoTimestamp {
		timestamp = strconv.FormatInt(r.Timestamp, 10)
	}
	b.WriteString(" ConnectRecord{topic='" + r.Topic + "', kafkaPartition=" + partition +
		", keySchema=" + describe(r.Key.Schema) + ", valueSchema=" + describe(r.Value.Schema) + ", timestamp=" + timestamp + "}")
	return b.String()
}
