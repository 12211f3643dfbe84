package ledger

import (
	"context"
)

// A batch is the entries that one checkpoint adds, while they are read.
type batch struct {
	c     *Checkpoint
	next  uint64 // the entry that comes now
	hash  Sum    // of the one before it
	whole bool   // none is missing or altered so far
	told  bool   // a finding was made
	last  Entry
}

// batches verifies the entries that checkpoints add.
func (t *trail) batches(ctx context.Context, cs []Checkpoint) error {
	if len(cs) == 0 {
		return nil
	}
	b := batch{}
	open := func() {
		b = batch{c: &cs[0], next: cs[0].First, hash: cs[0].Before, whole: true}
		cs = cs[1:]
	}
	first, last := cs[0].First, cs[len(cs)-1].Last
	open()
	err := t.v.archive.Entries(ctx, t.k.of, first, last, func(e *Entry) error {
		t.v.report.Linked++
		for e.Seq > b.c.Last && len(cs) > 0 {
			t.close(&b)
			open()
		}
		t.entry(&b, e)
		return nil
	})
	if err != nil {
		return err
	}
	t.close(&b)
	for len(cs) > 0 {
		open()
		t.close(&b)
	}
	return nil
}

// entry verifies the next entry of b, or one that is between batches.
func (t *trail) entry(b *batch, e *Entry) {
	f := t.finding(EntryInserted, "")
	f.Chain, f.Version, f.Time, f.Seq = e.Chain, e.Version, e.Time, e.Seq
	switch {
	case *e == b.last:
		return // sent twice
	case e.Seq < b.c.First || e.Seq > b.c.Last:
		f.Detail = "no checkpoint adds it"
		t.found(f)
		return
	case e.Seq < b.next:
		f.Detail = "there are two of this number, and they differ"
		t.found(f)
		return
	case e.Seq > b.next:
		t.missing(b, e.Seq)
		b.hash = e.Hash // what is missing can be passed over, not verified
	case e.follow(b.hash) != e.Hash || !e.At.Equal(b.c.At):
		f.Verdict, f.Detail = EntryAltered, "its hash is not that of what it says after the entry before it"
		t.found(f)
		b.whole, b.told, b.hash = false, true, e.Hash
	default:
		b.hash = e.Hash
	}
	for _, h := range t.k.stated {
		if h.Seq == e.Seq && h.Hash != e.Hash {
			f.Verdict, f.Detail = EntryAltered, "the next owner of the lane found another hash here"
			t.found(f)
		}
	}
	b.next, b.last = e.Seq+1, *e
}

// missing takes note that the entries of b from its next to before seq are not there.
func (t *trail) missing(b *batch, seq uint64) {
	b.whole = false
	if !t.confirmed(b.next) {
		return // the run broke off, or they are on their way
	}
	b.told = true
	f := t.finding(EntryRemoved, "it was stored")
	if n := min(seq-1, t.k.confirmed) - b.next; n > 0 {
		f = t.finding(EntryRemoved, "it was stored, and so were the %d after it that are missing", n)
	}
	f.Seq, f.Checkpoint = b.next, b.c.Number
	t.found(f)
}

// close verifies that b is whole.
func (t *trail) close(b *batch) {
	if b.next <= b.c.Last {
		t.missing(b, b.c.Last+1)
	}
	if b.whole && b.hash != b.c.Hash {
		b.whole = false
		f := t.finding(EntryAltered, "the entries from %d to %d are not those that the checkpoint was signed for", b.c.First, b.c.Last)
		f.Checkpoint = b.c.Number
		t.found(f)
	}
	if !b.whole && b.c.Last >= b.c.First {
		t.k.broken = append(t.k.broken, span{b.c.First, b.c.Last})
	}
}
