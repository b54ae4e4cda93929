package kafka

import "github.com/twmb/franz-go/pkg/kgo"

// ToPartition is what to put into kgo.Record.Partition so that a producer
// writes the record to partition p, whatever its key. Without it, and so with
// the zero value, the producer chooses.
func ToPartition(p int32) int32 { return -1 - p }

// byRecord obeys ToPartition and leaves every other record to inner.
func byRecord(inner kgo.Partitioner) kgo.Partitioner { return recordPartitioner{inner} }

type recordPartitioner struct{ inner kgo.Partitioner }

// ForTopic keeps the optional abilities of inner, since the client looks for
// them by type.
func (p recordPartitioner) ForTopic(topic string) kgo.TopicPartitioner {
	inner := p.inner.ForTopic(topic)
	if backup, ok := inner.(kgo.TopicBackupPartitioner); ok {
		return topicBackupPartitioner{topicPartitioner{inner}, backup}
	}
	return topicPartitioner{inner}
}

type topicPartitioner struct{ inner kgo.TopicPartitioner }

// RequiresConsistency makes the client number all partitions, not just those
// that can be written to now, for a record that names its own.
func (p topicPartitioner) RequiresConsistency(r *kgo.Record) bool {
	return r.Partition < 0 || p.inner.RequiresConsistency(r)
}

func (p topicPartitioner) Partition(r *kgo.Record, n int) int {
	if r.Partition < 0 {
		return int(-1 - r.Partition)
	}
	return p.inner.Partition(r, n)
}

type topicBackupPartitioner struct {
	topicPartitioner
	backup kgo.TopicBackupPartitioner
}

func (p topicBackupPartitioner) PartitionByBackup(r *kgo.Record, n int, iter kgo.TopicBackupIter) int {
	if r.Partition < 0 {
		return int(-1 - r.Partition)
	}
	return p.backup.PartitionByBackup(r, n, iter)
}
