package correlate

import (
	"slices"
	"time"
)

// maxReach is how many steps from the event facts are counted: more than any walk
// takes, each of whose hops is a name and a key at most. It keeps a chain of
// thousands of sessions, each asked for with the one before, from costing as much
// for every action. A new fact can only make ways shorter, so what was within
// reach stays within reach, but for what a name leads to that is over: see rank.
const maxReach = 3 * maxHops

// reach counts what is reachable from the event over every account of every key,
// chosen or not, for the chain's rank: facts, and, apart from these, by the number of
// names on the way, the lines that told of the end of what carried a name.
//
// It goes by as few names as it can first: a spot has the level of the way with the
// fewest. One that comes in fewer steps by a further name is gone on from again.
func (w *Walker) reach() {
	w.reachLinks(w.event.Uses, w.event.Time, 0, 0)
	for level := int16(0); len(w.queue) > 0; level++ {
		for i := 0; i < len(w.queue); i++ { // it grows
			w.reachFrom(int(w.queue[i]), level)
		}
		w.queue, w.beyond = w.beyond, w.queue[:0]
	}
	var k knowledge
	for i := range w.spots.list {
		p := &w.spots.list[i]
		w.walked = append(w.walked, p.key)
		k.facts += len(p.facts)
		if p.over > 0 {
			k.tell(int(p.level), p.over)
		}
	}
	if n := len(w.spots.list); n > 1 {
		slices.SortFunc(w.walked, Key.Compare)
		if w.walked = slices.Compact(w.walked); len(w.walked) < n {
			k.facts = w.distinct()
		}
	}
	w.rank = k.rank()
}

func (w *Walker) reachFrom(n int, level int16) {
	facts, step, at := w.factsOf(n), w.spots.list[n].step, w.spots.list[n].at
	for i := range facts {
		switch f := &facts[i]; f.Kind {
		case Account:
			w.reachLinks(f.Parents, f.Start, level, step)
		case Binding:
			if f.Target.IsZero() {
				continue
			}
			if n, further := w.comeBy(f.Target, at, level+1, step); further {
				w.beyond = append(w.beyond, n)
			}
		}
	}
}

func (w *Walker) reachLinks(ls []Link, at time.Time, level, step int16) {
	for i := range ls {
		l := &ls[i]
		if l.Key.IsZero() {
			continue
		}
		if n, further := w.comeBy(l.Key, l.when(at), level, step); further {
			w.queue = append(w.queue, n)
		}
	}
}

// comeBy takes one more step, to k, and reports whether there is anything to go on
// for: k is new, or comes in fewer steps than before.
func (w *Walker) comeBy(k Key, at time.Time, level, step int16) (n int32, further bool) {
	if step >= maxReach {
		return 0, false
	}
	i, isNew := w.spots.find(k, at)
	p := &w.spots.list[i]
	if isNew {
		p.level = level
	} else if p.step <= step+1 {
		return 0, false
	}
	p.step = step + 1
	return int32(i), true
}

// distinct counts the facts of all visits anew: a key that was looked at for two
// times has most of its facts in both.
func (w *Walker) distinct() int {
	type counted struct {
		kind        FactKind
		key, target Key
		origin      ID
	}
	facts := map[counted]struct{}{}
	for i := range w.spots.list {
		s := w.spots.list[i].facts
		for j := range s {
			facts[counted{s[j].Kind, s[j].Key, s[j].Target, s[j].Origin}] = struct{}{}
		}
	}
	return len(facts)
}
