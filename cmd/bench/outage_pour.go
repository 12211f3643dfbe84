package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A pouring sends events at a steady rate until it is stopped.
type pouring struct {
	sent   atomic.Int64 // acknowledged
	cancel context.CancelFunc
	done   chan struct{}
	err    error // read after done
}

// pour begins to send events of the lab's estate. Whoever called it stops it.
func (l *lab) pour(ctx context.Context, rate float64) *pouring {
	ctx, cancel := context.WithCancel(ctx)
	p := &pouring{cancel: cancel, done: make(chan struct{})}
	from := l.estate.began.Add(time.Duration(l.round) * span)
	l.round++
	round := l.round
	go func() { // ends with stop, which waits for it
		defer close(p.done)
		p.err = p.run(ctx, l, rate, round, from)
	}()
	return p
}

// stop ends it and returns how many events were acknowledged: all that were sent.
func (p *pouring) stop() (int, error) {
	p.cancel()
	<-p.done
	return int(p.sent.Load()), p.err
}

func (p *pouring) run(ctx context.Context, l *lab, rate float64, round int, from time.Time) (err error) {
	var failed struct {
		sync.Once
		err error
	}
	began := time.Now()
	for n := 0; ctx.Err() == nil; {
		for due := int(time.Since(began).Seconds() * rate); n < due; n++ {
			line := l.estate.eventOf(make([]byte, 0, 2048), l.crowd, round, n, from.Add(time.Since(began)))
			l.topic.client.Produce(context.WithoutCancel(ctx), &kgo.Record{Value: line}, func(_ *kgo.Record, perr error) {
				if perr != nil {
					failed.Do(func() { failed.err = perr })
					return
				}
				p.sent.Add(1)
			})
		}
		time.Sleep(20 * time.Millisecond)
	}
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
	defer cancel()
	if err := l.topic.client.Flush(flush); err != nil {
		return fmt.Errorf("write %s: %w", l.topic.name, err)
	}
	return failed.err
}
