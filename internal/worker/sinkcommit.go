package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"sluice/connect"
)

// commit asks the plugin what is safe of the partitions (nil is all) and
// commits it. With closing the plugin's Close comes in between.
func (s *sinkTask) commit(partitions []connect.TopicPartition, closing bool) error {
	offered := maps.Clone(s.consumed)
	if partitions != nil {
		maps.DeleteFunc(offered, func(p connect.TopicPartition, _ connect.ConsumedOffset) bool { return !slices.Contains(partitions, p) })
	}
	err := s.pipeline.AwaitQueue(s.life.hard)
	if err != nil {
		return err
	}
	var safe connect.ConsumedOffsets
	start := time.Now()
	if len(offered) > 0 {
		s.commits++
		s.metrics.CommitBegun(s.commits)
		safe, err = s.plugin.PreCommit(s.life.hard, offered)
		s.host.apply()
	}
	if err != nil {
		s.metrics.Committed(time.Since(start), err)
		s.log.Error("offsets are not committed: the task refuses", "error", err)
		if !closing {
			s.rewind()
		}
	}
	if closing && s.listener != nil {
		if err := s.listener.Close(s.life.hard, partitions); err != nil {
			return fmt.Errorf("close partitions: %w", err)
		}
	}
	if err != nil {
		return nil //nolint:nilerr // Said above; the records come again.
	}
	err = s.store(safe)
	if len(offered) > 0 {
		s.metrics.Committed(time.Since(start), err)
	}
	return nil
}

// store commits the offsets that are new, not beyond what was put, and of
// partitions that are here. An error is logged; the next commit takes them again.
func (s *sinkTask) store(safe connect.ConsumedOffsets) error {
	todo := make(connect.ConsumedOffsets)
	for p, o := range safe {
		put, here := s.consumed[p]
		switch {
		case !here:
			s.log.Warn("task gives an offset of a partition that it has not: ignored", "topic", p.Topic, "partition", p.Partition)
		case o.Offset > put.Offset:
			s.log.Warn("task gives an offset beyond what it was given: ignored", "topic", p.Topic, "partition", p.Partition, "offset", o.Offset, "consumed", put.Offset)
		case s.committed[p] != o:
			todo[p] = o
		}
	}
	if len(todo) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(s.life.hard, s.worker.settings.flushTimeout)
	defer cancel()
	if err := s.consumer.commit(ctx, todo); err != nil {
		s.log.Error("offsets are not committed, the next commit takes them again", "error", err)
		return err
	}
	maps.Copy(s.committed, todo)
	s.metrics.Active(s.uncommitted())
	s.pipeline.Forget(s.committed)
	return nil
}

// uncommitted is how many records are put and not committed.
func (s *sinkTask) uncommitted() (n int64) {
	for p, o := range s.consumed {
		n += max(o.Offset-s.committed[p].Offset, 0)
	}
	return n
}

// rewind lets the records come again that are not committed, as Java does when
// PreCommit fails.
func (s *sinkTask) rewind() {
	s.pending = nil
	s.resetBatch()
	s.metrics.Released()
	for p, o := range s.committed {
		s.host.Seek(p, o.Offset)
	}
	s.host.apply()
}
