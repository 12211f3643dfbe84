package sinks

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"whence/correlate"
)

// ClickHouse is the sink that keeps everything: chains, facts, alerts, rejects.
// The tables keep the row of the highest version, so repeats and stale rows are
// harmless. It is also the archive that repair and explain read from. It is safe
// for concurrent use.
type ClickHouse struct {
	cfg   ClickHouseConfig
	conn  driver.Conn
	batch *batch[load]
	waits waits

	chains  table[correlate.Chain]
	facts   table[storedFact]
	alerts  table[correlate.Alert]
	rejects table[correlate.Reject]
}

// A load is the rows of one Write, in the order of insertion: what others may
// refer to comes first.
type load [4]block

// OpenClickHouse connects to ClickHouse and reports an error when it cannot be
// reached or refuses the user. The schema must be there before the first Write:
// see Migrate. Close frees what it holds.
func OpenClickHouse(ctx context.Context, cfg ClickHouseConfig, log *slog.Logger) (*ClickHouse, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	opts, err := cfg.options()
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	conn, err := clickhouse.Open(opts)
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	if err := conn.Ping(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("reach clickhouse at %s: %w", strings.Join(cfg.Addr, ", "), err)
	}
	return newClickHouse(cfg, conn, log), nil
}

func newClickHouse(cfg ClickHouseConfig, conn driver.Conn, log *slog.Logger) *ClickHouse {
	c := &ClickHouse{
		cfg: cfg, conn: conn, waits: waits{sink: "clickhouse", log: log},
		chains: chainTable(), facts: factTable(), alerts: alertTable(), rejects: rejectTable(),
	}
	c.batch = newBatch(bound{cfg.BatchRows, cfg.BatchBytes, cfg.Linger, cfg.Inserts}, c.insert)
	return c
}

// Name implements Sink.
func (c *ClickHouse) Name() string { return "clickhouse" }

// Migrate brings the schema up to date, from nothing if need be. Several
// instances may do so at once. A schema that is newer than this program is
// refused.
func (c *ClickHouse) Migrate(ctx context.Context) error {
	return c.schema().Apply(ctx, c.conn)
}

func (c *ClickHouse) schema() Schema {
	return Schema{Database: c.cfg.Database, Cluster: c.cfg.Cluster, Keep: c.cfg.Keep}
}

// Write implements Sink. It joins the rows with those of other callers and
// returns when ClickHouse has acknowledged all of them.
func (c *ClickHouse) Write(ctx context.Context, out *Output) error {
	l, err := c.load(out)
	if err != nil {
		return fmt.Errorf("write to clickhouse: %w", err)
	}
	rows, bytes := 0, 0
	for _, b := range l {
		rows += b.rows
		bytes += b.bytes
	}
	if rows == 0 {
		return nil
	}
	if err := c.batch.add(ctx, l, rows, bytes); err != nil {
		return fmt.Errorf("write to clickhouse: %w", err)
	}
	return nil
}

// load encodes out in the goroutine of its caller, so nothing of out is needed
// after a caller was let go.
func (c *ClickHouse) load(out *Output) (l load, err error) {
	facts, err := storeFacts(out.Facts)
	if err != nil {
		return l, err
	}
	if l[0], err = c.facts.block(facts); err != nil {
		return l, err
	}
	if l[1], err = c.rejects.block(out.Rejects); err != nil {
		return l, err
	}
	if l[2], err = c.chains.block(out.Chains); err != nil {
		return l, err
	}
	l[3], err = c.alerts.block(out.Alerts)
	return l, err
}

// Close implements Sink. When ctx ends before the writes under way, they are
// given up and their callers told; it may be called again.
func (c *ClickHouse) Close(ctx context.Context) error {
	err := c.batch.close(ctx)
	if cerr := c.conn.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return fmt.Errorf("close clickhouse: %w", err)
	}
	return nil
}
