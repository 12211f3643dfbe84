package sinks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// A Fan writes to several sinks in parallel, the first of which keeps what is read
// back later. A write is done when all have it. It is safe for concurrent use.
type Fan struct {
	sinks []Sink
}

// NewFan returns a fan over sinks, which are closed with it.
func NewFan(sinks ...Sink) *Fan { return &Fan{sinks} }

// Name implements Sink.
func (f *Fan) Name() string {
	ns := make([]string, len(f.sinks))
	for i, s := range f.sinks {
		ns[i] = s.Name()
	}
	return strings.Join(ns, "+")
}

// Waiting returns what its sinks wait for now. It is safe for concurrent use.
func (f *Fan) Waiting() (all []Wait) {
	for _, s := range f.sinks {
		if w, ok := s.(waiter); ok {
			all = append(all, w.Waiting()...)
		}
	}
	return all
}

// Write implements Sink. When one sink gives up, the others are told to, or one
// that waits for its destination would hide the error; what they wrote by then is
// written again with the repeat.
//
// Alerts go to the others once the first has them. If a process died in between and
// it were the other way about, there would be alerts that nobody ever closes: whoever
// does the work again may know more by then, and raise none; and only what is stored
// is found again, to be closed.
func (f *Fan) Write(ctx context.Context, out *Output) error {
	if len(f.sinks) == 1 {
		return f.sinks[0].Write(ctx, out)
	}
	alerts := slices.Clone(out.Alerts) // the caller may have out back by then
	err := f.each(ctx, 0, out, func(i int, mine *Output) {
		if i > 0 {
			mine.Alerts = nil
		}
	})
	if err != nil || len(alerts) == 0 {
		return err
	}
	return f.each(ctx, 1, &Output{Alerts: alerts}, func(int, *Output) {})
}

// each writes to all sinks from the one at first on, to each what mine makes of its
// copy of out.
func (f *Fan) each(ctx context.Context, first int, out *Output, mine func(i int, mine *Output)) error {
	g, ctx := errgroup.WithContext(ctx)
	var left atomic.Int32
	left.Store(int32(len(f.sinks) - first))
	for i := first; i < len(f.sinks); i++ {
		copied := *out
		mine(i, &copied)
		copied.Taken = sync.OnceFunc(func() {
			if left.Add(-1) == 0 {
				out.taken()
			}
		})
		g.Go(func() error {
			defer copied.Taken()
			return f.sinks[i].Write(ctx, &copied)
		})
	}
	return g.Wait()
}

// Close implements Sink: it closes all sinks and reports all errors.
func (f *Fan) Close(ctx context.Context) error {
	errs := make([]error, len(f.sinks))
	var g errgroup.Group
	for i, s := range f.sinks {
		g.Go(func() error {
			if err := s.Close(ctx); err != nil {
				errs[i] = fmt.Errorf("close %s: %w", s.Name(), err)
			}
			return nil
		})
	}
	_ = g.Wait() // errs has them all
	return errors.Join(errs...)
}
