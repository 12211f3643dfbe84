package main

import (
	"cmp"
	"maps"
	"slices"
)

// tops counts by name. At most maxTops names are told apart: what comes after is
// counted as others, so a count may be too low then, and never too high.
type tops struct {
	n      map[string]int
	others int
}

const (
	maxTops   = 20_000
	maxListed = 5 // of them are shown
)

func (t *tops) add(name string) {
	if t.n == nil {
		t.n = map[string]int{}
	}
	if _, ok := t.n[name]; !ok && len(t.n) == maxTops {
		t.others++
		return
	}
	t.n[name]++
}

// top is a name and how many alerts are about it.
type top struct {
	Name   string `json:"name"`
	Alerts int    `json:"alerts"`
}

func (t *tops) first() []top {
	var out []top
	for _, name := range slices.Sorted(maps.Keys(t.n)) {
		out = append(out, top{name, t.n[name]})
	}
	slices.SortStableFunc(out, func(a, b top) int { return cmp.Compare(b.Alerts, a.Alerts) })
	return out[:min(len(out), maxListed)]
}
