package index

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate/arena"
)

// recalled is how long before the end of the sessions topic marks are read again. The
// owners of partitions write theirs far more often.
const recalled = time.Minute

// recall passes on the latest marks before the position of a store that was filled
// earlier: stores keep facts alone. Whoever runs while marks are written hears all that
// count within seconds; but if nobody has for long, and the group is new, it would not
// hear above which generation it has to speak. Brokers before 3.0 do not say
// when a topic was written last: then nothing is recalled.
func (t *Table) recall(ctx context.Context) error {
	from, err := t.recallFrom(ctx)
	if err != nil || len(from) == 0 {
		return err
	}
	start := map[int32]kgo.Offset{}
	for p, at := range from {
		start[p] = kgo.NewOffset().At(at)
	}
	client, err := kgo.NewClient(slices.Concat(t.opts, []kgo.Opt{
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{t.cfg.SessionsTopic: start}),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.FetchMaxBytes(4 << 20), kgo.FetchMaxPartitionBytes(512 << 10), kgo.MaxDecompressBatchBytes(64 << 20),
	})...)
	if err != nil {
		return err
	}
	defer client.Close()
	for len(from) > 0 {
		wait, cancel := context.WithTimeout(ctx, stall)
		fetches := client.PollRecords(wait, pollRecords)
		over := wait.Err() != nil // that is what the fetch error says
		cancel()
		if err := ctx.Err(); err != nil {
			return err
		}
		if !over {
			if err := t.fetchError(ctx, fetches); err != nil {
				return err
			}
		}
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			var marks []placedMark
			for _, r := range p.Records {
				if from[p.Partition] = r.Offset + 1; r.Attrs.IsControl() {
					continue
				}
				// What is unreadable was counted when it was first read.
				if _, m, err := decodeRecord(arena.View(r.Value)); err == nil && m != nil {
					marks = append(marks, placedMark{p.Partition, *m})
				}
			}
			t.observe(marks)
		})
		begins := map[TopicPartition]int64{}
		if fetches.NumRecords() == 0 { // has retention taken them?
			if begins, err = t.offsets(ctx, (*kadm.Client).ListStartOffsets); err != nil {
				return err
			}
		}
		for p, next := range from {
			if tp := (TopicPartition{t.cfg.SessionsTopic, p}); max(next, begins[tp]) >= t.next[tp] {
				delete(from, p)
			}
		}
	}
	return nil
}

// recallFrom is, by partition, where to begin, where that is before the position.
func (t *Table) recallFrom(ctx context.Context) (map[int32]int64, error) {
	admin := kadm.NewClient(t.producer)
	var listed kadm.ListedOffsets
	list := func(ask func() (kadm.ListedOffsets, error)) error {
		return t.patiently(ctx, func() (err error) {
			if listed, err = ask(); err == nil {
				err = listed.Error()
			}
			return err
		})
	}
	err := list(func() (kadm.ListedOffsets, error) { return admin.ListMaxTimestampOffsets(ctx, t.cfg.SessionsTopic) })
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		t.log.Info("brokers do not say when the sessions topic was written last; its latest marks are not read again", "err", err)
		return nil, nil
	}
	last := int64(-1)
	listed.Each(func(o kadm.ListedOffset) { last = max(last, o.Timestamp) })
	if last < 0 {
		return nil, nil // it is empty
	}
	since := last - recalled.Milliseconds()
	if err := list(func() (kadm.ListedOffsets, error) {
		return admin.ListOffsetsAfterMilli(ctx, since, t.cfg.SessionsTopic)
	}); err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	from := map[int32]int64{}
	listed.Each(func(o kadm.ListedOffset) {
		if o.Offset >= 0 && o.Offset < t.next[TopicPartition{o.Topic, o.Partition}] {
			from[o.Partition] = o.Offset
		}
	})
	return from, nil
}
