package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/sources"
)

// assigned makes the lanes of new partitions; they start once their committed
// places are known, in startLanes. It is called for every generation of the
// group, after what that one took away is gone: the lanes that are left speak
// for it. One that kept speaking for an older generation would not be heard if
// somebody else had owned the partition in between.
func (g *group) assigned(ctx context.Context, client *kgo.Client, parts map[string][]int32) {
	_, generation := client.GroupMetadata()
	begins, ends := g.edges(ctx)
	// To the client a partition stays paused when it is lost, and its new lane, which
	// has nothing in hand, would never ask for it.
	client.ResumeFetchPartitions(parts)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.lanes {
		l.speakFor(generation)
	}
	for topic, ps := range parts {
		for _, p := range ps {
			t := g.topic(topic)
			src, _ := sources.Find(t.Source)
			l := newLane(g.shared, t, src, p, generation)
			if o, ok := ends.Lookup(topic, p); ok && o.Err == nil {
				l.end = o.Offset
			}
			if o, ok := begins.Lookup(topic, p); ok && o.Err == nil {
				l.begin = o.Offset
			}
			g.lanes[tp{topic, p}] = l
			g.shared.lanes.Store(int32(len(g.lanes)))
			delete(g.marks, tp{topic, p})
		}
	}
	g.joined()
}

// edges are where the partitions begin and end. Partitions often move because a
// broker was lost, and then another needs seconds to lead: nobody may go without the
// answer for less than DrainTimeout, half of what a rebalance may take. A lane that
// does not know its end is not idle until the next record comes, and holds up time
// for everybody.
func (g *group) edges(ctx context.Context) (begins, ends kadm.ListedOffsets) {
	patience := time.NewTimer(g.cfg.DrainTimeout)
	defer patience.Stop()
	for {
		var err, endErr error
		begins, err = g.admin.ListStartOffsets(ctx, topicNames(g.cfg)...)
		ends, endErr = g.admin.ListEndOffsets(ctx, topicNames(g.cfg)...)
		err = errors.Join(err, endErr, begins.Error(), ends.Error())
		if err == nil {
			return begins, ends
		}
		select {
		case <-time.After(edgesAgain):
			continue
		case <-patience.C:
		case <-ctx.Done():
		}
		g.log.Warn("partitions without new records will not count as idle yet", "err", err)
		return begins, ends
	}
}

// edgesAgain is how long to wait before the brokers are asked again.
const edgesAgain = 500 * time.Millisecond

func (g *group) topic(name string) Topic {
	for _, t := range g.cfg.Topics {
		if t.Name == name {
			return t
		}
	}
	panic("pipeline: assigned a topic that was not asked for: " + name)
}

// offsetsFetched reads the bookmarks out of the commit metadata.
func (g *group) offsetsFetched(_ context.Context, _ *kgo.Client, resp *kmsg.OffsetFetchResponse) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	note := func(topic string, partition int32, offset int64, metadata *string) error {
		if offset < 0 {
			return nil // nobody has committed
		}
		var text string
		if metadata != nil {
			text = *metadata
		}
		p, err := decodePlace(offset, text)
		if err != nil {
			return fmt.Errorf("%s/%d: %w", topic, partition, err)
		}
		g.fetched[tp{topic, partition}] = p
		return nil
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := note(t.Topic, p.Partition, p.Offset, p.Metadata); err != nil {
				return err
			}
		}
	}
	for _, gr := range resp.Groups {
		for _, t := range gr.Topics {
			for _, p := range t.Partitions {
				if err := note(t.Topic, p.Partition, p.Offset, p.Metadata); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// startLanes starts each lane at its committed place and rewinds the fetch to
// the first bookmark.
func (g *group) startLanes(_ context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for topic, ps := range offsets {
		for p := range ps {
			k := tp{topic, p}
			l := g.lanes[k]
			if l == nil || l.cancel != nil {
				continue
			}
			from, ok := g.fetched[k]
			delete(g.fetched, k)
			// A lane must not wait for records below its partition's begin, or it
			// never reaches the end, and holds the time up for everybody.
			from = from.since(l.begin)
			if l.end >= 0 && from.head > l.end {
				// Offsets below the head are given out anew: nothing of the place
				// can be relied on. To read twice is harmless, to pass over is not.
				g.log.Warn("a partition is shorter than it was; it is read again from its begin", "topic", topic, "partition", p)
				from = place{head: l.begin, ledger: from.ledger}
			}
			if ok {
				ps[p] = kgo.NewOffset().At(from.start())
			}
			g.start(l, from)
		}
	}
	return offsets, nil
}

func (g *group) start(l *lane, from place) {
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(g.lanesCtx)
	g.wg.Add(1)
	go func() {
		defer g.wg.Done()
		if err := l.run(ctx, from); err != nil {
			select {
			case g.failed <- err:
				g.stopPoll()
			default:
			}
		}
	}()
}
