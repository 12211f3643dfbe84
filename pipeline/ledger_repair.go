package pipeline

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"whence/correlate/ledger"
	"whence/sinks"
)

// The ledger's side of a repair. Each is a run of its own, after the last one that
// committed, and so is what an instance repairs while it runs. Runs of several
// instances stand beside each other: what one of them did not come to, another does.

func (r *Repair) openLedger(after ledger.Head) {
	if r.signer != nil {
		r.ledger = r.signer.Open(repairLane, after, r.clock.Now)
	}
}

// head is what to commit with the place of a repair.
func (r *Repair) head(late *lateSpan) ledger.Head {
	if r.ledger == nil {
		return late.after
	}
	return r.ledger.Head()
}

// keepLedger opens a run if there is none, and states what is stored, after a while.
func (r *repairing) keepLedger(ctx context.Context) error {
	switch {
	case r.signer == nil:
	case r.ledger == nil:
		committed, err := fetchCommitted(ctx, kadm.NewClient(r.client), r.group())
		if err != nil {
			return err
		}
		r.openLedger(repairHead(committed))
	case r.ledger.Owes() && r.clock.Now().Sub(r.ledger.Head().At) >= attestEvery:
		return r.write(ctx, &sinks.Output{})
	}
	return nil
}

// endLedger states what is stored when nobody waits for it: without it, that is not
// confirmed before the next run begins.
func (r *repairing) endLedger(ctx context.Context) {
	if r.ledger == nil || !r.ledger.Owes() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endLimit)
	defer cancel()
	if err := r.write(ctx, &sinks.Output{}); err != nil {
		r.log.Warn("what was repaired last is stored, and the ledger could not say so", "err", err)
	}
}

// endLimit bounds the last write of a repair.
const endLimit = 5 * time.Second

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
