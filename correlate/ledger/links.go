package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
)

// pageLen is how many checkpoints, with the entries they add, are followed at once.
const pageLen = 2000

// links follows the entries and checkpoints of every run that has to do with the
// chains that are verified, or that was written to in their time: what is gone
// without a trace leaves a gap between its neighbours.
func (v *verifier) links(ctx context.Context) error {
	err := v.archive.Spans(ctx, v.From, v.To, func(of Of, lo, hi uint64) error {
		k := v.run(of)
		k.looked, k.lo, k.hi = true, lo, hi
		return nil
	})
	if err != nil {
		return err
	}
	runs := make([]*known, 0, len(v.runs))
	for _, k := range v.runs {
		runs = append(runs, k)
	}
	slices.SortFunc(runs, func(a, b *known) int {
		return cmp.Or(a.begun.Compare(b.begun), cmp.Compare(a.of.Lane, b.of.Lane), slices.Compare(a.of.Run[:], b.of.Run[:]))
	})
	for _, k := range runs {
		if !k.looked && (!v.To.IsZero() && !k.begun.Before(v.To) || k.ended.Before(v.From)) {
			continue
		}
		if err := v.follow(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

// follow verifies a run from the checkpoint before what concerns us to the one after
// it.
func (v *verifier) follow(ctx context.Context, k *known) error {
	lo := uint64(math.MaxUint64)
	if k.looked {
		lo = k.lo
	}
	number, err := v.archive.Before(ctx, k.of, v.From, lo)
	if err != nil {
		return err
	}
	t := trail{v: v, k: k}
	if number > 0 {
		number-- // it is where the trail begins
		t.within = true
	}
	for !t.over {
		var page []Checkpoint
		err := v.archive.Checkpoints(ctx, k.of, number, pageLen, func(c *Checkpoint) error {
			page = append(page, *c)
			return nil
		})
		if err != nil {
			return err
		}
		if len(page) == 0 {
			t.end()
			return nil
		}
		number = page[len(page)-1].Number
		batches := t.checkpoints(page)
		if err := t.batches(ctx, batches); err != nil {
			return err
		}
	}
	return nil
}

// A trail is what is known at one place of a run.
type trail struct {
	v *verifier
	k *known
	// within says that the trail begins within the run, at a checkpoint that is not
	// the first that is kept.
	within bool
	prev   *Checkpoint
	over   bool // what follows does not concern us
}

func (t *trail) finding(verdict Verdict, detail string, args ...any) Finding {
	return Finding{Verdict: verdict, Lane: t.k.of.Lane, Run: t.k.of.Run.String(), Detail: fmt.Sprintf(detail, args...)}
}

func (t *trail) found(f Finding) { t.v.report.Add(f) }

// checkpoints verifies some, in order, and returns those whose entries are to be.
func (t *trail) checkpoints(page []Checkpoint) (batches []Checkpoint) {
	for i := range page {
		c := &page[i]
		t.v.report.Checkpoints++
		if t.prev != nil && *c == *t.prev {
			continue // sent twice
		}
		f := t.finding(CheckpointAltered, "")
		f.Checkpoint = c.Number
		if f.Detail = t.v.Keys.check(c); f.Detail != "" {
			if t.prev != nil && t.prev.Number == c.Number || i+1 < len(page) && page[i+1].Number == c.Number {
				f.Verdict = CheckpointInserted
			}
			t.found(f)
			continue
		}
		if t.prev != nil && t.prev.Number == c.Number {
			f.Verdict, f.Detail = CheckpointInserted, "there are two of this number, both signed"
			t.found(f)
			continue
		}
		t.arrive(c)
		t.prev = c
		t.k.signed = max(t.k.signed, c.Last)
		if c.At.After(t.v.horizon) {
			batches = append(batches, *c)
		}
		if !t.v.To.IsZero() && !c.At.Before(t.v.To) && c.First > t.k.hi {
			t.over = true
			break
		}
	}
	return batches
}

// arrive compares c with the checkpoint before it.
func (t *trail) arrive(c *Checkpoint) {
	switch prev := t.prev; {
	case prev == nil && c.Number == 1:
		if c.Before != genesis(c.Lane, c.Run) {
			t.found(t.finding(CheckpointAltered, "the run does not begin with its own hash"))
		}
	case prev == nil:
		if !t.within && c.At.After(t.v.horizon) && t.confirmed(c.First-1) {
			f := t.finding(CheckpointRemoved, "the run begins with this one")
			f.Checkpoint = c.Number
			t.found(f)
		}
	case c.Number == prev.Number+1:
		if c.Former != prev.Sum() || c.First != prev.Last+1 || c.Before != prev.Hash {
			f := t.finding(CheckpointAltered, "it does not follow from the one before it")
			f.Checkpoint = c.Number
			t.found(f)
		}
	default: // one that was on its way when the run broke off, or one that was there
		if c.First > prev.Last+1 {
			t.k.broken = append(t.k.broken, span{prev.Last + 1, c.First - 1})
		}
		if t.confirmed(prev.Last+1) && c.At.After(t.v.horizon) {
			f := t.finding(CheckpointRemoved, "%d are missing between it and checkpoint %d", c.Number-prev.Number-1, prev.Number)
			f.Checkpoint = c.Number
			t.found(f)
		}
	}
}

// confirmed reports whether an entry, or what adds it, must be there.
func (t *trail) confirmed(seq uint64) bool { return seq > 0 && seq <= t.k.confirmed }

// end is at the last checkpoint of the run.
func (t *trail) end() {
	last := uint64(0)
	if t.prev != nil {
		last = t.prev.Last
	}
	if t.k.confirmed > last && (t.prev == nil || t.prev.At.After(t.v.horizon)) {
		f := t.finding(CheckpointRemoved, "the run was stored up to entry %d, and its checkpoints end at %d", t.k.confirmed, last)
		t.found(f)
	}
	if t.k.hi > last {
		f := t.finding(EntryInserted, "no checkpoint adds the entries up to %d", t.k.hi)
		f.Seq = last + 1
		t.found(f)
	}
}
