package main

import (
	"cmp"
	"maps"
	"slices"

	"whence/correlate"
)

// contents is what one database holds, as far as it is compared.
type contents struct {
	lines  map[line]int // how many chains tell of each
	chains map[correlate.ID]seen
	alerts map[string]string // open ones, by id: all they say
}

// seen is one chain, or several with one id.
type seen struct {
	line line
	hash [32]byte
	rows int
}

func newContents() *contents {
	return &contents{lines: map[line]int{}, chains: map[correlate.ID]seen{}, alerts: map[string]string{}}
}

// add takes note of one row.
func (c *contents) add(ch *correlate.Chain) {
	l := line{ch.Source, ch.EventID}
	c.lines[l]++
	c.chains[ch.ID] = seen{l, ch.ContentHash(), c.chains[ch.ID].rows + 1}
}

// differences is what two databases that should be equal do not share.
type differences struct {
	lost       []line         // expected, and not in both
	duplicated []line         // more than once in one of them
	chains     []correlate.ID // with another content, or not expected at all
	alerts     []string       // open in one only, or saying something else
}

// compare holds two databases against the expected lines and against each other.
// The lists are in order.
func compare(expected map[line]struct{}, a, b *contents) differences {
	var d differences
	for l := range expected {
		if a.lines[l] == 0 || b.lines[l] == 0 {
			d.lost = append(d.lost, l)
		}
	}
	twice := map[line]struct{}{}
	for _, c := range []*contents{a, b} {
		for l, n := range c.lines {
			if n > 1 {
				twice[l] = struct{}{}
			}
		}
		for _, s := range c.chains {
			if s.rows > 1 {
				twice[s.line] = struct{}{}
			}
		}
	}
	d.duplicated = slices.Collect(maps.Keys(twice))
	for id := range either(a.chains, b.chains) {
		x, inA := a.chains[id]
		y, inB := b.chains[id]
		_, wanted := expected[cmp.Or(x.line, y.line)]
		if inA && inB && x.hash != y.hash || !wanted {
			d.chains = append(d.chains, id) // a wanted one that is not there is lost
		}
	}
	for id := range either(a.alerts, b.alerts) {
		if a.alerts[id] != b.alerts[id] {
			d.alerts = append(d.alerts, id)
		}
	}
	byName := func(x, y line) int { return cmp.Or(cmp.Compare(x.source, y.source), cmp.Compare(x.eventID, y.eventID)) }
	slices.SortFunc(d.lost, byName)
	slices.SortFunc(d.duplicated, byName)
	slices.SortFunc(d.chains, func(x, y correlate.ID) int { return slices.Compare(x[:], y[:]) })
	slices.Sort(d.alerts)
	return d
}

func either[K comparable, V any](a, b map[K]V) map[K]struct{} {
	keys := map[K]struct{}{}
	for _, m := range []map[K]V{a, b} {
		for k := range m {
			keys[k] = struct{}{}
		}
	}
	return keys
}
