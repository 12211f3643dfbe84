package main

import (
	"cmp"
	"maps"
	"slices"
	"time"
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
	// maxTold is how many alerts of a rule are looked at for which of them would be
	// suppressed; those after are taken for told.
	maxTold = 1_000_000
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

// told are the times of a rule's alerts by group, for a rule that suppresses some.
type told struct {
	times map[string][]int64
	n     int
	more  int
}

func (t *told) add(at time.Time, group string) {
	if t.n++; t.n > maxTold {
		t.more++
		return
	}
	if t.times == nil {
		t.times = map[string][]int64{}
	}
	t.times[group] = append(t.times[group], at.UnixNano())
}

// count is how many of the alerts would tell somebody: those that come within window
// after one of their group that did, do not.
func (t *told) count(window time.Duration) int {
	n := t.more
	for _, times := range t.times {
		slices.Sort(times)
		last := int64(0)
		for i, at := range times {
			if i == 0 || at >= last+int64(window) {
				n++
				last = at
			}
		}
	}
	return n
}
