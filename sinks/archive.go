package sinks

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"whence/correlate"
)

// maxKeys bounds the keys of one query, and fewKeys are so few that an index helps:
// of more, every granule has one by chance. A set is looked into once for each key
// of a row, and a list as often as it is long.
const (
	maxKeys = 10_000
	fewKeys = 30
)

// Naming yields the current version of every chain with a time in [from, to] that
// looked up one of keys: what a late fact about them may change. Keys of its hops
// and candidates, and the missing one, are among those. A zero time leaves that side
// open. A chain may come more than once when there are very many keys. An error of
// yield ends the read and is returned. The query stays open meanwhile, so yield
// should not take long.
func (c *ClickHouse) Naming(ctx context.Context, keys []correlate.Key, from, to time.Time, yield func(correlate.Chain) error) error {
	// The ids are found by index, over all versions; FINAL then picks the current
	// one. With the condition on a FINAL read itself, an index could drop the
	// current row and show an older one that still names the key.
	names := "hasAny(walked, {keys:Array(String)})"
	if len(keys) > fewKeys {
		names = "arrayExists(k -> k IN {keys:Array(String)}, walked)"
	}
	q := c.current(" AND time BETWEEN fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND fromUnixTimestamp64Nano({to:Int64}, 'UTC')", names)
	if to.IsZero() {
		to = latest
	}
	for part := range slices.Chunk(keys, maxKeys) {
		err := read(ctx, c, q, c.chains, yield, clickhouse.Named("keys", spell(part)),
			clickhouse.Named("from", columnTime(from).UnixNano()), clickhouse.Named("to", columnTime(to).UnixNano()))
		if err != nil {
			return fmt.Errorf("read the chains that name a key: %w", err)
		}
	}
	return nil
}

// Unsettled yields the current version of every chain from before a time that is
// not settled: those a lane let go of, or that were in its window when it ended.
func (c *ClickHouse) Unsettled(ctx context.Context, before time.Time, yield func(correlate.Chain) error) error {
	q := c.current(" AND time < fromUnixTimestamp64Nano({before:Int64}, 'UTC')", "settled = 0")
	if err := read(ctx, c, q, c.chains, yield, clickhouse.Named("before", columnTime(before).UnixNano())); err != nil {
		return fmt.Errorf("read the unsettled chains: %w", err)
	}
	return nil
}

// Chain returns the current version of one chain, and whether there is one.
func (c *ClickHouse) Chain(ctx context.Context, id correlate.ID) (correlate.Chain, bool, error) {
	q := "SELECT " + c.chains.selection("") + "\nFROM " + c.schema().name("chains") +
		"\nWHERE id = {id:String} ORDER BY version DESC LIMIT 1"
	var found *correlate.Chain
	err := read(ctx, c, q, c.chains, func(ch correlate.Chain) error { found = &ch; return nil }, clickhouse.Named("id", id.String()))
	if err != nil {
		return correlate.Chain{}, false, fmt.Errorf("read chain %s: %w", id, err)
	}
	if found == nil {
		return correlate.Chain{}, false, nil
	}
	return *found, true, nil
}

// StaleAlerts yields every open alert whose chain has a newer version than the one
// that was judged, or that is of another version of its rule than versions says, with
// that chain.
func (c *ClickHouse) StaleAlerts(ctx context.Context, versions map[string]string, yield func(correlate.Alert, correlate.Chain) error) error {
	s := c.schema()
	q := "SELECT " + c.alerts.selection("a") + ",\n\t" + c.chains.selection("c") +
		"\nFROM (SELECT * FROM " + s.name("chains") + " FINAL\n\tWHERE (source, toStartOfHour(time), id) GLOBAL IN (\n" +
		"\t\tSELECT source, toStartOfHour(time), chain_id FROM " + s.name("alerts") + " FINAL WHERE state = 'open')) AS c\n" +
		"GLOBAL INNER JOIN (SELECT * FROM " + s.name("alerts") + " FINAL WHERE state = 'open') AS a ON a.chain_id = c.id\n" +
		"WHERE c.version > a.version OR NOT has({rules:Array(String)}, concat(a.rule, ' ', a.rule_version))"
	rules := make([]string, 0, len(versions))
	for rule, version := range versions {
		rules = append(rules, rule+" "+version)
	}
	slices.Sort(rules)
	alerts, alert := c.alerts.scanner()
	chains, chain := c.chains.scanner()
	err := c.rows(ctx, q, append(alerts, chains...), func() error {
		a, err := alert()
		if err != nil {
			return err
		}
		ch, err := chain()
		if err != nil {
			return err
		}
		return yield(a, ch)
	}, clickhouse.Named("rules", rules))
	if err != nil {
		return fmt.Errorf("read the alerts whose chain has changed: %w", err)
	}
	return nil
}

// current is a query for the current version of the chains that meet cond; bounds
// restricts them too, on columns that never change. The inner query finds them, over
// all versions. By the hour, not the time: a line that tells no time has that of its
// arrival, and can arrive twice.
func (c *ClickHouse) current(bounds, cond string) string {
	name := c.schema().name("chains")
	return "SELECT " + c.chains.selection("") + "\nFROM " + name + " FINAL\nWHERE (source, toStartOfHour(time), id) GLOBAL IN (" +
		"\n\tSELECT source, toStartOfHour(time), id FROM " + name + " WHERE " + cond + bounds +
		"\n)" + bounds + " AND " + cond
}

// read yields the rows of a query for all columns of a table.
func read[T any](ctx context.Context, c *ClickHouse, query string, t table[T], yield func(T) error, args ...any) error {
	dests, row := t.scanner()
	return c.rows(ctx, query, dests, func() error {
		v, err := row()
		if err != nil {
			return err
		}
		return yield(v)
	}, args...)
}

// rows scans each row into dests and calls next.
func (c *ClickHouse) rows(ctx context.Context, query string, dests []any, next func() error, args ...any) (err error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{
		// All versions of a row are in one partition: its time never changes.
		"do_not_merge_across_partitions_select_final": 1,
	}))
	var rs driver.Rows
	if rs, err = c.conn.Query(ctx, query, args...); err != nil {
		return err
	}
	defer func() {
		if cerr := rs.Close(); err == nil {
			err = cerr
		}
	}()
	for rs.Next() {
		if err := rs.Scan(dests...); err != nil {
			return err
		}
		if err := next(); err != nil {
			return err
		}
	}
	return rs.Err()
}

func spell(keys []correlate.Key) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.String()
	}
	return out
}
