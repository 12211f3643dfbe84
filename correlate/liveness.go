package correlate

import (
	"bytes"
	"cmp"
	"time"
)

// bestAccount is the account that speaks for a session: the best established,
// then the earliest, then the one of the lowest origin.
func bestAccount(facts []Fact) *Fact {
	var best *Fact
	for i := range facts {
		f := &facts[i]
		if f.Kind == Account && (best == nil || speaksFor(f, best)) {
			best = f
		}
	}
	return best
}

func speaksFor(f, best *Fact) bool {
	if f.Proof != best.Proof {
		return f.Proof > best.Proof
	}
	if c := f.Time.Compare(best.Time); c != 0 {
		return c < 0
	}
	return bytes.Compare(f.Origin[:], best.Origin[:]) < 0
}

// state says why a key should not have worked at a time, or "".
func state(facts []Fact, best *Fact, at time.Time, early time.Duration) string {
	start, end := best.Start, time.Time{}
	for i := range facts {
		if f := &facts[i]; f.Kind == Account && f.Proof == best.Proof {
			if f.Start.Before(start) {
				start = f.Start
			}
			if f.End.After(end) {
				end = f.End
			}
		}
	}
	switch e := ended(facts, at.Add(-Skew)); {
	case e != nil:
		return cmp.Or(e.Reason, "ended")
	case start.After(at.Add(early)) && !best.Standing:
		// A standing key may be older than the first line that tells of it: one
		// that was activated again and whose creation was never seen.
		return "early"
	case !end.IsZero() && end.Before(at.Add(-Skew)):
		return "expired"
	}
	return ""
}

// ended returns the first ending before a time, unless the key was taken into
// use again after it and by then (a deactivated key that was activated).
func ended(facts []Fact, by time.Time) *Fact {
	var last *Fact
	for i := range facts {
		f := &facts[i]
		if f.Kind == Ending && f.Start.Before(by) && (last == nil || f.Start.After(last.Start)) {
			last = f
		}
	}
	if last == nil {
		return nil
	}
	for i := range facts {
		if f := &facts[i]; f.Kind == Account && f.Start.After(last.Start) && !f.Start.After(by.Add(Skew)) {
			return nil
		}
	}
	return last
}
