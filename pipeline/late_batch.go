package pipeline

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate/index"
)

// lateBatch is what is repaired after at once.
type lateBatch struct {
	facts int
	keys  touched
	last  map[int32]int64           // by partition: the offset after the last fact
	next  map[int32]kgo.EpochOffset // by partition: where the batch ends
}

// gather takes facts until there are enough for a query, or for as long as
// RepairEvery: a query costs ClickHouse as much for one key as for many.
func (r *repairing) gather(ctx context.Context) lateBatch {
	b := lateBatch{keys: touched{}, last: map[int32]int64{}, next: map[int32]kgo.EpochOffset{}}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.RepairEvery)
	defer cancel()
	for len(b.keys) < lateKeys && ctx.Err() == nil {
		fetches := r.client.PollRecords(ctx, lateKeys-len(b.keys))
		for _, fe := range fetches.Errors() {
			if ctx.Err() == nil && !errors.Is(fe.Err, context.Canceled) {
				r.failures.note(fe.Topic, fe.Partition, fe.Err)
			}
		}
		fetches.EachPartition(r.failures.over)
		for it := fetches.RecordIter(); !it.Done(); {
			rec := it.Next()
			b.next[rec.Partition] = kgo.EpochOffset{Epoch: rec.LeaderEpoch, Offset: rec.Offset + 1}
			f, err := index.DecodeFact(rec.Value)
			if err != nil || f == nil {
				continue // a mark, or unreadable: the table counts those
			}
			b.facts++
			b.last[rec.Partition] = rec.Offset + 1
			b.keys.add(f, r.resolver.Load().Kinds)
		}
	}
	return b
}

// commit commits where b ends, by a request of its own: the client's commits wait for
// a join that is under way, whatever their context says, and a join waits for members
// that died as long as the group allows. A commit that is refused is for a partition
// that is somebody else's by now, who does the same again, to no effect.
func (r *repairing) commit(ctx context.Context, b lateBatch) error {
	topics, err := kadm.NewClient(r.client).ListTopics(ctx, r.topics[0])
	if err != nil {
		return fmt.Errorf("commit the place of repair: %w", err)
	}
	req := kmsg.NewPtrOffsetCommitRequest()
	req.Group = r.group()
	req.MemberID, req.Generation = r.client.GroupMetadata()
	topic := kmsg.NewOffsetCommitRequestTopic()
	topic.Topic, topic.TopicID = r.topics[0], topics[r.topics[0]].ID
	for p, next := range b.next {
		if !r.owns(p) {
			continue
		}
		part := kmsg.NewOffsetCommitRequestTopicPartition()
		part.Partition, part.Offset, part.LeaderEpoch = p, next.Offset, next.Epoch
		if r.ledger != nil {
			part.Metadata = kmsg.StringPtr(encodeHead(r.ledger.Head()))
		}
		topic.Partitions = append(topic.Partitions, part)
	}
	if len(topic.Partitions) == 0 || req.Generation < 0 {
		return nil
	}
	req.Topics = append(req.Topics, topic)
	if _, err := req.RequestWith(ctx, r.client); err != nil {
		return fmt.Errorf("commit the place of repair: %w", err)
	}
	return nil
}
