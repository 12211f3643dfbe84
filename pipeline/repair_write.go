package pipeline

import (
	"context"

	"whence/sinks"
)

// write stores what a repair found, enters it and tells others. What there is to
// repair the archive says, so it gets last what it is asked by, and a repair that
// broke off is done again, to the end: chains that are stored already, and alerts
// that are closed already, are passed over, though nobody may have been told.
//
// Alerts that come with chains are stored first. Were one announced and not stored,
// and the chain known better when it is repaired again, nobody would close it.
func (r *Repair) write(ctx context.Context, out *sinks.Output) error {
	if len(out.Chains) > 0 && len(out.Alerts) > 0 {
		if err := r.sink.Write(ctx, &sinks.Output{Alerts: out.Alerts}); err != nil {
			return err
		}
	}
	if r.announce != nil && out.Len() > 0 {
		if err := r.announce.Write(ctx, &sinks.Output{Chains: out.Chains, Alerts: out.Alerts}); err != nil {
			return err
		}
	}
	last := sinks.Output{Chains: out.Chains, Ledger: r.ledger}
	if len(out.Chains) == 0 {
		last.Alerts = out.Alerts
	}
	if err := r.sink.Write(ctx, &last); err != nil {
		r.ledger = nil // nobody knows how much of it is there: what is written again is another run's
		return err
	}
	if r.ledger != nil {
		r.ledger.Store(r.ledger.Seq())
	}
	return nil
}
