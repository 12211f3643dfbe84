package correlate

import "time"

// When a walk can be used again, and for which events.

// lasting reports whether nothing in c is of its own event: the walk ended at
// somebody for certain, went by the credential that the event acted with, and
// every hop and candidate is told by another line.
func (w *Walker) lasting(c *Chain) bool {
	if c.Status != Attributed && c.Status != Automated || c.Proof <= Claimed || len(c.Approvers) > 0 || w.unlisted || c.EventID == "" {
		return false
	}
	if key := c.Key(); key.IsZero() || c.Hops[0].Key != key {
		return false
	}
	for i := range c.Hops {
		if c.Hops[i].EventID == c.EventID {
			return false
		}
	}
	// Of candidates that are the same principal one is shown, and its event's id
	// decides which: where the event itself names somebody, another event with the
	// same links could show its own.
	for i := range c.Uses {
		if len(c.Candidates) > 0 && c.Uses[i].Key.IsZero() {
			return false
		}
	}
	return true
}

// vain reports whether nothing at all is known of any key that the walk of c looked at.
// Then c follows from the links, but for the executor, whom the line alone tells of.
// Sessions of which nothing is known act as often as others do, and what they did is
// walked twice: again when it settles.
func (w *Walker) vain(c *Chain) bool {
	if !w.missed || c.Status != Unattributed || len(c.Hops) != 1 || c.Hops[0].Key.IsZero() || c.Hops[0].Key != c.Key() ||
		len(c.Candidates)+len(c.Approvers)+len(w.asked) > 0 || w.unlisted {
		return false
	}
	for i := range c.Uses {
		if c.Uses[i].Key.IsZero() {
			return false
		}
	}
	for i := range w.spots.list {
		if p := &w.spots.list[i]; len(p.facts)+len(p.all)+p.over > 0 || p.part != 0 {
			return false
		}
	}
	return true
}

// forever is later than anything that is logged.
var forever = time.Unix(1<<36, 0)

// holds returns for which times of the event the walk would have gone alike, as far
// as is known: up to the first time after the event's that it compared with it. A
// walk that came by endings and approvals is not kept: they compare in other ways.
func (w *Walker) holds() (from, until time.Time, ok bool) {
	at := w.event.Time
	from, until = at, forever
	turn := func(t time.Time) {
		if t.After(at) && t.Before(until) {
			until = t
		} else if t.Equal(at) {
			until = at // at the very turn: it holds for no event
		}
	}
	for i := range w.event.Uses {
		turn(w.event.Uses[i].At)
	}
	for i := range w.asked {
		if e := w.asked[i].entry; e != nil && !e.Until.IsZero() {
			turn(e.Until.Add(leftAfter))
		}
	}
	for i := range w.spots.list {
		p := &w.spots.list[i]
		if !p.looked {
			continue
		}
		life := w.kind(p.key.Kind).Life
		for j := range p.facts {
			if k := p.facts[j].Kind; k != Account && k != Binding {
				return at, at, false
			}
		}
		if !p.read {
			continue // all of it is among those of the spot that was read
		}
		if p.part != 0 && !p.until.IsZero() && p.at.Equal(at) {
			turn(p.until) // of what the index left out
		}
		for j := range p.all {
			f := &p.all[j]
			if f.Kind != Account && f.Kind != Binding {
				return at, at, false
			}
			// Every time that matters, state and live compare with the event's: see there.
			if life > 0 {
				turn(f.Time.Add(life))
				turn(f.Start.Add(-life))
			}
			// A key that is looked at for one moment twice is one spot, and two for
			// two moments: cycles are told by that.
			turn(f.Start)
			for k := range f.Parents {
				turn(f.Parents[k].At)
			}
			turn(f.Start.Add(-EarlySkew))
			turn(f.Start.Add(-Skew))
			if !f.End.IsZero() {
				turn(f.End.Add(Skew))
			}
		}
	}
	return from, until, until.After(at)
}
