package partition

import (
	"strconv"

	"sluice/connect"
	"sluice/connectors/internal/storage"
)

// byPartition is the DefaultPartitioner: a directory for each Kafka partition.
type byPartition struct {
	delim     string
	partition int32
	encoded   string
}

func (p *byPartition) Encode(r *connect.Record, _ int64) (string, error) {
	if n := r.Origin.Partition; p.encoded == "" || n != p.partition {
		p.partition, p.encoded = n, "partition="+strconv.Itoa(int(n))
	}
	return p.encoded, nil
}

func (p *byPartition) Path(topic, encoded string) string { return topic + p.delim + encoded }

func (*byPartition) Extractor() storage.Extractor { return wallclock{} }
