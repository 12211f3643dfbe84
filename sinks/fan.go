package sinks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// A Fan writes to several sinks in parallel. A write is done when all have it. It
// is safe for concurrent use.
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

// Write implements Sink. When one sink gives up, the others are told to, or one
// that waits for its destination would hide the error; what they wrote by then is
// written again with the repeat.
func (f *Fan) Write(ctx context.Context, out *Output) error {
	if len(f.sinks) == 1 {
		return f.sinks[0].Write(ctx, out)
	}
	g, ctx := errgroup.WithContext(ctx)
	var left atomic.Int32
	left.Store(int32(len(f.sinks)))
	for _, s := range f.sinks {
		mine := *out
		mine.Taken = sync.OnceFunc(func() {
			if left.Add(-1) == 0 {
				out.taken()
			}
		})
		g.Go(func() error {
			defer mine.Taken()
			return s.Write(ctx, &mine)
		})
	}
	return g.Wait()
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
