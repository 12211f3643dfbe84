package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
)

// Between yields the current version of every chain with a time in [from, to),
// in no order. A zero time leaves that side open. An error of yield ends the read
// and is returned. The query stays open meanwhile, so yield should not take long.
func (c *ClickHouse) Between(ctx context.Context, from, to time.Time, yield func(correlate.Chain) error) error {
	if to.IsZero() {
		to = latest
	}
	q := "SELECT " + c.chains.selection("") + "\nFROM " + c.schema().name("chains") + " FINAL\n" +
		"WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')"
	err := read(ctx, c, q, c.chains, yield,
		clickhouse.Named("from", columnTime(from).UnixNano()), clickhouse.Named("to", columnTime(to).UnixNano()))
	if err != nil {
		return fmt.Errorf("read the chains between two times: %w", err)
	}
	return nil
}

// Counts is how many chains there are, and how many of them are not settled.
func (c *ClickHouse) Counts(ctx context.Context) (chains, unsettled int64, err error) {
	q := "SELECT toInt64(count()), toInt64(countIf(settled = 0)) FROM " + c.schema().name("chains") + " FINAL"
	if err := c.conn.QueryRow(ctx, q).Scan(&chains, &unsettled); err != nil {
		return 0, 0, fmt.Errorf("count the chains: %w", err)
	}
	return chains, unsettled, nil
}
