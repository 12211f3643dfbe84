package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options say what to verify.
type Options struct {
	// From and To bound the times of the chains' events; zero leaves a side open.
	From, To time.Time
	Keys     Keys
	// Now is the time on the wall.
	Now time.Time
	// KeepRows and KeepEntries are how long each is kept, 0 for ever: rows from the
	// time of their event, entries and checkpoints from when they were written.
	KeepRows, KeepEntries time.Duration
	// Committed are the heads that the owners of lanes have committed to Kafka, by
	// lane. They confirm what no checkpoint does yet.
	Committed map[string]Head
}

// slack is how much earlier than it might something is taken for expired: tables
// drop what is old when they come to it, a day at a time.
const slack = 48 * time.Hour

// A verifier holds what is known during one Verify.
type verifier struct {
	Options
	archive Archive
	report  *Report
	// horizon is before when the ledger may have been dropped in parts.
	horizon time.Time
	// began is before when nothing was entered; zero if that is not known.
	began time.Time
	runs  map[Of]*known
	// leaning are rows that only unconfirmed entries vouch for.
	leaning []leaning
}

// known is what is known of one run.
type known struct {
	of        Of
	confirmed uint64 // entries up to it have their rows
	// stated are heads of the run that others stated, in checkpoints or commits.
	stated []Head
	// begun and ended are when the first and the last checkpoint were written.
	begun, ended time.Time
	// looked says that entries of it, from lo to hi, are of chains that are verified.
	looked bool
	lo, hi uint64
	// signed is the highest entry that a checkpoint adds.
	signed uint64
	// broken are entries in batches that are not whole, which prove nothing.
	broken []span
}

type span struct{ first, last uint64 }

// Verify compares rows, entries and checkpoints with each other. Whence may go on
// writing meanwhile. An error means that they could not be read; what is wrong with
// them is in the report.
func Verify(ctx context.Context, a Archive, o Options) (*Report, error) {
	v := &verifier{
		Options: o, archive: a, report: &Report{From: o.From, To: o.To, Findings: []Finding{}},
		runs: map[Of]*known{},
	}
	if len(o.Keys) == 0 {
		return nil, errors.New("no public key is given to check signatures with")
	}
	if o.KeepEntries > 0 {
		v.horizon = o.Now.Add(slack - o.KeepEntries)
	}
	if o.KeepRows > 0 {
		// What is about to be dropped is not looked at.
		if from := o.Now.Add(time.Hour - o.KeepRows); v.From.Before(from) {
			v.From = from
		}
	}
	// The order matters while whence writes. What is confirmed before rows are read is
	// there; what vouches for a row was there before it, so it is read after it.
	if err := v.ends(ctx); err != nil {
		return nil, fmt.Errorf("read the ends of runs: %w", err)
	}
	if err := v.rows(ctx); err != nil {
		return nil, fmt.Errorf("compare rows with entries: %w", err)
	}
	if err := v.links(ctx); err != nil {
		return nil, fmt.Errorf("follow the entries: %w", err)
	}
	v.lean()
	if len(v.runs) == 0 && v.report.Rows > 0 {
		v.report.Add(Finding{Verdict: LedgerMissing, Detail: "there are rows, and nothing was entered for any"})
	}
	return v.report, nil
}

// ends finds out what is confirmed of each run.
func (v *verifier) ends(ctx context.Context) error {
	var after []Checkpoint
	err := v.archive.Ends(ctx, func(first, last *Checkpoint) error {
		of := Of{last.Lane, last.Run}
		k := v.run(of)
		if v.began.IsZero() || first.At.Before(v.began) {
			v.began = first.At
		}
		k.begun, k.ended = first.At, last.At
		if v.Keys.check(last) == "" {
			k.confirmed = max(k.confirmed, last.Stored)
		} // or links finds it
		if first.Number == 1 && v.Keys.check(first) == "" {
			if first.After.IsZero() {
				v.report.Unlinked++
			} else {
				after = append(after, *first)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	v.report.Runs = int64(len(v.runs))
	for i := range after {
		v.confirm(after[i].Lane, after[i].After, fmt.Sprintf("run %s began after its entry %d", after[i].Run, after[i].After.Seq))
	}
	for lane, h := range v.Committed {
		if !h.IsZero() {
			v.confirm(lane, h, fmt.Sprintf("the offset committed to Kafka is that of its entry %d", h.Seq))
		}
	}
	switch {
	case len(v.runs) == 0:
		v.began = v.Now.AddDate(1000, 0, 0) // it has not
	case !v.began.After(v.horizon):
		v.began = time.Time{} // what was before may have expired
	}
	return nil
}

// confirm takes note that somebody found h committed.
func (v *verifier) confirm(lane string, h Head, who string) {
	k := v.runs[Of{lane, h.Run}]
	if k == nil {
		if h.At.After(v.horizon) {
			v.report.Add(Finding{Verdict: RunRemoved, Lane: lane, Run: h.Run.String(), Seq: h.Seq, Detail: "the run is not in the ledger, and " + who})
		}
		return
	}
	k.confirmed = max(k.confirmed, h.Seq)
	k.stated = append(k.stated, h)
}

func (v *verifier) run(of Of) *known {
	k := v.runs[of]
	if k == nil {
		k = &known{of: of}
		v.runs[of] = k
	}
	return k
}
