package pipeline

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// readStall is how long to wait for records before asking whether they are gone.
const readStall = 3 * time.Second

// readSpan passes on the records of each partition from an offset until another, in
// the order of their offsets, and returns when it has seen all that are still there.
func readSpan(ctx context.Context, kafka []kgo.Opt, admin *kadm.Client, from, until map[tp]int64, yield func(*kgo.Record) error) error {
	parts := map[string]map[int32]kgo.Offset{}
	left := map[tp]int64{}
	for k, end := range until {
		if from[k] >= end {
			continue
		}
		if parts[k.topic] == nil {
			parts[k.topic] = map[int32]kgo.Offset{}
		}
		parts[k.topic][k.partition] = kgo.NewOffset().At(from[k])
		left[k] = end
	}
	if len(left) == 0 {
		return nil
	}
	client, err := kgo.NewClient(slices.Concat(kafka, []kgo.Opt{
		kgo.ConsumePartitions(parts), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	})...)
	if err != nil {
		return fmt.Errorf("connect to kafka: %w", err)
	}
	defer client.Close()
	for len(left) > 0 {
		wait, cancel := context.WithTimeout(ctx, readStall)
		fetches := client.PollRecords(wait, 5000)
		cancel()
		if err := ctx.Err(); err != nil {
			return err
		}
		if fetches.NumRecords() == 0 && wait.Err() != nil {
			if err := gone(ctx, admin, left); err != nil {
				return err
			}
			continue
		}
		for _, fe := range fetches.Errors() {
			return fmt.Errorf("read %s/%d: %w", fe.Topic, fe.Partition, fe.Err)
		}
		for it := fetches.RecordIter(); !it.Done(); {
			rec := it.Next()
			k := tp{rec.Topic, rec.Partition}
			if end, ok := left[k]; ok && rec.Offset+1 >= end {
				delete(left, k)
			}
			if rec.Attrs.IsControl() || rec.Offset >= until[k] {
				continue
			}
			if err := yield(rec); err != nil {
				return err
			}
		}
	}
	return nil
}

// gone takes from left the partitions of which retention has taken what was left.
func gone(ctx context.Context, admin *kadm.Client, left map[tp]int64) error {
	var names []string
	for k := range left {
		names = append(names, k.topic)
	}
	slices.Sort(names)
	starts, err := admin.ListStartOffsets(ctx, slices.Compact(names)...)
	if err != nil {
		return fmt.Errorf("list where topics begin: %w", err)
	}
	starts.Each(func(o kadm.ListedOffset) {
		if k := (tp{o.Topic, o.Partition}); o.Offset >= left[k] {
			delete(left, k)
		}
	})
	return nil
}
