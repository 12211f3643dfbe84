package sinks

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ClickHouse/ch-go"
)

// insert writes loads table by table, what others may refer to first, and returns
// nil when every row is in. It tries until ctx ends, or until ClickHouse can never
// take the rows. The loads are used again after that.
func (c *ClickHouse) insert(ctx context.Context, loads []*load) error {
	defer func() {
		for _, l := range loads {
			c.loads.give(l)
		}
	}()
	if err := insertInOrder(ctx, c, &c.facts, loads, func(l *load) *block { return &l.facts }); err != nil {
		return err
	}
	if err := insertInOrder(ctx, c, &c.rejects, loads, func(l *load) *block { return &l.rejects }); err != nil {
		return err
	}
	// A row is never there without its entry, nor an entry without its checkpoint: see
	// package ledger.
	if err := insertInOrder(ctx, c, &c.checkpoints, loads, func(l *load) *block { return &l.checkpoints }); err != nil {
		return err
	}
	if err := insertInOrder(ctx, c, &c.entries, loads, func(l *load) *block { return &l.entries }); err != nil {
		return err
	}
	if err := insertInOrder(ctx, c, &c.chains, loads, func(l *load) *block { return &l.chains }); err != nil {
		return err
	}
	return insertInOrder(ctx, c, &c.alerts, loads, func(l *load) *block { return &l.alerts })
}

// insertInOrder inserts what the loads have for one table, if anything.
func insertInOrder[T any](ctx context.Context, c *ClickHouse, t *table[T], loads []*load, of func(*load) *block) error {
	var blocks []*block
	for _, l := range loads {
		if b := of(l); b.rows > 0 {
			blocks = append(blocks, b)
		}
	}
	if len(blocks) == 0 {
		return nil
	}
	in := newInsertion(c.cfg.Database, t, blocks, c.insertSettings())
	in.chained = !c.cfg.TLS.Enabled // which would make a record of each piece
	if err := c.try(ctx, in); err != nil {
		return fmt.Errorf("insert into %s.%s: %w", c.cfg.Database, t.name, err)
	}
	return nil
}

// The waits between attempts, before jitter.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 30 * time.Second
	// awayWait is the longest for a server that does not answer: to ask costs it
	// nothing, and when it is back all that was held up is waiting.
	awayWait = 5 * time.Second

	// longestAttempt is what the timeout of an attempt grows to.
	longestAttempt = 30 * time.Minute
)

// try sends in until all its rows are in. An attempt that failed may have stored
// some rows or all; the same ids and versions are sent again, and collapse.
func (c *ClickHouse) try(ctx context.Context, in *insertion) error {
	// Each attempt may take longer than the one before it, or an insert that takes
	// ClickHouse long (a decade of days, a part each) would never get in.
	timeout := c.cfg.InsertTimeout
	for wait := firstWait; ; wait, timeout = min(2*wait, lastWait), min(2*timeout, max(timeout, longestAttempt)) {
		err := c.send(ctx, in, timeout)
		switch {
		case err == nil:
			c.waits.over()
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("given up, the outcome is unknown: %w", ctx.Err())
		case permanent(err):
			return explain(err)
		}
		c.waits.begin(advise(err), err)
		if _, answered := code(err); !answered {
			wait = min(wait, awayWait)
		}
		pause := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("given up while ClickHouse was away: %w", ctx.Err())
		}
	}
}

// send is one attempt, and another one at once when the connection turned out to
// have been closed while it was idle.
func (c *ClickHouse) send(ctx context.Context, in *insertion, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := c.out.Do(ctx, in.query())
	for errors.Is(err, errStale) {
		err = c.out.Do(ctx, in.query())
	}
	if err == nil {
		err = in.wrong
	}
	return err
}

func (c *ClickHouse) insertSettings() []ch.Setting {
	s := []ch.Setting{
		ch.SettingInt("async_insert", 0),
		// A Distributed table forwards at once: an answer means that the shards have it.
		ch.SettingInt("insert_distributed_sync", 1),
		// A year of old logs has more days than the default allows in one insert.
		ch.SettingInt("max_partitions_per_insert_block", 0),
		// Two versions of a row in one insert are as good as in two, for merges and
		// FINAL; to find them here costs the server more than to sort and write.
		ch.SettingInt("optimize_on_insert", 0),
	}
	if c.cfg.InsertQuorum > 0 {
		s = append(s, ch.SettingInt("insert_quorum", c.cfg.InsertQuorum))
	}
	return s
}
