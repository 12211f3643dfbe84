package sinks

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// insert writes loads table by table and returns nil when every row is in. It
// tries until ctx ends, or until ClickHouse can never take the rows.
func (c *ClickHouse) insert(ctx context.Context, loads []load) error {
	for i := range len(load{}) {
		var blocks []block
		for _, l := range loads {
			if l[i].rows > 0 {
				blocks = append(blocks, l[i])
			}
		}
		if len(blocks) == 0 {
			continue
		}
		if err := c.insertTable(ctx, blocks); err != nil {
			return fmt.Errorf("insert into %s.%s: %w", c.cfg.Database, blocks[0].table, err)
		}
	}
	return nil
}

// The waits between attempts, before jitter.
const (
	firstWait = 50 * time.Millisecond
	lastWait  = 30 * time.Second

	// longestAttempt is what the timeout of an attempt grows to.
	longestAttempt = 30 * time.Minute
)

// insertTable tries until all blocks are in. An attempt that failed may have
// stored some rows or all; the same ids and versions are sent again, and collapse.
func (c *ClickHouse) insertTable(ctx context.Context, blocks []block) error {
	// Each attempt may take longer than the one before it, or an insert that takes
	// ClickHouse long (a decade of days, a part each) would never get in.
	timeout := c.cfg.InsertTimeout
	for wait := firstWait; ; wait, timeout = min(2*wait, lastWait), min(2*timeout, max(timeout, longestAttempt)) {
		err := c.send(ctx, blocks, timeout)
		switch {
		case err == nil:
			c.waits.over()
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("given up, the outcome is unknown: %w", ctx.Err())
		case permanent(err):
			return explain(err)
		}
		c.waits.begin(err)
		pause := time.NewTimer(wait/2 + rand.N(wait))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return fmt.Errorf("given up while ClickHouse was away: %w", ctx.Err())
		}
	}
}

// send is one attempt.
func (c *ClickHouse) send(ctx context.Context, blocks []block, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(c.insertSettings()))
	columns := used(blocks)
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = blocks[0].names[column]
	}
	b, err := c.conn.PrepareBatch(ctx, insertInto(c.cfg.Database, blocks[0].table, names))
	if err != nil {
		return err
	}
	defer b.Close() // gives the connection back, whatever happened
	for _, bl := range blocks {
		for i, column := range columns {
			if err := bl.columns[column].send(b.Column(i)); err != nil {
				return &columnError{names[i], err}
			}
		}
	}
	return b.Send()
}

func (c *ClickHouse) insertSettings() clickhouse.Settings {
	s := clickhouse.Settings{
		"async_insert": 0,
		// A Distributed table forwards at once: an answer means that the shards have it.
		"insert_distributed_sync": 1,
		// A year of old logs has more days than the default allows in one insert.
		"max_partitions_per_insert_block": 0,
	}
	if c.cfg.InsertQuorum > 0 {
		s["insert_quorum"] = c.cfg.InsertQuorum
	}
	return s
}
