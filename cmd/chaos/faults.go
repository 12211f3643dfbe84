package main

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// A fault is something that is done to the group or to its servers. It goes on for a
// while, beside others.
type fault struct {
	name  string
	cards int // of a deck: how often it comes
	// take picks what it is done to, of what no other fault has at the moment, and
	// draws how; nil if there is nothing.
	take func(d *disturbance) *blow
}

// A blow is a fault that has its victim.
type blow struct {
	who  string
	land func(ctx context.Context) error
	free func() // its victim is others' again
}

// faults are dealt out from a deck, which is shuffled when it is used up: each comes
// at least once in every deck.
var faults = []fault{
	{"kill", 6, (*disturbance).killed},
	{"short pause", 2, func(d *disturbance) *blow { return d.held(200*time.Millisecond, sessionTimeout/2) }},
	{"long pause", 3, func(d *disturbance) *blow { return d.held(sessionTimeout+2*time.Second, 3*sessionTimeout) }},
	{"rebalance", 3, (*disturbance).replaced},
	{"broker killed", 2, (*disturbance).brokerKilled},
	{"clickhouse killed", 2, (*disturbance).clickhouseKilled},
	{"store deleted running", 1, (*disturbance).robbed},
	{"store deleted down", 1, (*disturbance).killedAndRobbed},
}

// disturb starts the group, feeds it with lines and does faults to it until there
// were enough. When it returns all instances and servers run, and all lines are sent.
func (t *trial) disturb(ctx context.Context, s *side) error {
	if err := t.startAll(ctx, s); err != nil {
		return err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	d := &disturbance{trial: t, side: s, fail: fail, taken: map[any]bool{}}
	shares := make(chan int, t.faults+1) // has room for all: nobody waits
	d.begin(func() error { return t.raw.feed(ctx, shares) })
	err := d.all(ctx, shares)
	close(shares)
	d.blows.Wait()
	return cmp.Or(context.Cause(ctx), err)
}

// all deals out the faults.
func (d *disturbance) all(ctx context.Context, shares chan<- int) error {
	// A quarter of the lines is there from the start, the others come in bursts.
	shares <- d.events / 4
	var deck []fault
	for n := 1; n <= d.faults; n++ {
		if len(deck) == 0 {
			deck = d.shuffled()
		}
		f := deck[0]
		deck = deck[1:]
		if err := pause(ctx, d.gap(n)); err != nil {
			return err
		}
		b, err := d.take(ctx, f)
		if err != nil {
			return err
		}
		d.done[f.name]++
		d.say("fault %d of %d: %s, %s", n, d.faults, f.name, b.who)
		d.begin(func() error {
			defer b.free()
			if err := b.land(ctx); err != nil {
				return fmt.Errorf("%s of %s: %w", f.name, b.who, err)
			}
			return nil
		})
		if d.dice.IntN(3) == 0 {
			shares <- 3 * d.events / d.faults
		}
	}
	return nil
}

// begin does something beside the rest. An error ends all of it.
func (d *disturbance) begin(do func() error) {
	d.blows.Go(func() {
		if err := do(); err != nil {
			d.fail(err)
		}
	})
}

func (d *disturbance) shuffled() (deck []fault) {
	for _, f := range faults {
		for range f.cards {
			deck = append(deck, f)
		}
	}
	d.dice.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
	return deck
}

// gap is how long to wait before the nth fault: not at all, some seconds or, now and
// then, until chains have settled that nobody waits for any more.
func (d *disturbance) gap(n int) time.Duration {
	switch {
	case n%20 == 0:
		return d.between(maxWait, 2*maxWait)
	case d.dice.IntN(4) == 0:
		return d.between(0, 300*time.Millisecond)
	}
	return d.between(500*time.Millisecond, sessionTimeout)
}

// take waits until there is something to do f to.
func (d *disturbance) take(ctx context.Context, f fault) (*blow, error) {
	for {
		if b := f.take(d); b != nil {
			return b, nil
		}
		if err := pause(ctx, 50*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (d *disturbance) between(from, to time.Duration) time.Duration {
	return from + time.Duration(d.dice.Int64N(int64(to-from)))
}
