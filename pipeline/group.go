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

	"whence/correlate"
	"whence/correlate/index"
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
	failures    *failures  // of fetches
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
	index.Report
	at time.Time // on the wall
}

func newGroup(s *shared, admin *kadm.Client) *group {
	return &group{
		shared: s, admin: admin, failed: make(chan error, 1), failures: newFailures(s.log, "a fetch failed and is tried again"),
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
	options, err := g.options()
	if err != nil {
		return fmt.Errorf("join group %s: %w", g.cfg.Group, err)
	}
	client, err := kgo.NewClient(append(kafka[:len(kafka):len(kafka)], options...)...)
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

func (g *group) options() ([]kgo.Opt, error) {
	lent := newPools()
	unpack, err := newUnpacker(lent, g.maxBatchBytes)
	if err != nil {
		return nil, err
	}
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
		// Small fetches cost the least CPU per record (measured), and bound memory: a
		// fetch unpacks to six times its size, and some are under way beside the queues.
		kgo.FetchMaxBytes(512 << 10), kgo.FetchMaxPartitionBytes(256 << 10), kgo.MaxDecompressBatchBytes(g.maxBatchBytes),
		kgo.WithPools(lent), kgo.WithHooks(lent), kgo.WithDecompressor(unpack),
		// As long again to commit and to join. A member that dies in between holds
		// the group up for all of it.
		kgo.RebalanceTimeout(2 * g.cfg.DrainTimeout),
		kgo.SessionTimeout(g.cfg.SessionTimeout), kgo.HeartbeatInterval(g.cfg.heartbeat()),
		kgo.OnPartitionsAssigned(g.assigned),
		kgo.OnOffsetsFetched(g.offsetsFetched),
		kgo.AdjustFetchOffsetsFn(g.startLanes),
		kgo.OnPartitionsRevoked(g.revoked),
		kgo.OnPartitionsLost(g.lost),
	}, nil
}

// poll never blocks on a lane: a lane that has enough gets its partition paused, and
// while all have it waits between two polls, so membership in the group survives any
// outage of the sinks.
func (g *group) poll(ctx context.Context) error {
	for {
		g.intake.wait(ctx)
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
		fetches.EachPartition(g.failures.over)
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
	records := ft.Records
	if b, ok := errors.AsType[*kgo.ErrDecompressTooLarge](ft.Err); ok {
		// The client has stopped reading the partition. What it cannot read it
		// never will: the lane rejects the batch, and reading goes on after it.
		records = append(records, burst(b))
		g.client.SetOffsets(map[string]map[int32]kgo.EpochOffset{ft.Topic: {ft.Partition: {Epoch: b.Epoch, Offset: b.NextOffset}}})
	}
	if l.push(records, ft.HighWatermark) {
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
		case errors.Is(fe.Err, kgo.ErrMaxDecompress): // see feed
		case errors.Is(fe.Err, kerr.TopicAuthorizationFailed), errors.Is(fe.Err, kerr.GroupAuthorizationFailed), errors.Is(fe.Err, kerr.SaslAuthenticationFailed):
			return fmt.Errorf("read topic %s as group %s: %w; grant the user Read on both", fe.Topic, g.cfg.Group, fe.Err)
		case errors.Is(fe.Err, kerr.InvalidSessionTimeout):
			return fmt.Errorf("join group %s: %w; set pipeline.session_timeout to what the brokers allow: group.min.session.timeout.ms, 6s unless it was changed, is the least", g.cfg.Group, fe.Err)
		case errors.Is(fe.Err, errBookmarks):
			return fmt.Errorf("take up the place of group %s: %w; if the metadata was damaged, set the group's offset by hand: repair settles what was parked", g.cfg.Group, fe.Err)
		default:
			g.failures.note(fe.Topic, fe.Partition, fe.Err)
		}
	}
	return nil
}

// wake passes on which keys have new facts. They belong to whoever bound them, and
// lanes keep theirs until their next step.
func (g *group) wake(keys []correlate.Key) {
	owned := make([]correlate.Key, len(keys))
	for i, k := range keys {
		owned[i] = k.Clone()
	}
	keys = owned
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.lanes {
		l.wake(keys)
	}
}

// heartbeat is how often the group hears from a member: two may be lost before it
// counts as gone.
func (c Config) heartbeat() time.Duration { return min(c.SessionTimeout/3, 3*time.Second) }
