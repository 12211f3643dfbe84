package sinks

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// A Fan writes to several sinks: one that keeps what is read back later, the first,
// and others, which are told. A write is done when all have it. It is safe for
// concurrent use.
type Fan struct {
	sinks  []Sink
	writes sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// NewFan returns a fan over sinks, which are closed with it.
func NewFan(sinks ...Sink) *Fan { return &Fan{sinks: sinks} }

// Name implements Sink.
func (f *Fan) Name() string {
	return namesOf(f.sinks, "+")
}

// Waiting returns what its sinks wait for now. It is safe for concurrent use.
func (f *Fan) Waiting() []Wait { return waitsOf(f.sinks) }

// Write implements Sink. When one sink gives up, the others are told to, or one
// that waits for its destination would hide the error; what they wrote by then is
// written again with the repeat.
//
// Alerts are stored first, then the others are told of chains and alerts, and chains
// are stored last, when all have acknowledged. A process may end in between, or sleep
// there and wake up when its records are another's. Who does the work next, from the
// records or from what is stored, makes up for whatever is missing then:
//
//   - Alerts are stored, and nobody was told: the chain is worked on again. Who knows
//     more by then may raise none; what is stored is found again, to be closed. Told
//     of and not stored, an alert would never be.
//   - The others were told, and the chain is not stored: it is walked again with no
//     less knowledge, because whatever this version knows was in the sessions topic
//     before. Its version, or a higher one, is stored and told of once more.
//   - The chain is stored: then everybody was told. Were it the other way about,
//     nobody would be, ever, where another owner has settled the chain with less,
//     and repair, coming for the fact that it lacks, finds it stored already.
//
// All sinks take the output at once, those that can: they wait with what they made
// of it.
func (f *Fan) Write(ctx context.Context, out *Output) error {
	store, others := f.sinks[:1], f.sinks[1:]
	if len(others) == 0 {
		return store[0].Write(ctx, out)
	}
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return fmt.Errorf("write to %s: %w", f.Name(), ErrClosed)
	}
	f.writes.Add(1)
	f.mu.Unlock()
	defer f.writes.Done()
	alerts, news, rest := Output{Alerts: out.Alerts}, *out, *out
	news.Ledger, rest.Alerts = nil, nil

	w := newFanned(ctx, out)
	var after <-chan struct{}
	if len(out.Alerts) > 0 {
		after = w.write(store, &alerts, after)
	}
	after = w.write(others, &news, after)
	w.write(store, &rest, after)
	return w.wait()
}

// Close implements Sink: it closes all sinks and reports all errors. Before that it
// waits for the writes under way, which are not with all sinks yet. It may be called
// again.
func (f *Fan) Close(ctx context.Context) error {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	ended := make(chan struct{})
	go func() { // ends with the last write, whom closing the sinks releases
		f.writes.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
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
