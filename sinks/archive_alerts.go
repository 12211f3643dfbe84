package sinks

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"whence/correlate"
)

// An AlertQuery says which alerts are wanted. The zero one wants all.
type AlertQuery struct {
	Open  bool      // those that are open only
	Since time.Time // those of events from then on
	Rule  string    // those of one rule
	Limit int       // how many at most; 0 for no limit
}

// Alerts yields the current version of every alert that is wanted, the newest events
// first. An error of yield ends the read and is returned.
func (c *ClickHouse) Alerts(ctx context.Context, want AlertQuery, yield func(correlate.Alert) error) error {
	q := "SELECT " + c.alerts.selection("") + "\nFROM " + c.schema().name("alerts") + " FINAL\n" +
		"WHERE time >= fromUnixTimestamp64Nano({since:Int64}, 'UTC')"
	args := []any{clickhouse.Named("since", columnTime(want.Since).UnixNano())}
	if want.Open {
		q += " AND state = 'open'"
	}
	if want.Rule != "" {
		q, args = q+" AND rule = {rule:String}", append(args, clickhouse.Named("rule", want.Rule))
	}
	q += "\nORDER BY time DESC, id"
	if want.Limit > 0 {
		q, args = q+" LIMIT {limit:UInt64}", append(args, clickhouse.Named("limit", uint64(want.Limit)))
	}
	if err := read(ctx, c, q, c.alerts, yield, args...); err != nil {
		return fmt.Errorf("read alerts: %w", err)
	}
	return nil
}

// Alert returns the current version of one alert, and whether there is one.
func (c *ClickHouse) Alert(ctx context.Context, id correlate.ID) (found correlate.Alert, ok bool, err error) {
	q := "SELECT " + c.alerts.selection("") + "\nFROM " + c.schema().name("alerts") + " FINAL WHERE id = {id:String}"
	err = read(ctx, c, q, c.alerts, func(a correlate.Alert) error { found, ok = a, true; return nil }, clickhouse.Named("id", id.String()))
	if err != nil {
		return correlate.Alert{}, false, fmt.Errorf("read alert %s: %w", id, err)
	}
	return found, ok, nil
}
