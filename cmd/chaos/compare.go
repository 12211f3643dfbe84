package main

import (
	"cmp"
	"maps"
	"slices"

	"whence/correlate"
)

// contents is what one database holds, or what a group's topics come to, as far as
// it is compared. A million chains take 200 MB.
type contents struct {
	lines  map[correlate.ID]int32 // how many chains tell of each
	chains map[correlate.ID]seen
	alerts map[string]string // open ones, by id: all they say
}

// seen is one chain, or several with one id.
type seen struct {
	line    correlate.ID
	version uint64
	content digest
	rows    int32
}

func newContents() *contents {
	return &contents{lines: map[correlate.ID]int32{}, chains: map[correlate.ID]seen{}, alerts: map[string]string{}}
}

// add takes note of one row.
func (c *contents) add(id, line correlate.ID, version uint64, content digest) {
	c.lines[line]++
	c.chains[id] = seen{line, version, content, c.chains[id].rows + 1}
}

// differences is what two databases that should be equal do not share.
type differences struct {
	lost       []correlate.ID // expected lines, and not in both
	duplicated []correlate.ID // lines, more than once in one of them
	chains     []correlate.ID // with another content, or not expected at all
	alerts     []string       // open in one only, or saying something else
}

// compare holds two databases against the expected lines and against each other.
// The lists are in order.
func compare(expected map[correlate.ID]struct{}, a, b *contents) differences {
	var d differences
	for l := range expected {
		if a.lines[l] == 0 || b.lines[l] == 0 {
			d.lost = append(d.lost, l)
		}
	}
	twice := map[correlate.ID]struct{}{}
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
	for id, x := range a.chains {
		y, both := b.chains[id]
		if _, wanted := expected[x.line]; both && x.content != y.content || !wanted {
			d.chains = append(d.chains, id) // a wanted one that is not there is lost
		}
	}
	for id, y := range b.chains {
		_, both := a.chains[id]
		if _, wanted := expected[y.line]; !both && !wanted {
			d.chains = append(d.chains, id)
		}
	}
	d.alerts = otherwise(a.alerts, b.alerts)
	for _, ids := range [][]correlate.ID{d.lost, d.duplicated, d.chains} {
		slices.SortFunc(ids, byBytes)
	}
	return d
}

// otherwise are the keys of what is in one only, or is not the same, in order.
func otherwise[K cmp.Ordered, V comparable](a, b map[K]V) (keys []K) {
	for k, x := range a {
		if y, both := b[k]; !both || x != y {
			keys = append(keys, k)
		}
	}
	for k := range b {
		if _, both := a[k]; !both {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

func byBytes(x, y correlate.ID) int { return slices.Compare(x[:], y[:]) }
