package sinks

import (
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"whence/correlate/ledger"
)

const (
	wireSum       proto.ColumnType = "FixedString(32)"
	wireSignature proto.ColumnType = "FixedString(64)"
	wireKeyID     proto.ColumnType = "FixedString(8)"
)

// A ledgerRoom holds the entries of one load while it is encoded, and is used again
// for the next.
type ledgerRoom struct {
	digester *digester
	sums     []ledger.Sum
	entries  []ledger.Entry
	page     [1]ledger.Checkpoint
}

// enter makes the entries of out's chains, which b is the block of, and the
// checkpoint that adds them. An output with a ledger and no rows has a checkpoint
// alone.
func (c *ClickHouse) enter(l *load, out *Output) error {
	l.checkpoints.reset(len(c.checkpoints.columns))
	l.entries.reset(len(c.entries.columns))
	l.checkpoints.rows, l.entries.rows = 0, 0
	if out.Ledger == nil || len(out.Chains) == 0 && out.Len() > 0 {
		return nil
	}
	r := &l.ledger
	if r.digester == nil {
		r.digester = newDigester(&c.chains)
	}
	r.sums = r.digester.sums(r.sums[:0], &l.chains)
	r.entries = r.entries[:0]
	for i := range out.Chains {
		ch := &out.Chains[i]
		r.entries = append(r.entries, out.Ledger.Enter(ch.ID, ch.Version, columnTime(ch.Time), r.sums[i]))
	}
	r.page[0] = out.Ledger.Sign()
	if err := c.entries.encode(&l.entries, r.entries); err != nil {
		return err
	}
	return c.checkpoints.encode(&l.checkpoints, r.page[:])
}

func entryTable() table[ledger.Entry] {
	type entry = ledger.Entry
	return newTable("ledger", []column[entry]{
		text("lane", func(e *entry) *string { return &e.Lane }),
		runID("run", func(e *entry) *ledger.RunID { return &e.Run }),
		field("seq", func(e *entry) *uint64 { return &e.Seq }),
		scalar("chain_id", wireText, func(b []byte, e *entry) []byte { return appendID(b, &e.Chain) },
			func(e *entry, s string) error { _ = e.Chain.UnmarshalText([]byte(s)); return nil }), // its hash will not fit
		field("version", func(e *entry) *uint64 { return &e.Version }),
		scalar("chain_time", wireTime, func(b []byte, e *entry) []byte { return appendTime(b, &e.Time) },
			func(e *entry, t time.Time) error { e.Time = t.UTC(); return nil }),
		sum("content", func(e *entry) *ledger.Sum { return &e.Content }),
		sum("hash", func(e *entry) *ledger.Sum { return &e.Hash }),
		instant("time", func(e *entry) *time.Time { return &e.At }),
	})
}

func checkpointTable() table[ledger.Checkpoint] {
	type page = ledger.Checkpoint
	return newTable("ledger_checkpoints", []column[page]{
		text("lane", func(c *page) *string { return &c.Lane }),
		runID("run", func(c *page) *ledger.RunID { return &c.Run }),
		field("number", func(c *page) *uint64 { return &c.Number }),
		field("first", func(c *page) *uint64 { return &c.First }),
		field("last", func(c *page) *uint64 { return &c.Last }),
		sum("before", func(c *page) *ledger.Sum { return &c.Before }),
		sum("hash", func(c *page) *ledger.Sum { return &c.Hash }),
		field("stored", func(c *page) *uint64 { return &c.Stored }),
		instant("time", func(c *page) *time.Time { return &c.At }),
		sum("former", func(c *page) *ledger.Sum { return &c.Former }),
		runID("after_run", func(c *page) *ledger.RunID { return &c.After.Run }),
		field("after_seq", func(c *page) *uint64 { return &c.After.Seq }),
		sum("after_hash", func(c *page) *ledger.Sum { return &c.After.Hash }),
		instant("after_time", func(c *page) *time.Time { return &c.After.At }),
		scalar("key", wireKeyID, func(b []byte, c *page) []byte { return append(b, c.Key[:]...) },
			func(c *page, s string) error { copy(c.Key[:], s); return nil }),
		scalar("signature", wireSignature, func(b []byte, c *page) []byte { return append(b, c.Signature[:]...) },
			func(c *page, s string) error { copy(c.Signature[:], s); return nil }),
	})
}

func sum[T any](name string, of func(*T) *ledger.Sum) column[T] {
	return scalar(name, wireSum, func(b []byte, t *T) []byte { return append(b, of(t)[:]...) },
		func(t *T, s string) error { copy(of(t)[:], s); return nil })
}

// runID is empty for no run.
func runID[T any](name string, of func(*T) *ledger.RunID) column[T] {
	return scalar(name, wireText,
		func(b []byte, t *T) []byte {
			if of(t).IsZero() {
				return append(b, 0)
			}
			return appendHex(b, of(t)[:])
		},
		func(t *T, s string) error { *of(t), _ = ledger.ParseRunID(s); return nil }) // what it is in will not fit
}
