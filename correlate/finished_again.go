package correlate

import "math"

// again makes c the chain of e if a walk from the same start is there and holds.
func (w *Walker) again(e *Event, c *Chain) (start, bool) {
	s, f := w.begun(e)
	at, ok := nanosOf(e.Time)
	if !ok {
		return s, false
	}
	if !w.holdsNow(f, at) {
		// It was looked for before the events ahead of e, one of which may just have
		// been walked from here.
		if f = w.Finished.find(s); !w.holdsNow(f, at) {
			return s, false
		}
	}
	c.Event = *e
	c.Rank, c.Version, c.Settled, c.Status, c.Proof = f.rank, 0, false, f.status(), f.proof
	c.Approvers = nil
	f.giveTo(c, w.Finished, &w.mem)
	if k := &c.Hops[0].Key; *k != e.Key() {
		return s, false // two starts have one hash
	}
	w.Finished.foundAgain(s)
	if f.vain {
		c.Hops[0] = w.stated(e.Key()) // of this line, and so is its digest
		return s, true
	}
	w.reused++
	w.sealing, w.found = c, f.found
	return s, true
}

func (w *Walker) holdsNow(f *finished, at int64) bool {
	return f != nil && f.holdsAt(at) && w.stamper.Holds(f.stamped())
}

// finish keeps the walk of c for the next event that starts there, if it can be.
func (w *Walker) finish(s start, c *Chain) {
	vain := w.vain(c)
	if !vain && !w.lasting(c) {
		return
	}
	i := w.Finished.place(s)
	if i < 0 {
		return
	}
	from, until, ok := w.holds()
	if !ok {
		return
	}
	head := finished{start: s, found: c.found(), rank: c.Rank, proof: c.Proof, automated: c.Status == Automated, vain: vain}
	if head.from, ok = nanosOf(from); !ok {
		return
	}
	if head.until, ok = nanosOf(until); !ok {
		head.until = math.MaxInt64
	}
	w.keeper.reset()
	for i := range w.spots.list {
		if p := &w.spots.list[i]; p.read {
			w.keeper.rest.stamps = append(w.keeper.rest.stamps, p.stamp)
		}
	}
	if w.keeper.chain(c, &head) {
		if f := newFinished(head, &w.keeper.rest); f != nil {
			w.Finished.keep(i, f)
		}
	}
	w.sealing, w.found = c, head.found
}
