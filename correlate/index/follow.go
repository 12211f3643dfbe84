package index

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/arena"
)

const (
	// pollRecords bounds what one poll hands over; the rest waits in the client,
	// which stops fetching when it holds one fetch per broker.
	pollRecords = 5000
	// stall is how long CatchUp waits for records before it asks whether
	// retention has taken what it waits for.
	stall = time.Second
)

// CatchUp reads both topics from the store's position to where they end now. No
// record of a raw topic may be consumed before it returns nil: what is missing
// here would be written down as unknown.
func (t *Table) CatchUp(ctx context.Context) error {
	if err := t.catchUp(ctx); err != nil {
		return fmt.Errorf("catch up with sessions: %w", err)
	}
	return nil
}

func (t *Table) catchUp(ctx context.Context) error {
	if t.consumer != nil {
		return errors.New("called twice")
	}
	begins, err := t.seek(ctx)
	if err != nil {
		return err
	}
	t.recall()
	if t.consumer, err = t.dial(); err != nil {
		return err
	}
	until := make(map[TopicPartition]int64, len(t.ends))
	for tp, end := range t.ends {
		until[tp] = end
	}
	if r, ok := t.store.(rester); ok {
		defer r.work()
	}
	defer func() {
		for p := range t.known {
			next := t.next[TopicPartition{t.cfg.SessionsTopic, int32(p)}]
			t.known[p].Store(next)
			t.passed[p].Store(next)
		}
	}()
	t.behind(until, begins)
	if l, ok := t.store.(loader); ok && t.Lag() >= t.bulk.lag {
		if err := t.rebuild(ctx, l, until, begins); err != nil {
			return err
		}
	}
	for t.behind(until, begins) {
		wait, cancel := context.WithTimeout(ctx, stall)
		_, some, err := t.poll(wait)
		cancel()
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if !some {
			if begins, err = t.offsets(ctx, (*kadm.Client).ListStartOffsets); err != nil {
				return err
			}
		}
	}
	return nil
}

// seek learns where the partitions begin and end, and where to read on from.
func (t *Table) seek(ctx context.Context) (begins map[TopicPartition]int64, err error) {
	if t.ends, err = t.offsets(ctx, (*kadm.Client).ListCommittedOffsets); err != nil {
		return nil, err
	}
	if begins, err = t.offsets(ctx, (*kadm.Client).ListStartOffsets); err != nil {
		return nil, err
	}
	pos, err := t.store.Position()
	if err != nil {
		return nil, err
	}
	for tp, end := range t.ends {
		if pos[tp] > end {
			// The topic has lost records that this store read.
			if err := t.startOver("a topic is shorter than it was", "topic", tp.Topic, "partition", tp.Partition); err != nil {
				return nil, err
			}
			pos = Position{}
			break
		}
	}
	for tp := range t.ends {
		t.next[tp] = max(pos[tp], begins[tp])
	}
	return begins, nil
}

// offsets asks where the partitions begin or end, for as long as brokers are away.
func (t *Table) offsets(ctx context.Context, list func(*kadm.Client, context.Context, ...string) (kadm.ListedOffsets, error)) (map[TopicPartition]int64, error) {
	var listed kadm.ListedOffsets
	err := t.patiently(ctx, func() (err error) {
		listed, err = list(kadm.NewClient(t.producer), ctx, t.cfg.SessionsTopic, t.cfg.RegistryTopic)
		if err == nil {
			err = listed.Error()
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list offsets: %w", err)
	}
	out := map[TopicPartition]int64{}
	listed.Each(func(o kadm.ListedOffset) { out[TopicPartition{o.Topic, o.Partition}] = o.Offset })
	return out, nil
}

// dial opens the reading client. It reads from t.next; partitions that are added
// while it runs are read after a restart, as they are written to.
func (t *Table) dial() (*kgo.Client, error) {
	from := map[string]map[int32]kgo.Offset{}
	for tp, next := range t.next {
		if from[tp.Topic] == nil {
			from[tp.Topic] = map[int32]kgo.Offset{}
		}
		from[tp.Topic][tp.Partition] = kgo.NewOffset().At(next)
	}
	return kgo.NewClient(slices.Concat(t.opts, []kgo.Opt{
		kgo.ConsumePartitions(from),
		// Reading anything twice is harmless; reading something never is not.
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords(), // they move the position like any other
		kgo.FetchMaxBytes(4 << 20), kgo.FetchMaxPartitionBytes(512 << 10),
		kgo.MaxDecompressBatchBytes(64 << 20),
	})...)
}

// behind reports whether something is left to read, and sets the lag.
func (t *Table) behind(until, begins map[TopicPartition]int64) bool {
	var lag int64
	for tp, end := range until {
		lag += max(0, end-max(t.next[tp], begins[tp]))
	}
	t.counts.lag.Store(lag)
	return lag > 0
}

// Run follows both topics until ctx is done, and then returns nil. After every
// batch it passes the keys of which something new became known to notify, and so
// does Bind meanwhile, from its callers' goroutines: a fact is told once, by
// whichever saw it first. notify must be safe for concurrent use and must not
// wait for a caller of Bind; it may be called once more by a Bind that is under
// way when Run returns. The slice is its to keep. notify may be nil.
func (t *Table) Run(ctx context.Context, notify func([]correlate.Key)) error {
	if t.consumer == nil {
		return errors.New("follow sessions: CatchUp has not been called")
	}
	if notify != nil {
		t.notify.Store(&notify)
		defer t.notify.Store(nil)
	}
	for ctx.Err() == nil {
		changed, _, err := t.poll(ctx)
		t.tell(changed)
		if err != nil {
			return fmt.Errorf("follow sessions: %w", err)
		}
	}
	return nil
}

// poll reads once, applies what it got and moves the position. It reports the
// keys of which something new became known and whether there were any records.
func (t *Table) poll(ctx context.Context) (changed []correlate.Key, some bool, err error) {
	fetches := t.consumer.PollRecords(ctx, pollRecords)
	var (
		facts []correlate.Fact
		marks []placedMark
		pos   = Position{}
		last  = map[int32]int64{} // where the facts of the sessions topic end
	)
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		tp := TopicPartition{p.Topic, p.Partition}
		for _, r := range p.Records {
			pos[tp] = r.Offset + 1
			if r.Attrs.IsControl() {
				continue
			}
			f, m, err := decodeRecord(arena.View(r.Value)) // which nobody writes again
			switch {
			case err != nil:
				t.unreadable(r, err)
			case f != nil:
				facts = append(facts, *f)
				if r.Topic == t.cfg.SessionsTopic {
					last[r.Partition] = r.Offset + 1
				}
			case r.Topic == t.cfg.SessionsTopic:
				marks = append(marks, placedMark{r.Partition, *m})
			}
		}
		t.ends[tp] = max(t.ends[tp], p.HighWatermark)
	})
	if len(pos) > 0 {
		if err := t.keepMarks(marks); err != nil {
			return nil, true, err
		}
		if changed, err = t.apply(facts, pos); err != nil {
			return changed, true, err
		}
		for tp, next := range pos {
			t.next[tp] = next
		}
		for p, end := range last {
			t.known[p].Store(end)
		}
		t.behind(t.ends, nil)
	}
	t.observe(marks)
	for p := range t.passed {
		if next, some := pos[TopicPartition{t.cfg.SessionsTopic, int32(p)}]; some {
			t.passed[p].Store(next)
		}
	}
	if ctx.Err() != nil {
		return changed, len(pos) > 0, nil //nolint:nilerr // that is what the fetch error says
	}
	return changed, len(pos) > 0, t.fetchError(ctx, fetches)
}

// A placedMark is a mark and the sessions partition it was read from.
type placedMark struct {
	partition int32
	mark      correlate.Mark
}

// observe passes marks on, after the facts that came before them are visible.
func (t *Table) observe(marks []placedMark) {
	t.counts.observed.Add(uint64(len(marks)))
	if m := t.marks.Load(); m != nil {
		for _, p := range marks {
			m.Observe(p.partition, p.mark)
		}
	}
}

// fetchError returns the first error that does not pass. Others are told of once and
// waited after: the client goes on by itself.
func (t *Table) fetchError(ctx context.Context, fetches kgo.Fetches) error {
	var first, passing error
	fetches.EachError(func(topic string, partition int32, err error) {
		var lost *kgo.ErrDataLoss
		switch {
		case errors.As(err, &lost):
			t.log.Warn("a topic has lost records that were read before; facts may be missing on other instances",
				"topic", topic, "partition", partition, "err", err)
		case passes(err):
			passing = err
		case first == nil && topic == "":
			first = err
		case first == nil:
			first = fmt.Errorf("read %s[%d]: %w", topic, partition, err)
		}
	})
	switch {
	case first != nil || passing == nil:
		t.away = t.away && passing != nil
		return first
	case !t.away:
		t.away = true
		t.log.Warn("the session topics cannot be read; it is tried again", "err", passing)
	}
	select {
	case <-ctx.Done():
	case <-time.After(askAgain):
	}
	return nil
}

func (t *Table) unreadable(r *kgo.Record, err error) {
	if t.counts.unreadable.Add(1) == 1 {
		t.log.Warn("a record of the session topics cannot be read and is passed over; later ones are only counted",
			"topic", r.Topic, "partition", r.Partition, "offset", r.Offset, "err", err)
	}
}
