package sinks

import (
	"context"
	"errors"
	"sync"
	"time"
)

// ErrClosed is returned by Write after Close.
var ErrClosed = errors.New("the sink is closed")

// A batch joins the writes of many callers into few large ones and holds every
// caller until its rows are in. It is bounded: once the open group is full,
// callers wait until a writer takes it, so at most writers+1 groups are in
// memory, each over its bound by one load at most. It is safe for concurrent use.
type batch[L any] struct {
	bound bound
	write func(ctx context.Context, loads []L) error

	mu     sync.Mutex
	open   *group[L]
	last   time.Time // when a group was taken or written
	closed bool

	turn    chan struct{}  // held by the writer that waits for the open group
	closing chan struct{}  // closed first: nobody lingers any more
	quit    chan struct{}  // closed when no caller is left: the writers end
	callers sync.WaitGroup // adds under way
	writers sync.WaitGroup
	ctx     context.Context // of every write; ends when Close gives up
	stop    context.CancelFunc
	shut    sync.Once
}

// bound says when a group is full, and when it is worth writing before that.
type bound struct {
	rows, bytes int
	// enough rows go as soon as there is a writer for them. Fewer wait for more: an
	// insert costs the destination much, whatever is in it.
	enough int
	// linger is what a group of no rows would keep from the one before; the square of
	// what rows lack of enough is left of it. So a lone row after a quiet time goes
	// at once, a trickle goes once in a linger, and callers who wait for each other,
	// with half of enough, wait for a quarter of it.
	linger  time.Duration
	writers int // groups written at the same time
}

// due is when a group of so many rows goes, after the last one went or was in: its
// callers come back together then, and the first of them must not go alone.
func (b bound) due(last time.Time, rows int) time.Time {
	lack := float64(max(b.enough-rows, 0)) / float64(max(b.enough, 1))
	return last.Add(time.Duration(lack * lack * float64(b.linger)))
}

// A group is what is written at once.
type group[L any] struct {
	loads       []L
	rows, bytes int
	waiting     int                // callers that have not left
	cancel      context.CancelFunc // once taken: ends the write when all callers left

	begun chan struct{} // closed by the first load
	more  chan struct{} // capacity 1: there are more rows than before
	full  chan struct{} // closed when the bound is reached
	taken chan struct{} // closed when a writer took it: the next group is open
	done  chan struct{} // closed when err is set
	err   error
}

func newBatch[L any](b bound, write func(ctx context.Context, loads []L) error) *batch[L] {
	ctx, stop := context.WithCancel(context.Background())
	bt := &batch[L]{
		bound: b, write: write, open: newGroup[L](),
		turn: make(chan struct{}, 1), closing: make(chan struct{}), quit: make(chan struct{}), ctx: ctx, stop: stop,
	}
	for range max(b.writers, 1) {
		bt.writers.Go(bt.run)
	}
	return bt
}

func newGroup[L any]() *group[L] {
	return &group[L]{
		begun: make(chan struct{}), more: make(chan struct{}, 1), full: make(chan struct{}), taken: make(chan struct{}), done: make(chan struct{}),
	}
}

// add puts l into a group and waits until the group is written. When ctx ends it
// returns at once; the rows may still be written.
func (b *batch[L]) add(ctx context.Context, l L, rows, bytes int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return ErrClosed
	}
	b.callers.Add(1) // under the lock: never after Close began to wait
	b.mu.Unlock()
	defer b.callers.Done()

	g, err := b.join(ctx, l, rows, bytes)
	if err != nil {
		return err
	}
	select {
	case <-g.done:
		return g.err
	case <-ctx.Done():
		b.leave(g)
		return ctx.Err()
	}
}

// join waits for room in the open group and puts l into it.
func (b *batch[L]) join(ctx context.Context, l L, rows, bytes int) (*group[L], error) {
	for {
		b.mu.Lock()
		g := b.open
		if g.rows == 0 || g.rows < b.bound.rows && g.bytes < b.bound.bytes {
			b.put(g, l, rows, bytes)
			b.mu.Unlock()
			return g, nil
		}
		b.mu.Unlock()
		select {
		case <-g.taken:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (b *batch[L]) put(g *group[L], l L, rows, bytes int) {
	if len(g.loads) == 0 {
		close(g.begun)
	}
	g.loads = append(g.loads, l)
	g.rows += rows
	g.bytes += bytes
	g.waiting++
	select {
	case g.more <- struct{}{}:
	default:
	}
	if g.rows >= b.bound.rows || g.bytes >= b.bound.bytes {
		select {
		case <-g.full:
		default:
			close(g.full)
		}
	}
}

// leave takes note that a caller does not wait for g any more. A write that
// nobody waits for is given up: it could hold the writer for as long as the
// destination is away.
func (b *batch[L]) leave(g *group[L]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g.waiting--
	if g.waiting == 0 && g.cancel != nil {
		g.cancel()
	}
}

// run is one writer.
func (b *batch[L]) run() {
	for {
		g, ctx := b.take()
		if g == nil {
			return
		}
		g.err = b.write(ctx, g.loads)
		g.loads = nil
		b.mu.Lock()
		b.last = time.Now()
		b.mu.Unlock()
		close(g.done)
		g.cancel()
	}
}

// take waits until the open group is worth writing and puts an empty one in its
// place. It returns nil when there will be no more.
func (b *batch[L]) take() (*group[L], context.Context) {
	select {
	case b.turn <- struct{}{}:
	case <-b.quit:
		return nil, nil
	}
	defer func() { <-b.turn }()

	b.mu.Lock()
	g := b.open
	b.mu.Unlock()
	select {
	case <-g.begun:
	case <-b.quit:
		return nil, nil
	}
	b.ripen(g)

	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = time.Now()
	b.open = newGroup[L]()
	ctx, cancel := context.WithCancel(b.ctx)
	g.cancel = cancel
	if g.waiting == 0 {
		cancel()
	}
	close(g.taken)
	return g, ctx
}

// ripen waits until g is due or full, or nobody lingers any more. What other writers
// finish meanwhile puts it off, once each at most: they wait for their turn then.
func (b *batch[L]) ripen(g *group[L]) {
	for {
		b.mu.Lock()
		wait := time.Until(b.bound.due(b.last, g.rows))
		b.mu.Unlock()
		if wait <= 0 {
			return
		}
		linger := time.NewTimer(wait)
		select {
		case <-g.more: // it may be due earlier
		case <-linger.C: // or later
		case <-g.full:
			linger.Stop()
			return
		case <-b.closing:
			linger.Stop()
			return
		}
		linger.Stop()
	}
}

// close lets the adds under way finish and ends the writers. When ctx ends first,
// what is under way is given up.
func (b *batch[L]) close(ctx context.Context) error {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.shut.Do(func() {
		close(b.closing)
		go func() { // ends with the last caller, whom stop releases at the latest
			b.callers.Wait()
			close(b.quit)
		}()
	})
	ended := make(chan struct{})
	go func() { // ends with the writers
		b.writers.Wait()
		close(ended)
	}()
	defer b.stop()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
