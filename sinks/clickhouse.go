package sinks

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"whence/correlate"
	"whence/correlate/ledger"
)

// ClickHouse is the sink that keeps everything: chains, facts, alerts, rejects.
// The tables keep the row of the highest version, so repeats and stale rows are
// harmless. It is also the archive that repair and explain read from. It is safe
// for concurrent use.
type ClickHouse struct {
	cfg   ClickHouseConfig
	conn  driver.Conn // reads, and makes the schema
	out   inserter
	batch *batch[*load]
	early *batch[*load] // of alerts alone, which chains wait for: see Fan
	waits waits
	loads loads

	chains  table[correlate.Chain]
	facts   table[storedFact]
	alerts  table[correlate.Alert]
	rejects table[correlate.Reject]

	checkpoints table[ledger.Checkpoint]
	entries     table[ledger.Entry]
}

// An inserter sends an INSERT and returns nil when the server has acknowledged all
// rows. It is safe for concurrent use; Close comes after the last Do.
type inserter interface {
	Do(ctx context.Context, q ch.Query) error
	Close() error
}

// A load is the rows of one Write, encoded.
type load struct {
	facts, rejects, chains, alerts block
	room                           factRoom

	checkpoints, entries block // of the chains
	ledger               ledgerRoom

	piece []byte // of one that is packed: what its blocks lie in
}

func (l *load) bytes() int {
	return l.facts.bytes() + l.rejects.bytes() + l.chains.bytes() + l.alerts.bytes() + l.checkpoints.bytes() + l.entries.bytes()
}

// OpenClickHouse connects to ClickHouse and reports an error when it cannot be
// reached or refuses the user. The schema must be there before the first Write:
// see Migrate. Close frees what it holds.
func OpenClickHouse(ctx context.Context, cfg ClickHouseConfig, log *slog.Logger) (*ClickHouse, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	tls, err := cfg.TLS.load()
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	conn, err := clickhouse.Open(cfg.options(tls))
	if err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	if err := conn.Ping(ctx); err != nil {
		conn.Close()
		return nil, fmt.Errorf("reach clickhouse at %s: %w", strings.Join(cfg.Addr, ", "), err)
	}
	return newClickHouse(cfg, conn, cfg.conns(tls), log), nil
}

// enoughRows make an insert that is worth its while: of a thousand rows, one costs
// the server ten times as much as of a hundred thousand.
const enoughRows = 25_000

// enoughAlerts make one of alerts alone. They do not join the rows of others: these
// take longer, and some of them wait for the alerts.
const enoughAlerts = 1_000

func newClickHouse(cfg ClickHouseConfig, conn driver.Conn, out inserter, log *slog.Logger) *ClickHouse {
	c := &ClickHouse{
		cfg: cfg, conn: conn, out: out, waits: waits{sink: "clickhouse", log: log},
		chains: chainTable(), facts: factTable(), alerts: alertTable(), rejects: rejectTable(),
		checkpoints: checkpointTable(), entries: entryTable(),
	}
	c.batch = newBatch(bound{
		rows: cfg.BatchRows, bytes: cfg.BatchBytes, enough: min(enoughRows, cfg.BatchRows), linger: cfg.Linger, writers: cfg.Inserts,
	}, c.insert)
	c.early = newBatch(bound{rows: cfg.BatchRows, bytes: cfg.BatchBytes, enough: min(enoughAlerts, cfg.BatchRows), linger: cfg.Linger, writers: 1}, c.insert)
	return c
}

// Name implements Sink.
func (c *ClickHouse) Name() string { return "clickhouse" }

// Waiting returns what writes wait for now, if they do. It is safe for concurrent use.
func (c *ClickHouse) Waiting() []Wait { return c.waits.Waiting() }

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
	return c.WriteAfter(ctx, out, func(context.Context) error { return nil })
}

// WriteAfter is Write, and sends nothing before first has returned nil.
func (c *ClickHouse) WriteAfter(ctx context.Context, out *Output, first func(context.Context) error) error {
	if out.Len() == 0 && out.Ledger == nil {
		return nil
	}
	draft := c.loads.take()
	if err := c.encode(draft, out); err != nil {
		return fmt.Errorf("write to clickhouse: %w", err)
	}
	rows, batch := out.Len()+draft.checkpoints.rows+draft.entries.rows, c.batch
	if rows == len(out.Alerts) {
		batch = c.early
	}
	out.taken()
	l := c.loads.pack(draft) // one that is not written is left to the collector
	if err := first(ctx); err != nil {
		return fmt.Errorf("write to clickhouse: %w", err)
	}
	if err := batch.add(ctx, l, rows, l.bytes()); err != nil {
		return fmt.Errorf("write to clickhouse: %w", err)
	}
	return nil
}

// encode makes l the load of out, in the goroutine of its caller, so that nothing
// of out is needed after a caller was let go.
func (c *ClickHouse) encode(l *load, out *Output) error {
	defer l.room.clear()
	facts, err := l.room.store(out.Facts)
	if err != nil {
		return err
	}
	if err := c.facts.encode(&l.facts, facts); err != nil {
		return err
	}
	if err := c.rejects.encode(&l.rejects, out.Rejects); err != nil {
		return err
	}
	if err := c.chains.encode(&l.chains, out.Chains); err != nil {
		return err
	}
	if err := c.alerts.encode(&l.alerts, out.Alerts); err != nil {
		return err
	}
	return c.enter(l, out)
}

// Close implements Sink. When ctx ends before the writes under way, they are
// given up and their callers told; it may be called again.
func (c *ClickHouse) Close(ctx context.Context) error {
	err := errors.Join(c.early.close(ctx), c.batch.close(ctx), c.out.Close(), c.conn.Close())
	if err != nil {
		return fmt.Errorf("close clickhouse: %w", err)
	}
	return nil
}
