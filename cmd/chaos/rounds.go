package main

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"time"
)

// A moment is a stage of an instance's life to kill it in.
type moment struct {
	name   string
	weight int
	// reach waits until the instance is to be killed.
	reach func(ctx context.Context, t *trial, s *side, in *instance) error
}

// moments are drawn by weight. A new instance waits for its dead predecessor's
// session to time out before it is given partitions.
var moments = []moment{
	{"starting", 4, func(ctx context.Context, t *trial, _ *side, in *instance) error {
		return in.alive(ctx, t.between(0, 400*time.Millisecond))
	}},
	{"joining", 4, func(ctx context.Context, t *trial, _ *side, in *instance) error {
		return in.alive(ctx, t.between(400*time.Millisecond, sessionTimeout))
	}},
	{"taking over", 6, func(ctx context.Context, t *trial, _ *side, in *instance) error {
		return errors.Join(in.ready(ctx), in.alive(ctx, t.between(0, 500*time.Millisecond)))
	}},
	{"working", 14, func(ctx context.Context, t *trial, _ *side, in *instance) error {
		return errors.Join(in.ready(ctx), in.alive(ctx, t.between(0, 5*time.Second)))
	}},
	{"settling", 2, func(ctx context.Context, t *trial, s *side, in *instance) error {
		return errors.Join(in.ready(ctx), t.drained(ctx, s, in), in.alive(ctx, t.between(0, maxWait)))
	}},
}

// rounds kills instances of s until there were enough kills. Half of the lines are
// there from the start, the others come round by round.
func (t *trial) rounds(ctx context.Context, s *side) error {
	if err := t.raw.send(ctx, t.events/2); err != nil {
		return err
	}
	for t.faults < t.kills {
		if err := t.raw.send(ctx, t.events/2/t.kills); err != nil {
			return err
		}
		if err := t.round(ctx, s); err != nil {
			return err
		}
	}
	return t.raw.send(ctx, math.MaxInt)
}

// round starts one instance or two, and kills them.
func (t *trial) round(ctx context.Context, s *side) error {
	note := ""
	if t.dice.IntN(4) == 0 {
		if err := os.RemoveAll(filepath.Join(s.Dir, "store")); err != nil {
			return err
		}
		note = ", its store was deleted before"
	}
	in, err := t.start(ctx, s, "store")
	if err != nil {
		return err
	}
	var other *instance
	if t.dice.IntN(5) == 0 {
		if other, err = t.start(ctx, s, "store2"); err != nil {
			return err
		}
		note += ", beside another one"
	}
	m := t.moment()
	if err := m.reach(ctx, t, s, in); err != nil {
		return err
	}
	if t.cluster != nil && t.dice.IntN(3) == 0 {
		if err := t.loseBroker(ctx, in); err != nil {
			return err
		}
	}
	if err := t.kill(in, m.name+note); err != nil || other == nil {
		return err
	}
	// The survivor goes on, for shorter or longer than the group takes to notice.
	if err := other.alive(ctx, t.between(0, 2*sessionTimeout)); err != nil {
		return err
	}
	return t.kill(other, "surviving")
}

func (t *trial) kill(in *instance, when string) error {
	if err := in.kill(); err != nil {
		return err
	}
	t.faults++
	t.say("fault %d of %d: killed %s", t.faults, t.kills, when)
	return nil
}

func (t *trial) moment() moment {
	total := 0
	for _, m := range moments {
		total += m.weight
	}
	n := t.dice.IntN(total)
	for _, m := range moments {
		if n -= m.weight; n < 0 {
			return m
		}
	}
	panic("chaos: the weights do not add up")
}

func (t *trial) between(from, to time.Duration) time.Duration {
	return from + time.Duration(t.dice.Int64N(int64(to-from)))
}

// drained waits until s has read all there is, for a while: what is parked may
// hold the commit back.
func (t *trial) drained(ctx context.Context, s *side, in *instance) error {
	for range 20 {
		lag, err := t.raw.lag(ctx, s)
		if err != nil || lag == 0 {
			return err
		}
		if err := in.alive(ctx, time.Second); err != nil {
			return err
		}
	}
	return nil
}
