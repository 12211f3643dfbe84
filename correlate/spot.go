package correlate

import (
	"fmt"
	"time"
)

// A spot is one key looked at for one time, and what came of it.
type spot struct {
	key   Key
	at    time.Time
	nanos int64  // at
	sum   uint32 // of key, to tell most of them apart at a glance

	looked bool   // facts is set
	facts  []Fact // those that matter at that time
	read   bool   // the index was asked for this spot, and all are its answer
	all    []Fact
	stamp  Stamp // of the key, from before it was asked

	// Of a name: how many lines told the end of something that carried it, and what
	// the index said of those it left out.
	over  int
	part  uint64
	until time.Time

	under bool     // being walked: to come here again is a cycle
	way   *outcome // what the key leads to, once walked

	step  int16 // from the event, plus one
	level int16 // names on the way to it, at least
}

// visit is what tells spots apart.
type visit struct {
	key Key
	at  int64 // unix nanoseconds
}

// spots are those of one walk, nearly always a handful: comparing them one after the
// other costs less than hashing. From fewSpots on maps stand beside, so that a name
// that thousands of sessions carry does not cost their square.
type spots struct {
	list  []spot
	at    map[visit]int
	reads map[Key]int // the spot at which a key was read for the earliest time
}

const (
	fewSpots = 16
	// mostSpots is what is kept room for between walks.
	mostSpots = 1024
)

// find returns the number of the spot of k at a time, and whether it is new.
func (s *spots) find(k Key, at time.Time) (n int, isNew bool) {
	nanos, sum := at.UnixNano(), k.sum()
	if len(s.list) > fewSpots {
		v := visit{k, nanos}
		if n, ok := s.at[v]; ok {
			return n, false
		}
		s.at[v] = len(s.list)
	} else {
		for i := range s.list {
			if p := &s.list[i]; p.sum == sum && p.nanos == nanos && p.key == k {
				return i, false
			}
		}
	}
	s.list = append(s.list, spot{key: k, at: at, nanos: nanos, sum: sum})
	if len(s.list) == fewSpots+1 {
		s.index()
	}
	return len(s.list) - 1, true
}

func (s *spots) index() {
	s.at, s.reads = map[visit]int{}, map[Key]int{}
	for i := range s.list {
		p := &s.list[i]
		s.at[visit{p.key, p.nanos}] = i
		if j, ok := s.reads[p.key]; p.read && (!ok || p.at.Before(s.list[j].at)) {
			s.reads[p.key] = i
		}
	}
}

// earliest returns the spot at which k was read for the earliest time, or nil.
func (s *spots) earliest(k Key, sum uint32) *spot {
	if len(s.list) > fewSpots {
		if i, ok := s.reads[k]; ok {
			return &s.list[i]
		}
		return nil
	}
	var first *spot
	for i := range s.list {
		if p := &s.list[i]; p.read && p.sum == sum && p.key == k && (first == nil || p.at.Before(first.at)) {
			first = p
		}
	}
	return first
}

func (s *spots) wasRead(n int, facts []Fact) {
	p := &s.list[n]
	p.read, p.all = true, facts
	if len(s.list) > fewSpots {
		s.reads[p.key] = n
	}
}

func (s *spots) reset() {
	if len(s.list) > mostSpots {
		s.list = nil
	}
	s.list = s.list[:0]
}

// sum is a hash of a few bytes of k. Values differ at their end if at all.
func (k *Key) sum() uint32 {
	h := uint32(len(k.Value))<<8 + uint32(len(k.Kind))
	for i := len(k.Value) - 1; i >= 0 && i >= len(k.Value)-6; i-- {
		h = h*31 + uint32(k.Value[i])
	}
	return h
}

// facts are those about k that matter at a time: see factsOf.
func (w *Walker) facts(k Key, at time.Time) []Fact {
	n, _ := w.spots.find(k, at)
	return w.factsOf(n)
}

// factsOf looks up the key of a spot, leaving out what is older than the kind's
// longest life, and bindings that are over.
func (w *Walker) factsOf(n int) []Fact {
	p := &w.spots.list[n]
	if p.looked {
		return p.facts
	}
	all := w.known(n)
	p = &w.spots.list[n]
	p.looked, p.facts = true, all
	life := w.kind(p.key.Kind).Life
	for i := range all {
		if w.matters(&all[i], life, p.at) && !(all[i].Kind == Binding && isOver(all, i, p.at)) {
			continue
		}
		p.over += endsAt(&all[i], life, p.at)
		kept := w.mem.Facts.Append(nil, all[:i]...)
		for j := i + 1; j < len(all); j++ {
			if w.matters(&all[j], life, p.at) && !isOver(all, j, p.at) {
				kept = w.mem.Facts.Append(kept, all[j])
			} else {
				p.over += endsAt(&all[j], life, p.at)
			}
		}
		p.facts = kept
		break
	}
	return p.facts
}

// known reads a key from the index once for a walk, or again when it is asked about
// an earlier time, of which the first answer may have left facts out.
//
// A chain must be built from the very facts that its rank counts. Were a key read
// for each visit, a fact could land between two of them: the walk, which went by
// the first, would lack it, while rank counted it by the second. A later walk that
// knows it has the same rank then, and the hash would decide which row stays. So a
// second read that shows anything new within the reach of the first tears the walk,
// and it begins anew.
//
// A name of which the index leaves out what is over is read for each time, and two
// reads must be of the same state of it.
func (w *Walker) known(n int) []Fact {
	p := &w.spots.list[n]
	old := w.spots.earliest(p.key, p.sum)
	if old != nil && old.part == 0 && !p.at.Before(old.at) {
		return old.all
	}
	s, err := w.look(p)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("look up a key of kind %s: %w", p.key.Kind, err)
	}
	switch {
	case old == nil:
	case old.part != 0 || p.part != 0:
		w.torn = w.torn || old.part != p.part
	default:
		floor := old.at.Add(-w.kind(p.key.Kind).Life)
		w.torn = w.torn || since(s.Facts, floor) != since(old.all, floor)
	}
	w.spots.wasRead(n, s.Facts)
	return s.Facts
}

// look asks the index for the key of a spot, and for its stamp before.
func (w *Walker) look(p *spot) (s Session, err error) {
	if w.foreseer != nil && w.foreseen >= 0 {
		var ok bool
		if s, p.stamp, ok = w.foreseer.Look(w.foreseen, p.key, p.at, &w.mem); ok {
			return s, nil
		}
	}
	if w.stamper != nil {
		p.stamp = w.stamper.Stamp(p.key)
	}
	if w.naming != nil && w.kind(p.key.Kind).Alias {
		named, err := w.naming.LookupName(w.ctx, p.key, p.at, &w.mem)
		p.over, p.part, p.until = named.Over, named.Part, named.Until
		return Session{Key: p.key, Facts: named.Facts}, err
	}
	if w.lend != nil {
		return w.lend.LookupIn(w.ctx, p.key, p.at, &w.mem)
	}
	return w.Index.Lookup(w.ctx, p.key, p.at)
}

// since counts the facts that are not older than floor.
func since(facts []Fact, floor time.Time) int {
	n := 0
	for i := range facts {
		if !facts[i].Time.Before(floor) {
			n++
		}
	}
	return n
}

// matters filters facts on immutable values only: what a fact says itself. No
// later fact can bring back what it leaves out, which is what lets rank grow
// and never shrink. life is that of the fact's kind of key.
func (w *Walker) matters(f *Fact, life time.Duration, at time.Time) bool {
	if f.tooOld(life, at) {
		return false
	}
	switch f.Kind {
	case Account:
		// A key that is issued more than a life later is not the one that was used.
		return f.Standing || life == 0 || !f.Start.After(at.Add(life))
	case Binding:
		return !f.Start.After(at.Add(Skew)) && (f.End.IsZero() || !f.End.Before(at.Add(-Skew)))
	case Ending:
		return !f.Start.After(at)
	case Approval:
		return !f.Start.After(w.event.Time)
	}
	return true
}
