package sinks

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
)

// Feeds are several destinations that are told of chains and alerts at the same time.
// A write is done when all have it, and given up when one gives it up. They are safe for
// concurrent use.
type Feeds struct {
	feeds []Sink
}

// NewFeeds returns destinations as one, which are closed with it.
func NewFeeds(feeds ...Sink) *Feeds { return &Feeds{feeds} }

// Name implements Sink.
func (f *Feeds) Name() string {
	return namesOf(f.feeds, ", ")
}

// Waiting returns what each destination waits for now. It is safe for concurrent use.
func (f *Feeds) Waiting() []Wait { return waitsOf(f.feeds) }

// Counts returns what each destination was sent so far. It is safe for concurrent use.
func (f *Feeds) Counts() (all []Counts) {
	for _, s := range f.feeds {
		if c, ok := s.(interface{ Counts() []Counts }); ok {
			all = append(all, c.Counts()...)
		}
	}
	return all
}

// Write implements Sink.
func (f *Feeds) Write(ctx context.Context, out *Output) error {
	w := newFanned(ctx, out)
	w.write(f.feeds, out, nil)
	return w.wait()
}

// WriteAfter is Write, and sends nothing before first has returned nil.
func (f *Feeds) WriteAfter(ctx context.Context, out *Output, first func(context.Context) error) error {
	w := newFanned(ctx, out)
	may := make(chan struct{})
	w.sinks.Go(func() error { // ends with first, or when a destination gives up
		if err := first(w.ctx); err != nil {
			return err
		}
		close(may)
		return nil
	})
	w.write(f.feeds, out, may)
	return w.wait()
}

// Close implements Sink: it closes all and reports all errors.
func (f *Feeds) Close(ctx context.Context) error {
	errs := make([]error, len(f.feeds))
	var g errgroup.Group
	for i, s := range f.feeds {
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
