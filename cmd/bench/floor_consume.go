package main

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// consume reads what is in the topic and does nothing with it: the least that
// records cost from a broker. The fetches are as small as whence's.
func (t *topic) consume(ctx context.Context, broker string, n int) (cpu time.Duration, err error) {
	began := ownCPU()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(broker), kgo.ConsumeTopics(t.name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchMaxBytes(512<<10), kgo.FetchMaxPartitionBytes(256<<10),
		kgo.WithPools(&pools{}),
	)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for seen := 0; seen < n; {
		fetches := client.PollRecords(ctx, 10_000)
		if err := fetches.Err0(); err != nil {
			return 0, fmt.Errorf("read %s: %w", t.name, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			seen++
			r.Recycle()
		})
	}
	return ownCPU() - began, nil
}
