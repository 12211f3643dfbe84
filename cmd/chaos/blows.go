package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// A disturbance is what is done to a side. Its dice are of the goroutine that deals
// out faults; blows land in goroutines of their own, on what they have taken.
type disturbance struct {
	*trial
	side  *side
	blows sync.WaitGroup
	fail  context.CancelCauseFunc // ends all of it

	away atomic.Int32 // how many servers are away now; see replaced
	lost atomic.Int32 // how often one went away

	taking sync.Mutex
	taken  map[any]bool
}

// longestAway is the longest that a server or an instance is away, not counting its
// start.
const longestAway = 6 * time.Second

// claim takes a thing for one fault alone; free is nil if another has it.
func (d *disturbance) claim(thing any) (free func()) {
	d.taking.Lock()
	defer d.taking.Unlock()
	if d.taken[thing] {
		return nil
	}
	d.taken[thing] = true
	return func() {
		d.taking.Lock()
		defer d.taking.Unlock()
		delete(d.taken, thing)
	}
}

// instance makes a blow to one of the instances.
func (d *disturbance) instance(land func(ctx context.Context, sl *slot) error) *blow {
	for _, i := range d.dice.Perm(len(d.side.slots)) {
		sl := d.side.slots[i]
		if free := d.claim(sl); free != nil {
			return &blow{sl.name, func(ctx context.Context) error { return land(ctx, sl) }, free}
		}
	}
	return nil
}

// killed is kill -9, and another instance after a while: before or after the group
// has noticed.
func (d *disturbance) killed() *blow {
	away := d.between(0, longestAway)
	return d.instance(func(ctx context.Context, sl *slot) error {
		if err := sl.kill(); err != nil {
			return err
		}
		return d.again(ctx, sl, away)
	})
}

func (d *disturbance) killedAndRobbed() *blow {
	away := d.between(0, longestAway)
	return d.instance(func(ctx context.Context, sl *slot) error {
		if err := sl.kill(); err != nil {
			return err
		}
		if err := sl.removeStore(ctx); err != nil {
			return err
		}
		return d.again(ctx, sl, away)
	})
}

// robbed deletes the store under an instance that works. It may end by that, or go
// on for as long as it likes; then it is killed.
func (d *disturbance) robbed() *blow {
	after := d.between(0, 2*longestAway)
	return d.instance(func(ctx context.Context, sl *slot) error {
		sl.asked.Store(true)
		if err := sl.removeStore(ctx); err != nil {
			return err
		}
		if err := pause(ctx, after); err != nil {
			return err
		}
		select {
		case <-sl.ended:
			d.say("%s ended by itself without its store: %v", sl.name, sl.err)
		default:
			if err := sl.kill(); err != nil {
				return err
			}
		}
		if err := sl.removeStore(ctx); err != nil { // what it began anew
			return err
		}
		return d.again(ctx, sl, 0)
	})
}

// held is SIGSTOP, and SIGCONT after a while.
func (d *disturbance) held(from, to time.Duration) *blow {
	while := d.between(from, to)
	return d.instance(func(ctx context.Context, sl *slot) error { return sl.hold(ctx, while) })
}

// replaced lets an instance leave in order, and another one join. An order to stop
// must be obeyed in time; while a server is away it may cost what was in hand.
func (d *disturbance) replaced() *blow {
	away := d.between(0, longestAway/2)
	return d.instance(func(ctx context.Context, sl *slot) error {
		before := d.lost.Load()
		disturbed := d.away.Load() > 0
		if err := sl.terminate(); err != nil {
			disturbed = disturbed || d.lost.Load() != before
			if !disturbed || sl.hung {
				return err
			}
			d.say("%s stopped while a server was away: %v", sl.name, sl.err)
		}
		return d.again(ctx, sl, away)
	})
}

// again runs an instance in a slot after a while.
func (d *disturbance) again(ctx context.Context, sl *slot, after time.Duration) error {
	if err := pause(ctx, after); err != nil {
		return err
	}
	return d.start(ctx, d.side, sl)
}

// brokerKilled kills a broker, and starts it again after a while. Of several only
// one is away at a time, or there would be records that nobody has.
func (d *disturbance) brokerKilled() *blow {
	free := d.claim(&d.brokers)
	if free == nil {
		return nil
	}
	b, away := &d.brokers[d.dice.IntN(len(d.brokers))], d.between(0, longestAway)
	return &blow{b.addr, func(ctx context.Context) error {
		return d.without(ctx, away, b.kill, b.start)
	}, free}
}

// clickhouseKilled kills ClickHouse, and starts it again after a while.
func (d *disturbance) clickhouseKilled() *blow {
	free := d.claim(d.clickhouse)
	if free == nil {
		return nil
	}
	away := d.between(0, 2*longestAway)
	return &blow{d.clickhouse.addr, func(ctx context.Context) error {
		return d.without(ctx, away, d.clickhouse.kill, d.clickhouse.start)
	}, free}
}

// without does without a server for a while.
func (d *disturbance) without(ctx context.Context, away time.Duration, kill func() error, start func(context.Context) error) error {
	d.lost.Add(1)
	d.away.Add(1)
	defer d.away.Add(-1)
	if err := kill(); err != nil {
		return err
	}
	if err := pause(ctx, away); err != nil {
		return err
	}
	return start(ctx)
}
