package pipeline

import (
	"context"

	"whence/correlate/ledger"
	"whence/sinks"
)

// The ledger's side of a repair. Each is a run of its own, after the last one that
// committed.

func (r *Repair) openLedger(after ledger.Head) {
	if r.signer != nil {
		r.ledger = r.signer.Open(repairLane, after, r.clock.Now)
	}
}

// write stores what a repair found, and enters it.
func (r *Repair) write(ctx context.Context, out *sinks.Output) error {
	out.Ledger = r.ledger
	if err := r.sink.Write(ctx, out); err != nil {
		return err
	}
	if r.ledger != nil {
		r.ledger.Store(r.ledger.Seq())
	}
	return nil
}

// head is what to commit with the place of a repair.
func (r *Repair) head(late *lateSpan) ledger.Head {
	if r.ledger == nil {
		return late.after
	}
	return r.ledger.Head()
}

// closeLedger states that all of the repair is stored, and commits where it ended.
func (r *Repair) closeLedger(ctx context.Context, late *lateSpan) error {
	if r.ledger == nil || !r.ledger.Owes() {
		return nil
	}
	if err := r.write(ctx, &sinks.Output{}); err != nil {
		return err
	}
	return r.commit(ctx, late)
}
