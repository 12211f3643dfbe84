package sinks

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A batchSpy takes the writes of a batch and lets a test decide how they end.
type batchSpy struct {
	mu     sync.Mutex
	writes [][]int
	at     []time.Time
	hold   chan error // if set, each write takes its outcome from here
}

func (s *batchSpy) write(ctx context.Context, loads []int) error {
	s.mu.Lock()
	s.writes = append(s.writes, slices.Clone(loads))
	s.at = append(s.at, time.Now())
	s.mu.Unlock()
	if s.hold == nil {
		return nil
	}
	select {
	case err := <-s.hold:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A lone load goes at once. Those that follow wait for more: half of what is enough
// has a quarter of the linger left.
func TestBatchLingersForMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := &batchSpy{}
		b := newBatch(bound{rows: 100, bytes: 1000, enough: 10, linger: time.Second, writers: 1}, spy.write)
		begun := time.Now()
		if err := b.add(t.Context(), 0, 1, 1); err != nil {
			t.Error(err)
		}
		var g sync.WaitGroup
		for i := range 4 {
			g.Go(func() {
				time.Sleep(time.Duration(i+1) * 50 * time.Millisecond)
				if err := b.add(t.Context(), i+1, 1+i/3, 1); err != nil {
					t.Error(err)
				}
			})
		}
		g.Wait()
		if err := b.add(t.Context(), 5, 10, 1); err != nil { // enough
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if err := b.add(t.Context(), 6, 1, 1); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([][]int{{0}, {1, 2, 3, 4}, {5}, {6}}, spy.writes); diff != "" {
			t.Errorf("writes (-want +got):\n%s", diff)
		}
		var at []time.Duration
		for _, w := range spy.at {
			at = append(at, w.Sub(begun))
		}
		if diff := cmp.Diff([]time.Duration{0, 250 * time.Millisecond, 250 * time.Millisecond, 2250 * time.Millisecond}, at); diff != "" {
			t.Errorf("written at (-want +got):\n%s", diff)
		}
		if err := b.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// Callers come back together when a slow write is over, and go together again.
func TestBatchLingersAfterASlowWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := &batchSpy{hold: make(chan error)}
		b := newBatch(bound{rows: 100, bytes: 1000, enough: 10, linger: time.Second, writers: 1}, spy.write)
		var g sync.WaitGroup
		add := func(load int, after time.Duration) {
			g.Go(func() {
				time.Sleep(after)
				if err := b.add(t.Context(), load, 1, 1); err != nil {
					t.Error(err)
				}
			})
		}
		add(0, 0)
		time.Sleep(time.Minute)
		spy.hold <- nil
		g.Wait()
		add(1, 0)
		add(2, 10*time.Millisecond)
		spy.hold <- nil
		g.Wait()
		if diff := cmp.Diff([][]int{{0}, {1, 2}}, spy.writes); diff != "" {
			t.Errorf("writes (-want +got):\n%s", diff)
		}
		if err := b.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// afterOne is a batch that has just written a group, so that the next one lingers.
func afterOne(b bound, write func(context.Context, []int) error) *batch[int] {
	bt := newBatch(b, write)
	bt.last = time.Now()
	return bt
}

func TestBatchBounds(t *testing.T) {
	for name, bd := range map[string]bound{
		"rows":  {rows: 4, bytes: 1000, enough: 4, linger: time.Hour, writers: 1},
		"bytes": {rows: 1000, bytes: 40, enough: 1000, linger: time.Hour, writers: 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				spy := &batchSpy{hold: make(chan error)}
				b := afterOne(bd, spy.write)
				var g sync.WaitGroup
				for range 6 { // two rows each: one group written, one full, one caller waits
					g.Go(func() {
						if err := b.add(t.Context(), 0, 2, 20); err != nil {
							t.Error(err)
						}
					})
				}
				synctest.Wait()
				if n := len(b.open.loads); n != 2 {
					t.Errorf("the open group has %d loads, want 2: the others must wait", n)
				}
				for range 3 {
					spy.hold <- nil
				}
				g.Wait()
				for _, w := range spy.writes {
					if len(w) != 2 {
						t.Errorf("writes: got %v, want two loads each", spy.writes)
					}
				}
				if err := b.close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestBatchTakesOneLoadOfAnySize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := &batchSpy{}
		b := newBatch(bound{rows: 4, bytes: 10, linger: time.Hour, writers: 2}, spy.write)
		if err := b.add(t.Context(), 7, 5000, 5000); err != nil {
			t.Error(err)
		}
		if err := b.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestBatchErrorGoesToAllInIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("bad")
		spy := &batchSpy{hold: make(chan error, 2)}
		b := afterOne(bound{rows: 10, bytes: 1000, enough: 10, linger: time.Second, writers: 1}, spy.write)
		spy.hold <- bad
		var g sync.WaitGroup
		for i := range 3 {
			g.Go(func() {
				if err := b.add(t.Context(), i, 1, 1); !errors.Is(err, bad) {
					t.Errorf("got %v, want %v", err, bad)
				}
			})
		}
		g.Wait()
		spy.hold <- nil // the next group is not affected
		if err := b.add(t.Context(), 4, 1, 1); err != nil {
			t.Error(err)
		}
		if err := b.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestBatchLetsACancelledCallerGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := &batchSpy{hold: make(chan error)}
		b := newBatch(bound{rows: 1, bytes: 1000, linger: time.Hour, writers: 1}, spy.write)
		ctx, cancel := context.WithCancel(t.Context())
		var written, full, waiting error
		var g sync.WaitGroup
		g.Go(func() { written = b.add(ctx, 1, 1, 1) })
		synctest.Wait()
		g.Go(func() { full = b.add(ctx, 2, 1, 1) })
		synctest.Wait()
		g.Go(func() { waiting = b.add(ctx, 3, 1, 1) })
		synctest.Wait()
		cancel()
		g.Wait() // nobody feeds hold: the write was given up, because nobody waits for it
		for _, err := range []error{written, full, waiting} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		}
		synctest.Wait() // so is the one that was waiting for the writer
		go func() { spy.hold <- nil }()
		if err := b.add(t.Context(), 4, 1, 1); err != nil {
			t.Errorf("the next caller: %v", err)
		}
		if err := b.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// One caller of a group leaves and the other stays: the write goes on.
func TestBatchWritesForWhoeverStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := &batchSpy{hold: make(chan error)}
		b := afterOne(bound{rows: 2, bytes: 1000, enough: 2, linger: time.Hour, writers: 1}, spy.write)
		ctx, cancel := context.WithCancel(t.Context())
		var g sync.WaitGroup
		g.Go(func() {
			if err := b.add(ctx, 1, 1, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("who left: got %v", err)
			}
		})
		g.Go(func() {
			if err := b.add(t.Context(), 2, 1, 1); err != nil {
				t.Errorf("who stayed: got %v", err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		spy.hold <- nil
		g.Wait()
		if err := b.close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestBatchCloseDoesNotLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spy := &batchSpy{}
		b := afterOne(bound{rows: 10, bytes: 1000, enough: 10, linger: time.Hour, writers: 2}, spy.write)
		begun := time.Now()
		var g sync.WaitGroup
		g.Go(func() {
			if err := b.add(t.Context(), 1, 1, 1); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		if err := b.close(t.Context()); err != nil {
			t.Error(err)
		}
		g.Wait()
		if since := time.Since(begun); since != 0 {
			t.Errorf("close took %s", since)
		}
		if err := b.add(t.Context(), 2, 1, 1); !errors.Is(err, ErrClosed) {
			t.Errorf("after close: got %v", err)
		}
		if err := b.close(t.Context()); err != nil {
			t.Errorf("close again: %v", err)
		}
	})
}
