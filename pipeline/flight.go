package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"whence/sinks"
)

// A flight is the output of one step on its way into the sinks. The lane goes on
// meanwhile: small steps stay in the processor's caches, and the rows of many make
// one large insert. What is committed waits for every flight before it.
type flight struct {
	rows   int
	seq    uint64        // the last entry in the ledger that is of its rows
	landed chan struct{} // closed when err is set
	err    error
	place  *place // what may be committed when this one and all before have landed
}

// store hands the output of a step to the sinks and returns as soon as they need
// nothing of it any more.
func (l *lane) store(ctx context.Context, out *sinks.Output) error {
	if err := l.letters.write(ctx, out.Rejects, l.work.records); err != nil {
		return err
	}
	if out.Len() == 0 {
		return nil
	}
	return l.fly(ctx, out)
}

// fly sends an output on its way.
func (l *lane) fly(ctx context.Context, out *sinks.Output) error {
	f := &flight{rows: out.Len(), landed: make(chan struct{})}
	taken := make(chan struct{})
	mine := *out
	mine.Ledger = l.ledger
	mine.Taken = sync.OnceFunc(func() { close(taken) })
	l.turns.fly(f.rows)
	go func() { // the lane waits for it: land
		defer l.metrics.timed("sinks", time.Now())()
		defer l.turns.fly(-f.rows)
		defer close(f.landed)
		if err := l.sink.Write(ctx, &mine); err != nil {
			f.err = fmt.Errorf("write %d rows: %w", f.rows, err)
		}
		mine.Taken()
	}()
	<-taken
	f.seq = l.entered()
	l.flights = append(l.flights, f)
	return l.landDone(ctx)
}

// land waits for the oldest flight.
func (l *lane) land(ctx context.Context) error {
	f := l.flights[0]
	<-f.landed // it ends with ctx
	l.flights = l.flights[1:]
	if f.err != nil {
		return f.err
	}
	l.stored(f.seq)
	if f.place != nil {
		l.reached(*f.place)
	}
	return ctx.Err()
}

// landDone takes note of the flights that have landed.
func (l *lane) landDone(ctx context.Context) error {
	for len(l.flights) > 0 {
		select {
		case <-l.flights[0].landed:
			if err := l.land(ctx); err != nil {
				return err
			}
		default:
			return nil
		}
	}
	return nil
}

// landAll waits for all of them.
func (l *lane) landAll(ctx context.Context) error {
	for len(l.flights) > 0 {
		if err := l.land(ctx); err != nil {
			return err
		}
	}
	return nil
}

// landing is closed when the oldest flight lands; nil if there is none.
func (l *lane) landing() <-chan struct{} {
	if len(l.flights) == 0 {
		return nil
	}
	return l.flights[0].landed
}
