package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// AlertCounts yields, for every rule that has raised alerts about [from, to), how many
// of them are open and how many closed by now, ordered by rule. An error of yield ends
// the read and is returned.
func (c *ClickHouse) AlertCounts(ctx context.Context, from, to time.Time, yield func(rule string, open, closed uint64) error) error {
	q := "SELECT toString(rule) AS name, countIf(state = 'open'), countIf(state = 'closed')\nFROM " + c.schema().name("alerts") + " FINAL\n" +
		"WHERE time >= fromUnixTimestamp64Nano({from:Int64}, 'UTC') AND time < fromUnixTimestamp64Nano({to:Int64}, 'UTC')\nGROUP BY name ORDER BY name"
	var rule string
	var open, closed uint64
	err := c.rows(ctx, q, []any{&rule, &open, &closed}, func() error { return yield(rule, open, closed) },
		clickhouse.Named("from", columnTime(from).UnixNano()), clickhouse.Named("to", columnTime(to).UnixNano()))
	if err != nil {
		return fmt.Errorf("count alerts: %w", err)
	}
	return nil
}
