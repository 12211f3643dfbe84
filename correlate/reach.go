package correlate

import (
	"slices"
	"time"
)

// maxReach is how many steps from the event facts are counted: more than any walk
// takes, each of whose hops is a name and a key at most. It keeps a chain of
// thousands of sessions, each asked for with the one before, from costing as much
// for every action. A new fact can only make ways shorter, so what was within
// reach stays within reach.
const maxReach = 3 * maxHops

// reach counts the distinct facts reachable from the event over every account of
// every key, chosen or not: the chain's rank. See docs/DESIGN.md section 2. Spots
// are found step by step, so those of one step follow those of the step before.
func (w *Walker) reach() {
	w.reachLinks(w.event.Uses, w.event.Time)
	n := 0
	for step := 0; step < maxReach && n < len(w.spots.list); step++ {
		for end := len(w.spots.list); n < end; n++ {
			w.reachFrom(n)
		}
	}
	if w.reached = n; n > 1 {
		slices.SortFunc(w.walked, Key.Compare)
		if w.walked = slices.Compact(w.walked); len(w.walked) < n {
			w.rank = w.distinct()
		}
	}
}

func (w *Walker) reachFrom(n int) {
	facts := w.factsOf(n)
	w.walked = append(w.walked, w.spots.list[n].key)
	w.rank += len(facts)
	for i := range facts {
		switch f := &facts[i]; f.Kind {
		case Account:
			w.reachLinks(f.Parents, f.Start)
		case Binding:
			if !f.Target.IsZero() {
				w.spots.find(f.Target, w.spots.list[n].at)
			}
		}
	}
}

func (w *Walker) reachLinks(ls []Link, at time.Time) {
	for i := range ls {
		if l := &ls[i]; !l.Key.IsZero() {
			w.spots.find(l.Key, l.when(at))
		}
	}
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
	for i := range w.spots.list[:w.reached] {
		s := w.spots.list[i].facts
		for j := range s {
			facts[counted{s[j].Kind, s[j].Key, s[j].Target, s[j].Origin}] = struct{}{}
		}
	}
	return len(facts)
}
