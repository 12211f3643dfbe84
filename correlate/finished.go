package correlate

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// Finished keeps walks that have ended at somebody, for the next event that starts
// where they did: most events of a session are walked alike, and a walk costs ten
// times what it takes to find it here (BenchmarkFinished). It forgets whatever it
// must to stay within its bytes. It is safe for concurrent use.
//
// A walk is used again only if walking would find the same: it started from the same
// links, nothing became known of any key it looked at since before it did (Stamper),
// and no time that the walk compares with that of the event lies between the two
// events. TestFinished and the simulation compare it with walking.
type Finished struct {
	seed, check maphash.Seed
	// Slots come in sets of ways; a walk may be in any of its set. tags has a few bits
	// of what is in each slot, so that only the right one is looked into.
	slots []atomic.Pointer[finished]
	tags  []atomic.Uint32
	// seen has the tag of the walk that found its set full last: what is there makes
	// room only for one that comes twice in a row, so that sessions seen once do not
	// wash out the rest.
	seen  []atomic.Uint32
	eager bool // keep all, for tests
}

// ways is how many slots a set has: with one, two sessions in three would share theirs
// with another when as many are live as there are slots.
const ways = 4

// A Stamper is an Index that can tell whether anything became known of a key. If
// Stamp(k) was the same before a look-up as it is now, that look-up would give the
// same again, but for what was swept.
type Stamper interface {
	Stamp(k Key) uint32
}

// A finished walk. It does not change.
type finished struct {
	check uint64 // a second hash of what it started from
	// It holds for events from this time on, and before that one. It is not for
	// earlier events, for which the index may know more than it told.
	from, until time.Time
	rank        uint32
	status      Status
	proof       Proof
	// packed are the rest of the chain and the stamps: see pack. One piece without
	// pointers costs the collector nothing.
	packed []byte
}

// finishedBytes is what a finished walk takes, all in, on real chains of 2-4 hops.
const finishedBytes = 1200

// NewFinished returns one of about so many bytes, or nil for none.
func NewFinished(bytes int) *Finished {
	sets := 1
	for 2*sets*ways*finishedBytes <= bytes {
		sets *= 2
	}
	if bytes < ways*finishedBytes {
		return nil
	}
	return &Finished{
		seed: maphash.MakeSeed(), check: maphash.MakeSeed(),
		slots: make([]atomic.Pointer[finished], sets*ways), tags: make([]atomic.Uint32, sets*ways), seen: make([]atomic.Uint32, sets),
	}
}

// start is where a walk starts: the place of its slot, and what tells it from
// others there. The two hashes have keys of their own that nobody outside knows, so
// that nobody can make a session that is taken for another.
type start struct {
	slot, check uint64
}

func (f *Finished) start(links []byte) start {
	return start{maphash.Bytes(f.seed, links), maphash.Bytes(f.check, links)}
}

func (s start) tag() uint32 { return uint32(s.slot>>32) | 1 }

func (f *Finished) set(s start) int { return int(s.slot & uint64(len(f.seen)-1)) }

// find returns the walk that started there and holds at a time, or nil. A tag and its
// slot change one after the other: whoever reads in between finds another walk in the
// slot, which its check tells.
func (f *Finished) find(s start, at time.Time) *finished {
	base, tag := f.set(s)*ways, s.tag()
	for i := base; i < base+ways; i++ {
		if f.tags[i].Load() != tag {
			continue
		}
		if w := f.slots[i].Load(); w != nil && w.check == s.check && !at.Before(w.from) && at.Before(w.until) {
			return w
		}
	}
	return nil
}

// place is the slot for a walk that started there, or -1 if it is not worth one.
func (f *Finished) place(s start) int {
	set, tag := f.set(s), s.tag()
	free := -1
	for i := set * ways; i < set*ways+ways; i++ {
		switch f.tags[i].Load() {
		case tag:
			return i
		case 0:
			free = i
		}
	}
	switch {
	case free >= 0:
		return free
	case f.seen[set].Swap(tag) == tag || f.eager:
		return set*ways + int(tag>>1)%ways
	}
	return -1
}

func (f *Finished) keep(i int, s start, w *finished) {
	w.check = s.check
	f.slots[i].Store(w)
	f.tags[i].Store(s.tag())
}

// again makes c the chain of e if a walk from the same start is there and holds.
func (w *Walker) again(e *Event, c *Chain) (start, bool) {
	w.room = appendLinks(w.room[:0], e.Uses)
	s := w.Finished.start(w.room)
	f := w.Finished.find(s, e.Time)
	if f == nil {
		return s, false
	}
	u := unpacker{text: f.packed}
	for range u.count() {
		if k := u.key(); w.stamper.Stamp(k) != u.stamp() {
			return s, false
		}
	}
	w.reused++
	*c = Chain{Event: *e, Rank: f.rank, Status: f.status, Proof: f.proof}
	u.principal(&c.Requestor, w)
	c.Hops = w.mem.hops.Make(u.count())
	for i := range c.Hops {
		u.hop(&c.Hops[i], w)
	}
	c.Candidates = w.mem.candidates.Make(u.count())
	for i := range c.Candidates {
		u.candidate(&c.Candidates[i], w)
	}
	c.Walked, c.Waits = u.keys(w), u.keys(w)
	return s, true
}

// finish keeps the walk of c for the next event that starts there, if it can be.
func (w *Walker) finish(s start, c *Chain) {
	if !w.lasting(c) {
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
	w.room = w.pack(w.room[:0], c)
	w.Finished.keep(i, s, &finished{
		from: from, until: until, rank: c.Rank, status: c.Status, proof: c.Proof,
		packed: append(make([]byte, 0, len(w.room)), w.room...),
	})
}

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
