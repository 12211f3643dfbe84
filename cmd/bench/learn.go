package main

import (
	"context"
	"errors"
	"time"
)

// mintChunk bounds what is in the broker while the sessions are minted.
const mintChunk = 500_000

// learnLines writes the lines that mint the sessions, parents first, and waits until
// whence has worked on all of them.
func (l *lab) learnLines(ctx context.Context) error {
	lines := l.estate.mints()
	for first := 0; first < lines; first += mintChunk {
		n := min(mintChunk, lines-first)
		err := l.topic.send(ctx, n, func(b []byte, i int) []byte { return l.estate.mint(b, first+i) })
		if err != nil {
			return err
		}
		l.present += n
		if err := l.written(ctx); err != nil {
			return err
		}
		if err := errors.Join(l.repaired(ctx), l.empty(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// repaired waits until whence has looked for the chains that each of the facts may
// touch: it does so beside its work, and here they came all at once.
func (l *lab) repaired(ctx context.Context) error {
	for began := time.Now(); time.Since(began) < 10*time.Minute; time.Sleep(200 * time.Millisecond) {
		h, err := l.heap(ctx)
		if err != nil || h.repaired >= h.published {
			return err
		}
	}
	return l.whence.failed("has not repaired after the facts it knows within ten minutes")
}
