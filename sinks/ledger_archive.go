package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate/ledger"
)

// Ends implements ledger.Archive.
func (c *ClickHouse) Ends(ctx context.Context, yield func(first, last *ledger.Checkpoint) error) error {
	name := c.schema().name("ledger_checkpoints")
	// Copies are next to each other, and so are the first and the last of a run.
	q := "SELECT " + c.checkpoints.selection("") + "\nFROM " + name + "\nWHERE (lane, run, number) GLOBAL IN (\n" +
		"\tSELECT lane, run, min(number) FROM " + name + " GROUP BY lane, run\n\tUNION ALL\n" +
		"\tSELECT lane, run, max(number) FROM " + name + " GROUP BY lane, run\n) ORDER BY lane, run, number"
	var first, last *ledger.Checkpoint
	flush := func() error {
		if first == nil {
			return nil
		}
		return yield(first, last)
	}
	err := read(ctx, c, q, c.checkpoints, func(cp ledger.Checkpoint) error {
		if first == nil || cp.Lane != first.Lane || cp.Run != first.Run {
			if err := flush(); err != nil {
				return err
			}
			first = &cp
		}
		last = &cp
		return nil
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("read the ends of runs: %w", err)
	}
	return nil
}

// Before implements ledger.Archive.
func (c *ClickHouse) Before(ctx context.Context, of ledger.Of, at time.Time, seq uint64) (number uint64, err error) {
	q := "SELECT max(number) FROM " + c.schema().name("ledger_checkpoints") +
		" WHERE lane = {lane:String} AND run = {run:String} AND last < {seq:UInt64} AND NOT (" + within("time", at, time.Time{}) + ")"
	row := c.conn.QueryRow(ctx, q, clickhouse.Named("lane", of.Lane), clickhouse.Named("run", of.Run.String()), clickhouse.Named("seq", seq))
	if err := row.Scan(&number); err != nil {
		return 0, fmt.Errorf("look for a checkpoint: %w", err)
	}
	return number, nil
}

// Checkpoints implements ledger.Archive.
func (c *ClickHouse) Checkpoints(ctx context.Context, of ledger.Of, after uint64, limit int, yield func(*ledger.Checkpoint) error) error {
	q := "SELECT " + c.checkpoints.selection("") + "\nFROM " + c.schema().name("ledger_checkpoints") +
		"\nWHERE lane = {lane:String} AND run = {run:String} AND number > {after:UInt64}" +
		fmt.Sprintf("\nORDER BY number LIMIT %d WITH TIES", limit)
	err := read(ctx, c, q, c.checkpoints, func(cp ledger.Checkpoint) error { return yield(&cp) },
		clickhouse.Named("lane", of.Lane), clickhouse.Named("run", of.Run.String()), clickhouse.Named("after", after))
	if err != nil {
		return fmt.Errorf("read checkpoints: %w", err)
	}
	return nil
}

// Spans implements ledger.Archive.
func (c *ClickHouse) Spans(ctx context.Context, from, to time.Time, yield func(of ledger.Of, lo, hi uint64) error) error {
	q := "SELECT lane, run, min(seq), max(seq) FROM " + c.schema().name("ledger") +
		" WHERE " + within("chain_time", from, to) + " GROUP BY lane, run"
	var lane, run string
	var lo, hi uint64
	err := c.rows(ctx, q, []any{&lane, &run, &lo, &hi}, func() error {
		id, _ := ledger.ParseRunID(run) // what is none has no checkpoint
		return yield(ledger.Of{Lane: lane, Run: id}, lo, hi)
	})
	if err != nil {
		return fmt.Errorf("look for runs: %w", err)
	}
	return nil
}

// Entries implements ledger.Archive.
func (c *ClickHouse) Entries(ctx context.Context, of ledger.Of, first, last uint64, yield func(*ledger.Entry) error) error {
	q := "SELECT " + c.entries.selection("") + "\nFROM " + c.schema().name("ledger") +
		"\nWHERE lane = {lane:String} AND run = {run:String} AND seq BETWEEN {first:UInt64} AND {last:UInt64}\nORDER BY seq"
	err := read(ctx, c, q, c.entries, func(e ledger.Entry) error { return yield(&e) },
		clickhouse.Named("lane", of.Lane), clickhouse.Named("run", of.Run.String()), clickhouse.Named("first", first), clickhouse.Named("last", last))
	if err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	return nil
}

// Minutes implements ledger.Archive.
func (c *ClickHouse) Minutes(ctx context.Context, from, to time.Time, yield func(minute time.Time, n int) error) error {
	part := func(table, column string) string {
		return "SELECT toUnixTimestamp64Second(toDateTime64(toStartOfMinute(" + column + "), 0, 'UTC')) AS minute, toInt64(count()) AS n FROM " +
			c.schema().name(table) + " WHERE " + within(column, from, to) + " GROUP BY minute"
	}
	q := "SELECT minute, sum(n) FROM (\n\t" + part("chains", "time") + "\n\tUNION ALL\n\t" + part("ledger", "chain_time") + "\n) GROUP BY minute ORDER BY minute"
	var at, n int64
	err := c.rows(ctx, q, []any{&at, &n}, func() error { return yield(time.Unix(at, 0).UTC(), int(n)) })
	if err != nil {
		return fmt.Errorf("count rows and entries: %w", err)
	}
	return nil
}

// Dated implements ledger.Archive.
func (c *ClickHouse) Dated(ctx context.Context, from, to time.Time, yield func(*ledger.Entry) error) error {
	q := "SELECT " + c.entries.selection("") + "\nFROM " + c.schema().name("ledger") + "\nWHERE " + within("chain_time", from, to)
	if err := read(ctx, c, q, c.entries, func(e ledger.Entry) error { return yield(&e) }); err != nil {
		return fmt.Errorf("read the entries of chains: %w", err)
	}
	return nil
}
