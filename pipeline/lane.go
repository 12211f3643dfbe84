package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
	"whence/correlate/ledger"
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

	*kit                         // of the step under way; nil between steps
	turn     chan *kit           // capacity 1: what the next step works with
	asked    bool                // for a turn that has not come
	walkedBy *correlate.Resolver // that the parked chains were walked by
	window   *correlate.Window
	place    place // what is done, and what of a former owner's is still to do
	next     int64 // the next offset to work on
	begin    int64 // the partition's begin when it was assigned
	assigned time.Time
	fed      time.Time // when the last record was worked on, on the wall
	// looked and told are when the window was last searched for what has settled,
	// and when progress was last published, on the wall.
	looked, told time.Time
	unsettled    bool      // there may be more that has settled
	flights      []*flight // oldest first
	// ledger is the run that this lane enters into; nil for none.
	ledger *ledger.Run

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
	placed     bool  // done is a place of this lane, and not what it was made with
	generation int32 // the latest of the group in which the partition is ours
	voice      int32 // of its marks; 0 until it may speak
	voiced     int32 // the generation of the group in which it got its voice

	bump    chan struct{} // capacity 1: there is something to do
	stop    chan struct{} // closed: finish the batch in hand and return
	stopped chan struct{} // closed when the goroutine has returned
	cancel  context.CancelFunc
}

func newLane(s *shared, t Topic, src sources.Source, partition, generation int32) *lane {
	now := s.clock.Now()
	l := &lane{
		shared: s, topic: t, partition: partition, generation: generation, source: src,
		turn: make(chan *kit, 1), walkedBy: s.walks(),
		window: correlate.NewWindow(s.share(s.cfg.WindowBytes, 1)), assigned: now, fed: now,
		woken: map[correlate.Key]struct{}{}, end: -1,
		bump: make(chan struct{}, 1), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if s.poison {
		l.window.Poison()
	}
	return l
}

// run serves the lane until it is told to stop, ctx is done or a batch cannot be
// stored.
func (l *lane) run(ctx context.Context, from place) error {
	defer close(l.stopped)
	defer l.drain()
	l.place, l.next = from, from.start()
	l.openLedger(from.ledger)
	l.note(from.seen)
	l.publish()
	if stopped, err := l.catchUp(ctx); stopped || err != nil {
		return l.ends(ctx, err)
	}
	tick := time.NewTicker(l.cfg.CommitEvery)
	defer tick.Stop()
	defer func() { // whatever happened, nobody writes for a lane that is gone
		for _, f := range l.flights {
			<-f.landed
		}
	}()
	defer l.turns.withdraw(l.turn)
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
		case k := <-l.turn:
			if err := l.goOn(ctx, k); err != nil {
				return l.ends(ctx, err)
			}
		case <-l.bump:
		}
		busy := l.unsettled || l.pending()
		if (busy || ticked) && !l.asked {
			l.asked = true
			l.turns.ask(l.turn)
		}
		if busy && !ticked {
			continue
		}
		if err := l.attest(ctx, false); err != nil {
			return l.ends(ctx, err)
		}
		l.publish()
		l.idle()
	}
}

// goOn takes a step, with a kit that is given back.
func (l *lane) goOn(ctx context.Context, k *kit) error {
	l.kit, l.asked = k, false
	defer func() {
		l.kit = nil
		l.turns.give(k)
	}()
	batch, woken, all := l.take()
	return l.step(ctx, batch, woken, all)
}

// catchUp reads the sessions topic to its end before the first record. The former
// owner may have written chains from facts that this instance has not read yet: with
// less knowledge the lane would settle them, and lose to the rows that are there. It
// reports whether the lane was told to stop meanwhile: there is nothing to finish.
func (l *lane) catchUp(ctx context.Context) (stopped bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case <-l.stop:
			stopped = true
			cancel()
		case <-ctx.Done():
		}
	}()
	if err = l.table.Sync(ctx); err != nil {
		err = fmt.Errorf("catch up with the sessions topic: %w", err)
	}
	cancel()
	<-watched
	if stopped {
		return true, nil
	}
	return false, err
}

// finish waits for what is under way and publishes the last place.
func (l *lane) finish(ctx context.Context) error {
	err := l.landAll(ctx)
	if err == nil {
		err = l.attest(ctx, true)
	}
	if err == nil {
		err = l.landAll(ctx)
	}
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
