package index

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// bulk says when and how CatchUp reads the topics in bulk.
type bulk struct {
	lag     int64 // records to be behind; fewer are sooner applied than the store is made ready
	records int   // to be read at once
	bytes   int   // of rows to be stored at once
}

// reads is what a table does but in tests.
func reads() bulk { return bulk{lag: 500_000, records: 4 * pollRecords, bytes: 40 << 20} }

// mostDeferred and mostMarks bound what waits until rows are stored.
const (
	mostDeferred = 20_000
	mostMarks    = 100_000
)

// A rebuild reads the topics into an empty store, or one that is far behind. It
// happens within CatchUp, when nobody looks anything up, so it does without what
// apply does for those who do.
//
// Facts are spread by their keys over as many workers as there are processors; each
// has the keys that fall to it for itself. A fact of a new key is shown in the hot
// table and its row goes into the worker's pile. So does one of a key that the hot
// table holds, joined to that. All others are deferred. When the piles are large the
// store loads them, then apply stores what was deferred, and the position moves
// with that: whatever happens in between, the store has all that its position says.
type rebuild struct {
	*Table
	store   loader
	workers []*worker
	pos     Position // of what was read since the last load
	marks   []placedMark
}

// rebuild reads until nothing is left before until.
func (t *Table) rebuild(ctx context.Context, store loader, until, begins map[TopicPartition]int64) (err error) {
	t.behind(until, begins)
	if err := store.beginLoad(t.counts.lag.Load()); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.endLoad()) }()
	r := &rebuild{Table: t, store: store, pos: Position{}}
	for range runtime.GOMAXPROCS(0) {
		r.workers = append(r.workers, &worker{pile: newPile(t.bulk.bytes / runtime.GOMAXPROCS(0))})
	}
	for t.behind(until, begins) {
		wait, cancel := context.WithTimeout(ctx, stall)
		some, err := r.poll(wait)
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
	return r.flush()
}

// poll reads once and has the workers apply what it got.
func (r *rebuild) poll(ctx context.Context) (some bool, err error) {
	fetches := r.consumer.PollRecords(ctx, r.bulk.records)
	var parts []kgo.FetchTopicPartition
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		tp := TopicPartition{p.Topic, p.Partition}
		if n := len(p.Records); n > 0 {
			parts = append(parts, p)
			r.pos[tp] = p.Records[n-1].Offset + 1
			r.next[tp] = r.pos[tp]
		}
		r.ends[tp] = max(r.ends[tp], p.HighWatermark)
	})
	all := make([][]telling, len(parts))
	marks := make([][]placedMark, len(parts))
	var busy sync.WaitGroup
	for i, p := range parts {
		busy.Go(func() { all[i], marks[i] = r.sorted(p) })
	}
	busy.Wait()
	for i := range r.workers {
		busy.Go(func() {
			for _, facts := range all {
				r.apply(uint64(i), facts)
			}
		})
	}
	busy.Wait()
	for _, m := range marks {
		r.marks = append(r.marks, m...)
	}
	if r.full() {
		if err := r.flush(); err != nil {
			return true, err
		}
	}
	if ctx.Err() != nil {
		return len(parts) > 0, nil //nolint:nilerr // that is what the fetch error says
	}
	return len(parts) > 0, r.fetchError(ctx, fetches)
}

// full reports whether enough was read to store it.
func (r *rebuild) full() bool {
	size, deferred := 0, 0
	for _, w := range r.workers {
		size += w.pile.size()
		deferred += len(w.deferred)
	}
	return size >= r.bulk.bytes || deferred >= mostDeferred || len(r.marks) >= mostMarks
}

// flush stores what was read and moves the position.
func (r *rebuild) flush() error {
	var piles []*pile
	var deferred []correlate.Fact
	for _, w := range r.workers {
		piles = append(piles, &w.pile)
		deferred = append(deferred, w.deferred...)
		w.deferred = nil
		r.counts.applied.Add(w.applied)
		w.applied = 0
	}
	if err := r.store.load(piles); err != nil {
		return fmt.Errorf("load facts: %w", err)
	}
	if err := r.keepMarks(r.marks); err != nil {
		return err
	}
	if _, err := r.Table.apply(deferred, r.pos); err != nil {
		return err
	}
	clear(r.pos)
	r.observe(r.marks)
	r.marks = r.marks[:0]
	return nil
}
