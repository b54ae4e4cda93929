package hdfs

import (
	"crypto/rand"
	"fmt"
	"path"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/connectors/hdfs/wal"
)

// tempFolder holds files that have no names yet, below topics.dir.
const tempFolder = "+tmp"

// places knows where the files of one topic partition lie. All are absolute paths.
type places struct {
	connect.TopicPartition
	topics    string // topics.dir for the topic
	logs      string // the folder of the write-ahead log
	extension string
	width     int // of offsets in names
}

// newPlaces finds the directories of a topic partition.
func newPlaces(s *settings, p connect.TopicPartition) (places, error) {
	topics, err := s.topics.For(p.Topic)
	if err != nil {
		return places{}, err //nolint:wrapcheck // It says all.
	}
	logs, err := s.logs.For(p.Topic)
	if err != nil {
		return places{}, err //nolint:wrapcheck // As above.
	}
	root := path.Clean("/" + s.cluster.Root)
	return places{
		TopicPartition: p,
		topics:         path.Join(root, topics),
		logs:           path.Join(root, logs, p.Topic, strconv.Itoa(int(p.Partition))),
		extension:      s.format.Extension(),
		width:          s.OffsetZeroPadWidth,
	}, nil
}

// temp returns a new name for a file that is written; dir is what the partitioner
// says, the topic's directory with the encoded partition.
func (p *places) temp(dir string) string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return path.Join(p.topics, tempFolder, dir, fmt.Sprintf("%x-%x-%x-%x-%x_tmp%s", id[:4], id[4:6], id[6:8], id[8:10], id[10:], p.extension))
}

// final returns the name of a file with the records of two offsets and between.
func (p *places) final(dir string, first, last int64) string {
	return path.Join(p.topics, dir, fmt.Sprintf("%s+%d+%0*d+%0*d%s", p.Topic, p.Partition, p.width, first, p.width, last, p.extension))
}

// last returns the offset of the last record in the file of the name, if it is one
// of the partition's.
func (p *places) last(name string) (int64, bool) {
	parts := strings.Split(path.Base(name), "+")
	if len(parts) != 4 || parts[0] != p.Topic || parts[1] != strconv.Itoa(int(p.Partition)) {
		return 0, false
	}
	digits, _, _ := strings.Cut(parts[3], ".")
	first, err := strconv.ParseUint(parts[2], 10, 63)
	if err != nil {
		return 0, false
	}
	last, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || last < first {
		return 0, false
	}
	return int64(last), true
}

// lastOf returns the name in a block of the log with the largest offset, or "".
func (p *places) lastOf(b wal.Block) (name string, last int64) {
	last = -1
	for _, e := range b {
		if n, ok := p.last(e.Final); ok && n > last {
			name, last = e.Final, n
		}
	}
	return name, last
}
