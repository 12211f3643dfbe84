package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/rules"
	"whence/sources"
)

// A lane is one owned partition and the goroutine that serves it. The goroutine
// owns the window and the place; the fields under mu are shared with the group,
// which feeds the lane and commits for it.
type lane struct {
	*shared
	topic     Topic
	partition int32
	source    sources.Source
	judge     *rules.Judge

	walker   *correlate.Walker
	work     *work
	window   *correlate.Window
	place    place // what is done, and what of a former owner's is still to do
	next     int64 // the next offset to work on
	begin    int64 // the partition's begin when it was assigned
	assigned time.Time
	fed      time.Time // when the last record was worked on, on the wall
	// looked and told are when the window was last searched for what has settled,
	// and when progress was last published, on the wall.
	looked, told time.Time
	flights      []*flight // oldest first
	flying       int       // rows in them

	mu         sync.Mutex
	queue      []*kgo.Record
	queueBytes int
	end        int64 // the partition's end, as last seen
	paused     bool
	woken      map[correlate.Key]struct{}
	wakeAll    bool // more keys changed than woken may hold: wake every chain
	done       place
	dirty      bool // done has not been committed yet
	mark       time.Time
	generation int32 // the latest of the group in which the partition is ours

	bump    chan struct{} // capacity 1: there is something to do
	stop    chan struct{} // closed: finish the batch in hand and return
	stopped chan struct{} // closed when the goroutine has returned
	cancel  context.CancelFunc
}

// maxWoken bounds the keys a lane is told of while it is busy. When there are
// more, it looks at all its chains instead.
const maxWoken = 50_000

func newLane(s *shared, t Topic, src sources.Source, partition, generation int32) *lane {
	now := s.clock.Now()
	l := &lane{
		shared: s, topic: t, partition: partition, generation: generation, source: src, judge: s.newJudge(),
		walker: s.resolver.NewWalker(), work: newWork(s.poison),
		window: correlate.NewWindow(s.share(s.cfg.WindowBytes, 1)), assigned: now, fed: now,
		woken: map[correlate.Key]struct{}{}, end: -1,
		bump: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if s.poison {
		l.walker.Poison()
	}
	return l
}

// run serves the lane until it is told to stop, ctx is done or a batch cannot be
// stored.
func (l *lane) run(ctx context.Context, from place) error {
	defer close(l.stopped)
	l.place, l.next = from, from.start()
	l.note(from.seen)
	l.publish()
	// The former owner may have written chains from facts that this instance has
	// not read yet: with less knowledge the lane would settle them, and lose to
	// the rows that are there. So it catches up first.
	if err := l.table.Sync(ctx); err != nil {
		return fmt.Errorf("catch up with the sessions topic for %s/%d: %w", l.topic.Name, l.partition, err)
	}
	tick := time.NewTicker(l.cfg.CommitEvery)
	defer tick.Stop()
	defer func() { // whatever happened, nobody writes for a lane that is gone
		for _, f := range l.flights {
			<-f.landed
		}
	}()
	for {
		ticked := false
		select {
		case <-ctx.Done():
			return nil
		case <-l.stop:
			return l.ends(ctx, l.finish(ctx))
		case <-tick.C:
			ticked = true
		case <-l.landing():
			if err := l.landDone(ctx); err != nil {
				return l.ends(ctx, err)
			}
		case <-l.bump:
		}
		for more := true; more; ticked = false {
			batch, woken, all := l.take()
			more = len(batch) > 0
			if !more && len(woken) == 0 && !all && !ticked {
				break
			}
			if err := l.step(ctx, batch, woken, all); err != nil {
				return l.ends(ctx, err)
			}
			select {
			case <-l.stop:
				return l.ends(ctx, l.finish(ctx))
			default:
			}
		}
		l.publish()
		l.idle()
	}
}

// finish waits for what is under way and publishes the last place.
func (l *lane) finish(ctx context.Context) error {
	err := l.landAll(ctx)
	if err == nil {
		l.publish()
	}
	return err
}

// ends says how the lane ended: an error while it was told to is none.
func (l *lane) ends(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return nil //nolint:nilerr // to be told to end is no failure
	}
	return fmt.Errorf("%s/%d: %w", l.topic.Name, l.partition, err)
}

// push hands fetched records over. It reports whether the lane has enough for
// now, and the partition is to be paused.
func (l *lane) push(records []*kgo.Record, end int64) (full bool) {
	l.mu.Lock()
	l.queue = append(l.queue, records...)
	l.queueBytes += sizeOf(records)
	l.end = max(l.end, end)
	full = (len(l.queue) >= l.cfg.QueueRecords || l.queueBytes >= l.share(l.cfg.QueueBytes, 1)) && !l.paused
	l.paused = l.paused || full
	l.mu.Unlock()
	l.nudge()
	return full
}

// wake tells the lane that the facts of keys changed. It keeps the keys, and never
// blocks.
func (l *lane) wake(keys []correlate.Key) {
	l.mu.Lock()
	if len(l.woken)+len(keys) > maxWoken {
		l.wakeAll = true
		clear(l.woken)
	} else {
		for _, k := range keys {
			l.woken[k] = struct{}{}
		}
	}
	l.mu.Unlock()
	l.nudge()
}

func (l *lane) nudge() {
	select {
	case l.bump <- struct{}{}:
	default:
	}
}

// A step takes at most maxBatch records: what is made of them stays in the caches,
// and a long queue does not hold a revoke up. It takes at least minBatch, however many
// lanes there are: a step has costs of its own.
const (
	maxBatch = 512
	minBatch = 128
)

// recordBytes is what a record takes beside its value.
const recordBytes = 256

func sizeOf(records []*kgo.Record) int {
	n := 0
	for _, r := range records {
		n += recordBytes + len(r.Value)
	}
	return n
}

// take returns what there is to do, and lets the partition be fetched again once
// half of its queue is done.
//
// A chain cannot miss its fact between being looked up and being parked: the
// table stores a fact first and then calls wake. If the look-up missed the fact,
// the store came after it, so wake comes after it too, and the key is in the set
// that the next take returns, when the chain is parked.
func (l *lane) take() (batch []*kgo.Record, woken []correlate.Key, all bool) {
	l.mu.Lock()
	n := min(len(l.queue), maxBatch, l.share(l.cfg.StepRecords, minBatch))
	batch = l.queue[:n:n]
	l.queueBytes -= sizeOf(batch)
	l.queue = l.queue[n:]
	if len(l.queue) == 0 {
		l.queue = nil
	}
	for k := range l.woken {
		woken = append(woken, k)
	}
	clear(l.woken)
	all, l.wakeAll = l.wakeAll, false
	resume := l.paused && len(l.queue) <= l.cfg.QueueRecords/2 && l.queueBytes <= l.share(l.cfg.QueueBytes, 1)/2
	if resume {
		l.paused = false
	}
	l.mu.Unlock()
	if resume {
		l.resume(l.topic.Name, l.partition)
	}
	return batch, woken, all
}

// note takes note of the latest event time read. A timestamp in the future moves no
// mark further than the wall.
func (l *lane) note(seen time.Time) {
	if now := l.clock.Now(); seen.After(now) {
		seen = now
	}
	if seen.After(l.place.seen) {
		l.place.seen = seen
	}
}

// publishEvery and lookEvery are how often a busy lane publishes and looks for what
// has settled: both go over the whole window, which may hold thousands of chains.
const (
	publishEvery = 250 * time.Millisecond
	lookEvery    = 500 * time.Millisecond
)

// publish makes the lane's progress known to whoever commits and announces, once all
// that is on its way into the sinks is there.
func (l *lane) publish() {
	l.told = l.clock.Now()
	done := place{head: max(l.place.head, l.next), seen: l.place.seen}
	done.bookmarks = l.window.Offsets()
	for _, b := range l.place.bookmarks {
		if b >= l.next {
			done.bookmarks = append(done.bookmarks, b) // not fetched again yet
		}
	}
	if n := len(l.flights); n > 0 {
		l.flights[n-1].place = &done
		return
	}
	l.reached(done)
}

// reached takes note of a place before which everything is stored.
func (l *lane) reached(done place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dirty = l.dirty || !samePlace(l.done, done)
	l.done = done
	// While bookmarked records of a former owner are still being read, everything
	// before the head has been bound all the same: by the former owner.
	if done.seen.After(l.mark) {
		l.mark = done.seen
	}
}

// idle announces the time that passes while there is nothing to read: the last
// event's time plus the time idle, so that old data does not settle at once. A
// partition that never held a record counts from its assignment. A lane that was
// paused by us, or has not reached the end, is not idle.
func (l *lane) idle() {
	now := l.clock.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	waited := now.Sub(l.fed)
	if len(l.flights) > 0 || len(l.queue) > 0 || l.paused || l.end < 0 || l.next < l.end || waited < l.cfg.IdleAfter {
		return
	}
	mark := l.place.seen.Add(waited)
	if l.place.seen.IsZero() {
		mark = l.assigned.Add(waited)
	}
	if mark.After(l.mark) && !mark.After(now) {
		l.mark = mark
	}
}

// progress returns what may be committed now.
func (l *lane) progress() (p place, dirty bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.done, l.dirty
}

// reading returns what may be announced now.
func (l *lane) reading() correlate.Mark {
	l.mu.Lock()
	defer l.mu.Unlock()
	return correlate.Mark{Group: l.cfg.Group, Topic: l.topic.Name, Partition: l.partition, Generation: l.generation, Time: l.mark}
}

func (l *lane) speakFor(generation int32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.generation = generation
}

// committed takes note that p has been committed.
func (l *lane) committed(p place) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if samePlace(l.done, p) {
		l.dirty = false
	}
}
