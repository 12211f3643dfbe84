package sinks

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
)

// Rules over time are computed from stored chains: of which windows something is known,
// what is known of them, and which have been computed from what.

// A Selection is which chains a rule over time can match at all, by what never changes
// about a chain, in a part of time. An empty list is all.
type Selection struct {
	Sources, Classes, Actions, Prefixes []string
	From, To                            time.Time // [From, To)
}

// where is the condition, with its arguments.
func (s Selection) where() (string, []any) {
	conds := []string{"time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC')", "time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')"}
	args := []any{clickhouse.Named("from", columnTime(s.From).UnixNano()), clickhouse.Named("to", columnTime(s.To).UnixNano())}
	for _, in := range []struct {
		name, cond string
		values     []string
	}{
		{"sources", "source IN {sources:Array(String)}", s.Sources},
		{"classes", "class IN {classes:Array(String)}", s.Classes},
		{"actions", "action IN {actions:Array(String)}", s.Actions},
		{"prefixes", "arrayExists(p -> startsWith(action, p), {prefixes:Array(String)})", s.Prefixes},
	} {
		if len(in.values) > 0 {
			conds, args = append(conds, in.cond), append(args, clickhouse.Named(in.name, in.values))
		}
	}
	return strings.Join(conds, " AND "), args
}

// Selected yields the current version of every chain of a selection, in no order. An
// error of yield ends the read and is returned.
func (c *ClickHouse) Selected(ctx context.Context, s Selection, yield func(correlate.Chain) error) error {
	where, args := s.where()
	q := "SELECT " + c.chains.selection("") + "\nFROM " + c.schema().name("chains") + " FINAL\nWHERE " + where
	if err := read(ctx, c, q, c.chains, yield, args...); err != nil {
		return fmt.Errorf("read the chains of a rule over time: %w", err)
	}
	return nil
}

// Seen yields the sum of the versions of the chains of a selection, window by window,
// with the window's start. Sums overflow.
func (c *ClickHouse) Seen(ctx context.Context, s Selection, window time.Duration, yield func(start time.Time, sum uint64) error) error {
	where, args := s.where()
	// Windows are counted from where time.Truncate counts: the year 1.
	offset := time.Unix(0, 0).Sub(time.Unix(0, 0).Truncate(window))
	q := "SELECT intDiv(toUnixTimestamp64Nano(time) + {offset:Int64}, {window:Int64}) * {window:Int64} - {offset:Int64} AS start,\n" +
		"\tsum(version)\nFROM " + c.schema().name("chains") + " FINAL\nWHERE " + where + "\nGROUP BY start"
	args = append(args, clickhouse.Named("offset", int64(offset)), clickhouse.Named("window", int64(window)))
	var start int64
	var sum uint64
	err := c.rows(ctx, q, []any{&start, &sum}, func() error {
		return yield(time.Unix(0, start).UTC(), sum)
	}, args...)
	if err != nil {
		return fmt.Errorf("read the versions of windows: %w", err)
	}
	return nil
}

// WindowAlerts yields the current alerts of a rule over time, open and closed, whose
// window begins in [from, to).
func (c *ClickHouse) WindowAlerts(ctx context.Context, rule string, from, to time.Time, yield func(correlate.Alert) error) error {
	q := "SELECT " + c.alerts.selection("") + "\nFROM " + c.schema().name("alerts") + " FINAL\n" +
		"WHERE rule = {rule:String} AND time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')"
	err := read(ctx, c, q, c.alerts, func(a correlate.Alert) error {
		if a.Over.From.IsZero() {
			return nil // from when the rule was one of single chains
		}
		return yield(a)
	}, clickhouse.Named("rule", rule), clickhouse.Named("from", columnTime(from).UnixNano()), clickhouse.Named("to", columnTime(to).UnixNano()))
	if err != nil {
		return fmt.Errorf("read the alerts of a rule over time: %w", err)
	}
	return nil
}

// OrphanAlerts yields the open alerts of rules over time that are none of rules.
func (c *ClickHouse) OrphanAlerts(ctx context.Context, rules []string, yield func(correlate.Alert) error) error {
	q := "SELECT " + c.alerts.selection("") + "\nFROM " + c.schema().name("alerts") + " FINAL\n" +
		"WHERE state = 'open' AND chain_id = id AND rule NOT IN {rules:Array(String)}"
	if err := read(ctx, c, q, c.alerts, yield, clickhouse.Named("rules", rules)); err != nil {
		return fmt.Errorf("read the alerts of rules over time that are gone: %w", err)
	}
	return nil
}

// Judged yields the windows of one wording of a rule that have been computed, with the
// sum of the versions they were computed from.
func (c *ClickHouse) Judged(ctx context.Context, rule, wording string, from, to time.Time, yield func(start time.Time, sum uint64) error) error {
	q := "SELECT toUnixTimestamp64Nano(start), sum FROM " + c.schema().name("windows") + " FINAL\n" +
		"WHERE rule = {rule:String} AND rule_version = {wording:String}" +
		" AND start >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND start < fromUnixTimestamp64Nano({to:Int64}, 'UTC')"
	var start int64
	var sum uint64
	err := c.rows(ctx, q, []any{&start, &sum}, func() error { return yield(time.Unix(0, start).UTC(), sum) },
		clickhouse.Named("rule", rule), clickhouse.Named("wording", wording),
		clickhouse.Named("from", columnTime(from).UnixNano()), clickhouse.Named("to", columnTime(to).UnixNano()))
	if err != nil {
		return fmt.Errorf("read which windows are computed: %w", err)
	}
	return nil
}

// Judge notes that windows of one wording of a rule have been computed, from chains
// whose versions have these sums. The last note of a window counts.
func (c *ClickHouse) Judge(ctx context.Context, rule, wording string, windows map[time.Time]uint64) (err error) {
	if len(windows) == 0 {
		return nil
	}
	batch, err := c.conn.PrepareBatch(ctx, "INSERT INTO "+c.schema().name("windows")+" (rule, rule_version, start, sum)")
	if err != nil {
		return fmt.Errorf("note computed windows: %w", err)
	}
	defer func() {
		if cerr := batch.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("note computed windows: %w", cerr)
		}
	}()
	for start, sum := range windows {
		if err := batch.Append(rule, wording, start, sum); err != nil {
			return fmt.Errorf("note computed windows: %w", err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("note computed windows: %w", err)
	}
	return nil
}
