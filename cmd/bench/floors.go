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
	fullpath                    time.Duration // of the external program, compressing as whence does; 0 without one
	given                       time.Duration // of the external program, left to itself
	flat                        time.Duration // bare insert of that program's rows
}

// sum is what the whole path is compared with.
func (f *floors) sum() time.Duration { return f.consume + f.scan + f.insert }

// contract is the least of what whence has promised: to take the bytes, to look at
// them, to hash them for the evidence, and to write its columns.
func (f *floors) contract() time.Duration { return f.sum() + f.hash }

// beside is what the external program would cost if it did that too: with the hash,
// and with the bare insert of our columns in place of that of its own.
func (f *floors) beside() time.Duration { return f.fullpath - f.flat + f.hash + f.insert }

// floorTime is the CPU that a floor which can be repeated uses at least.
const floorTime = time.Second

// floors measures them on the events that are in the topic.
func (l *lab) floors(ctx context.Context, n int) (f floors, err error) {
	if l.lines == nil {
		l.lines = l.estate.sample(sampleLines)
	}
	enough, rows := floorTime, min(n, 6*insertBlock)
	if l.brief {
		enough, rows = floorTime/4, min(n, 2*insertBlock)
	}
	f.scan = repeat(enough, l.lines.len(), func() { l.lines.scan(0, l.lines.len()) })
	f.hash = repeat(enough, l.lines.len(), func() { l.lines.hash(0, l.lines.len()) })
	consumed, err := l.topic.consume(ctx, l.broker, n)
	if err != nil {
		return f, err
	}
	f.consume = consumed / time.Duration(n)
	if l.inserter == nil {
		if l.inserter, err = newInserter(ctx, l.server, l.database, "chains", true, l.options.compress); err != nil {
			return f, fmt.Errorf("the floor of an insert: %w", err)
		}
	}
	server := l.server.cpu()
	if f.insert, err = l.inserter.cost(ctx, rows, l.server); err != nil {
		return f, err
	}
	f.server = (l.server.cpu() - server) / time.Duration(rows)
	if l.options.fullpath != "" {
		err = l.prototype(ctx, n, rows, &f)
	}
	return f, err
}

// repeat runs what handles n events until it has used enough CPU, and returns that of
// one event.
func repeat(enough time.Duration, n int, run func()) time.Duration {
	began, events := ownCPU(), 0
	for {
		run()
		events += n
		if used := ownCPU() - began; used >= enough {
			return used / time.Duration(events)
		}
	}
}
