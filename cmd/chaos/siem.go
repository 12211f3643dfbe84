package main

import (
	"slices"

	"whence/correlate"
)

// A mismatch is what a group's topics come to say otherwise than its database.
type mismatch struct {
	chains []correlate.ID // in order
	alerts []correlate.ID // open in one only, or another version of it
	wrong  int            // records that contradict another
}

func (m mismatch) count() int { return len(m.chains) + len(m.alerts) + m.wrong }

// match holds what was announced against what is stored.
func match(stored *contents, alerts map[correlate.ID]openAlert, a *announced) mismatch {
	m := mismatch{wrong: a.wrong}
	for id, s := range stored.chains {
		if got, ok := a.chains[id]; !ok || got != (told{s.version, s.content}) {
			m.chains = append(m.chains, id)
		}
	}
	for id := range a.chains {
		if _, ok := stored.chains[id]; !ok {
			m.chains = append(m.chains, id)
		}
	}
	for id, want := range alerts {
		if a.alerts[id] != want {
			m.alerts = append(m.alerts, id)
		}
	}
	for id, got := range a.alerts {
		if _, ok := alerts[id]; got.open && !ok {
			m.alerts = append(m.alerts, id)
		}
	}
	slices.SortFunc(m.chains, byBytes)
	slices.SortFunc(m.alerts, byBytes)
	return m
}
