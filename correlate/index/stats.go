package index

import "sync/atomic"

// Stats is what the table did since Open, and what it holds now. All but the
// sizes and the lag only grow.
type Stats struct {
	// HotHits, OverflowHits, ColdHits and StoreReads are look-ups by the layer that
	// answered; Absent is how many of the store reads found nothing.
	HotHits, OverflowHits, ColdHits, StoreReads, Absent uint64
	// Rolled look-ups were of names with many bindings, answered by their rolls, which
	// take RollBytes.
	Rolled    uint64
	RollBytes int64
	// Lacked look-ups were of keys that the store is known, without a read, to have
	// nothing of.
	Lacked uint64
	// Bound facts were handed to Bind: Skipped of them were known, Refused too
	// large, Published new.
	Bound, Skipped, Refused, Published uint64
	// Applied facts became visible here, whoever published them.
	Applied uint64
	// Announced marks were written, Observed ones read, once per partition.
	Announced, Observed uint64
	// Sifted is 1 if what the store keeps of its keys could not be used at the start.
	Sifted uint64
	// Unreadable records are of another version or damaged; they are passed over.
	Unreadable uint64
	// HotEntries and HotBytes are the exact table's, OverflowBytes those of its entries
	// that are on disk, CacheBytes ristretto's.
	HotEntries    int
	HotBytes      int64
	OverflowBytes int64
	CacheBytes    int64
	// Lag is how many records of both topics were unread at the last poll.
	Lag int64
}

type counts struct {
	coldHits, storeReads, rolled, absent, lacked, bound, skipped, refused, published atomic.Uint64
	applied, marks, observed, sifted, unreadable                                     atomic.Uint64
	lag                                                                              atomic.Int64
}

// Stats returns what the metrics show.
func (t *Table) Stats() Stats {
	c := &t.counts
	s := Stats{
		ColdHits: c.coldHits.Load(), StoreReads: c.storeReads.Load(), Absent: c.absent.Load(), Lacked: c.lacked.Load(),
		Bound: c.bound.Load(), Skipped: c.skipped.Load(), Refused: c.refused.Load(), Published: c.published.Load(),
		Applied: c.applied.Load(), Announced: c.marks.Load(), Observed: c.observed.Load(),
		Sifted: c.sifted.Load(), Unreadable: c.unreadable.Load(), Lag: t.Lag(), CacheBytes: t.cold.size(),
	}
	if s.Rolled = c.rolled.Load(); t.rolls != nil {
		s.RollBytes = t.rolls.bytes.Load()
	}
	s.HotEntries, s.HotBytes, s.HotHits, s.OverflowHits = t.hot.stats()
	s.OverflowBytes = t.overflow.bytes()
	return s
}

// Lag is how many records of both topics were unread at the last poll.
func (t *Table) Lag() int64 { return t.counts.lag.Load() }
