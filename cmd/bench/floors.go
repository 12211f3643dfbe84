package main

import (
	"context"
	"fmt"
	"time"
)

// floors is what one round cost where nothing is understood or kept, per event.
type floors struct {
	scan, hash, consume, insert time.Duration
	server                      time.Duration // CPU of ClickHouse for a row of such an insert
	fullpath                    time.Duration // of the external program; 0 without one
}

// sum is what the whole path is compared with.
func (f *floors) sum() time.Duration { return f.consume + f.scan + f.insert }

// floorTime is the CPU that a floor which can be repeated uses at least.
const floorTime = time.Second

// floors measures them on the events that are in the topic.
func (l *lab) floors(ctx context.Context, n int) (f floors, err error) {
	if l.lines == nil {
		l.lines = l.estate.sample(sampleLines)
	}
	f.scan = repeat(l.lines.len(), func() { l.lines.scan(0, l.lines.len()) })
	f.hash = repeat(l.lines.len(), func() { l.lines.hash(0, l.lines.len()) })
	consumed, err := l.topic.consume(ctx, l.broker, n)
	if err != nil {
		return f, err
	}
	f.consume = consumed / time.Duration(n)
	if l.inserter == nil {
		if l.inserter, err = newInserter(ctx, l.server, l.options.compress); err != nil {
			return f, fmt.Errorf("the floor of an insert: %w", err)
		}
		// The first block grows the columns.
		if _, err := l.inserter.insert(ctx, insertBlock); err != nil {
			return f, err
		}
	}
	rows := min(n, 6*insertBlock)
	server := l.server.cpu()
	inserted, err := l.inserter.insert(ctx, rows)
	if err != nil {
		return f, err
	}
	f.insert, f.server = inserted/time.Duration(rows), (l.server.cpu()-server)/time.Duration(rows)
	if _, err := l.server.do(ctx, "TRUNCATE TABLE %s.%s", database, floorTable); err != nil {
		return f, err
	}
	if l.options.fullpath != "" {
		f.fullpath, err = l.prototype(ctx, n)
	}
	return f, err
}

// repeat runs what handles n events until it has used floorTime, and returns the
// CPU of one event.
func repeat(n int, run func()) time.Duration {
	began, events := ownCPU(), 0
	for {
		run()
		events += n
		if used := ownCPU() - began; used >= floorTime {
			return used / time.Duration(events)
		}
	}
}
