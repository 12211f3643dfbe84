package pipeline

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
	"whence/sources"
)

// group is the membership in the consumer group: it polls, hands records to the
// lanes, starts and stops lanes as partitions come and go, commits and announces
// for them.
type group struct {
	*shared
	admin  *kadm.Client
	client *kgo.Client
	// lanesCtx ends the lanes at once; an orderly stop closes each lane's stop.
	lanesCtx    context.Context
	cancelLanes context.CancelFunc
	failed      chan error // capacity 1: the first error of a lane
	stopPoll    context.CancelFunc
	wg          sync.WaitGroup

	mu      sync.Mutex
	lanes   map[tp]*lane
	fetched map[tp]place
	marks   map[tp]announced
	joined  func() // called once, at the first assignment
}

type tp struct {
	topic     string
	partition int32
}

type announced struct {
	generation int32
	time       time.Time
	at         time.Time // on the wall
}

func newGroup(s *shared, admin *kadm.Client) *group {
	return &group{
		shared: s, admin: admin, failed: make(chan error, 1),
		lanes: map[tp]*lane{}, fetched: map[tp]place{}, marks: map[tp]announced{},
	}
}

// run joins the group and polls until ctx is done, a lane fails, or the client
// cannot go on. On the way out it drains the lanes and commits.
func (g *group) run(ctx context.Context, kafka []kgo.Opt, ready chan struct{}) error {
	g.joined = sync.OnceFunc(func() { close(ready) })
	g.lanesCtx, g.cancelLanes = context.WithCancel(context.WithoutCancel(ctx))
	defer g.cancelLanes()
	polling, stopPoll := context.WithCancel(ctx)
	defer stopPoll()
	g.stopPoll = stopPoll
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], g.options()...)...)
	if err != nil {
		return fmt.Errorf("join group %s: %w", g.cfg.Group, err)
	}
	g.client = client
	g.resume = func(topic string, partition int32) {
		g.metrics.paused.WithLabelValues(topic, strconv.Itoa(int(partition))).Set(0)
		client.ResumeFetchPartitions(map[string][]int32{topic: {partition}})
	}

	upkeep := make(chan struct{})
	stopUpkeep := make(chan struct{})
	go func() {
		defer close(upkeep)
		g.upkeep(ctx, stopUpkeep)
	}()
	err = g.poll(polling)
	close(stopUpkeep)
	<-upkeep
	// Closing leaves the group, which revokes every partition: the lanes finish
	// their batch in hand and are committed there.
	client.CloseAllowingRebalance()
	g.cancelLanes()
	g.wg.Wait()
	return err
}

func (g *group) options() []kgo.Opt {
	return []kgo.Opt{
		kgo.ConsumerGroup(g.cfg.Group),
		kgo.ConsumeTopics(topicNames(g.cfg)...),
		kgo.DisableAutoCommit(),
		kgo.BlockRebalanceOnPoll(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		// Control records take offsets: without them a partition that ends in
		// one would never look read to its end.
		kgo.KeepControlRecords(),
		// Small fetches cost the least CPU per record (measured), and bound memory.
		kgo.FetchMaxBytes(2 << 20), kgo.FetchMaxPartitionBytes(1 << 20), kgo.MaxDecompressBatchBytes(256 << 20),
		kgo.RebalanceTimeout(g.cfg.DrainTimeout + 30*time.Second),
		// Two heartbeats may be lost before a member counts as gone.
		kgo.SessionTimeout(g.cfg.SessionTimeout), kgo.HeartbeatInterval(min(g.cfg.SessionTimeout/3, 3*time.Second)),
		kgo.OnPartitionsAssigned(g.assigned),
		kgo.OnOffsetsFetched(g.offsetsFetched),
		kgo.AdjustFetchOffsetsFn(g.startLanes),
		kgo.OnPartitionsRevoked(g.revoked),
		kgo.OnPartitionsLost(g.lost),
	}
}

// poll never blocks on a lane: a lane that has enough gets its partition paused,
// so membership in the group survives any outage of the sinks.
func (g *group) poll(ctx context.Context) error {
	for {
		fetches := g.client.PollRecords(ctx, 10_000)
		select {
		case err := <-g.failed:
			return err
		default:
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // to be told to stop is no failure
		}
		if fetches.IsClientClosed() {
			return errors.New("the kafka client was closed")
		}
		if err := g.fetchErrors(fetches); err != nil {
			return err
		}
		fetches.EachPartition(g.feed)
		g.client.AllowRebalance()
	}
}

func (g *group) feed(ft kgo.FetchTopicPartition) {
	g.mu.Lock()
	l := g.lanes[tp{ft.Topic, ft.Partition}]
	g.mu.Unlock()
	if l == nil {
		return // revoked between fetch and poll; its new owner reads it
	}
	if l.push(ft.Records, ft.HighWatermark) {
		g.metrics.paused.WithLabelValues(ft.Topic, strconv.Itoa(int(ft.Partition))).Set(1)
		g.client.PauseFetchPartitions(map[string][]int32{ft.Topic: {ft.Partition}})
		// The lane may have drained below half before the pause took hold, and
		// asked to be resumed before it was paused. Then nobody would ask again.
		l.mu.Lock()
		again := !l.paused
		l.mu.Unlock()
		if again {
			g.resume(ft.Topic, ft.Partition)
		}
	}
}

// fetchErrors returns errors that waiting cannot mend, and reports the rest.
func (g *group) fetchErrors(fetches kgo.Fetches) error {
	for _, fe := range fetches.Errors() {
		switch {
		case errors.Is(fe.Err, context.Canceled), errors.Is(fe.Err, context.DeadlineExceeded):
		case errors.Is(fe.Err, kerr.TopicAuthorizationFailed), errors.Is(fe.Err, kerr.GroupAuthorizationFailed), errors.Is(fe.Err, kerr.SaslAuthenticationFailed):
			return fmt.Errorf("read topic %s as group %s: %w; grant the user Read on both", fe.Topic, g.cfg.Group, fe.Err)
		case errors.Is(fe.Err, errBookmarks):
			return fmt.Errorf("take up the place of group %s: %w; if the metadata was damaged, set the group's offset by hand: repair settles what was parked", g.cfg.Group, fe.Err)
		default:
			g.log.Warn("a fetch failed and is tried again", "topic", fe.Topic, "partition", fe.Partition, "err", fe.Err)
		}
	}
	return nil
}

// assigned makes the lanes of new partitions; they start once their committed
// places are known, in startLanes. It is called for every generation of the
// group, after what that one took away is gone: the lanes that are left speak
// for it. One that kept speaking for an older generation would not be heard if
// somebody else had owned the partition in between.
func (g *group) assigned(ctx context.Context, client *kgo.Client, parts map[string][]int32) {
	_, generation := client.GroupMetadata()
	begins, err := g.admin.ListStartOffsets(ctx, topicNames(g.cfg)...)
	ends, endErr := g.admin.ListEndOffsets(ctx, topicNames(g.cfg)...)
	if err := errors.Join(err, endErr); err != nil {
		g.log.Warn("partitions without new records will not count as idle yet", "err", err)
	}
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
			delete(g.marks, tp{topic, p})
		}
	}
	g.joined()
}

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
				from = place{head: l.begin}
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

// wake passes on which keys have new facts.
func (g *group) wake(keys []correlate.Key) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.lanes {
		l.wake(keys)
	}
}

// revoked lets each lane finish the batch in hand, commits it with its
// bookmarks, and drops it. The next owner finds the parked chains by the
// bookmarks; their partial versions are in the sinks already.
func (g *group) revoked(ctx context.Context, _ *kgo.Client, parts map[string][]int32) {
	lanes := g.drop(parts)
	for _, l := range lanes {
		close(l.stop)
	}
	timeout := time.NewTimer(g.cfg.DrainTimeout)
	defer timeout.Stop()
	expired := false
	for _, l := range lanes {
		if l.cancel == nil {
			continue // never started
		}
		if !expired {
			select {
			case <-l.stopped:
			case <-timeout.C:
				expired = true
				g.log.Warn("a batch did not finish in time; it will be done again by the next owner", "topic", l.topic.Name, "partition", l.partition)
			}
		}
		l.cancel()
		<-l.stopped
	}
	if err := g.commit(ctx, lanes); err != nil {
		g.metrics.commitErr.Inc()
		g.log.Warn("the last commit of revoked partitions failed; their records will be read again", "err", err)
	}
}

// lost drops lanes whose partitions already belong to somebody else. Nothing is
// committed: the new owner has begun.
func (g *group) lost(_ context.Context, _ *kgo.Client, parts map[string][]int32) {
	for _, l := range g.drop(parts) {
		if l.cancel != nil {
			l.cancel()
			<-l.stopped
		}
	}
}

// drop takes lanes out of the group: from here on they are neither fed nor
// committed by upkeep.
func (g *group) drop(parts map[string][]int32) []*lane {
	g.mu.Lock()
	defer g.mu.Unlock()
	var out []*lane
	for topic, ps := range parts {
		for _, p := range ps {
			k := tp{topic, p}
			if l := g.lanes[k]; l != nil {
				out = append(out, l)
				delete(g.lanes, k)
				g.metrics.parked.DeleteLabelValues(topic, strconv.Itoa(int(p)))
			}
		}
	}
	return out
}
