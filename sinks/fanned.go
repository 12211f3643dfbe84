package sinks

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// A patient is a sink that can take an output before it may be written.
type patient interface {
	// WriteAfter is Write, except that nothing of out gets to the destination before
	// first has returned nil. It is called once, when out has been taken; its error is
	// returned.
	WriteAfter(ctx context.Context, out *Output, first func(context.Context) error) error
}

// fanned is one write to several sinks, in steps.
type fanned struct {
	ctx    context.Context // of this write: it ends when one sink gives up
	sinks  *errgroup.Group
	out    *Output
	taking atomic.Int32 // writes that need something of out, and one while there may be more
}

func newFanned(ctx context.Context, out *Output) *fanned {
	w := &fanned{out: out}
	w.sinks, w.ctx = errgroup.WithContext(ctx)
	w.taking.Store(1)
	return w
}

// write begins a step: part is written to sinks, after a step before. The channel is
// closed when all of them have it.
func (w *fanned) write(sinks []Sink, part *Output, after <-chan struct{}) (done <-chan struct{}) {
	all := make(chan struct{})
	var left atomic.Int32
	left.Store(int32(len(sinks)))
	for _, s := range sinks {
		mine := *part
		w.taking.Add(1)
		mine.Taken = sync.OnceFunc(w.taken)
		w.sinks.Go(func() error {
			defer mine.Taken()
			if err := writeAfter(w.ctx, s, &mine, after); err != nil {
				return err
			}
			if left.Add(-1) == 0 {
				close(all)
			}
			return nil
		})
	}
	return all
}

func (w *fanned) taken() {
	if w.taking.Add(-1) == 0 {
		w.out.taken()
	}
}

// wait returns when all steps are done, or one has failed.
func (w *fanned) wait() error {
	w.taken()
	return w.sinks.Wait()
}

// writeAfter writes out to s after a channel is closed, nil for at once.
func writeAfter(ctx context.Context, s Sink, out *Output, after <-chan struct{}) error {
	if after == nil {
		return s.Write(ctx, out)
	}
	first := func(ctx context.Context) error {
		select {
		case <-after:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p, ok := s.(patient); ok {
		return p.WriteAfter(ctx, out, first)
	}
	if err := first(ctx); err != nil {
		return err
	}
	return s.Write(ctx, out)
}

// namesOf joins the names of several sinks.
func namesOf(all []Sink, between string) string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Name()
	}
	return strings.Join(names, between)
}

// waitsOf is what several sinks wait for now.
func waitsOf(all []Sink) (waits []Wait) {
	for _, s := range all {
		if w, ok := s.(waiter); ok {
			waits = append(waits, w.Waiting()...)
		}
	}
	return waits
}
