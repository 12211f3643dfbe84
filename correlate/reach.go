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

// place is a key to be looked at for a time.
type place struct {
	key Key
	at  time.Time
}

// reach counts the distinct facts reachable from the event over every account of
// every key, chosen or not: the chain's rank. See docs/DESIGN.md section 2.
func (w *Walker) reach() {
	w.reachLinks(w.event.Uses, w.event.Time)
	for step := 0; step < maxReach && len(w.next) > 0; step++ {
		w.here, w.next = w.next, w.here[:0]
		for _, p := range w.here {
			w.walked = append(w.walked, p.key)
			facts := w.session(p.key, p.at).Facts
			w.rank += len(facts)
			for i := range facts {
				switch f := &facts[i]; f.Kind {
				case Account:
					w.reachLinks(f.Parents, f.Start)
				case Binding:
					w.reachKey(f.Target, p.at)
				}
			}
		}
	}
	if len(w.walked) > 1 {
		slices.SortFunc(w.walked, Key.Compare)
		n := len(w.walked)
		if w.walked = slices.Compact(w.walked); len(w.walked) < n {
			w.rank = w.distinct()
		}
	}
}

func (w *Walker) reachLinks(ls []Link, at time.Time) {
	for i := range ls {
		w.reachKey(ls[i].Key, ls[i].when(at))
	}
}

func (w *Walker) reachKey(k Key, at time.Time) {
	if k.IsZero() {
		return
	}
	v := visit{k, at.UnixNano()}
	if w.visited.get(v) == nil {
		w.visited.put(v, struct{}{})
		w.next = append(w.next, place{k, at})
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
	for i := range w.sessions.keys {
		s := w.sessions.values[i].Facts
		for j := range s {
			facts[counted{s[j].Kind, s[j].Key, s[j].Target, s[j].Origin}] = struct{}{}
		}
	}
	return len(facts)
}
