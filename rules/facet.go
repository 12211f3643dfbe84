package rules

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"whence/correlate"
)

// A facet is a name whose value tells at once which rules are still in question:
// for every value that some rule asks for there is a row with a bit for each rule.
type facet struct {
	value    text
	size     func(*correlate.Chain) int // of the list, if the name is of its elements
	exact    []string                   // no more than fewValues, else they are the keys of byValue
	rows     []row
	byValue  map[string]row
	prefixes []prefix // ordered
	other    row      // of a value that no rule asks for
	none     row      // of an empty list
}

// A row has a bit for each rule, set unless the rule cannot match.
type row []uint64

// A prefix is the beginning of values that rules ask for.
type prefix struct {
	text   string
	row    row // of a value for which this is the longest prefix
	within int // the longest other prefix that text begins with, -1 for none
}

// fewValues is up to how many values comparing them all beats hashing one.
const fewValues = 8

// newFacet indexes what terms, one list for each rule, say about name.
func newFacet(name string, terms [][]term) *facet {
	f := &facet{value: known.texts[name], byValue: map[string]row{}}
	if list, _, ok := strings.Cut(name, "[]"); ok {
		f.size = known.lists[list]
	}
	if is := known.flags[name]; is != nil {
		f.value = func(c *correlate.Chain, at int) string {
			if is(c, at) {
				return yes
			}
			return ""
		}
	}
	asking := make([][]ast.Node, len(terms)) // of each rule, what it asks about name
	f.none = make(row, (len(terms)+63)/64)
	var beginnings []string
	for i, ts := range terms {
		for _, t := range ts {
			if t.about == name {
				asking[i] = append(asking[i], t.node)
				exact, begins := wanted(t.node)
				f.exact, beginnings = append(f.exact, exact...), append(beginnings, begins...)
			}
		}
		if asking[i] == nil {
			f.none.set(i)
		}
	}
	rowOf := func(v sample) row {
		out := slices.Clone(f.none)
		for i, nodes := range asking {
			if nodes != nil && !slices.ContainsFunc(nodes, func(n ast.Node) bool { return !v.fulfils(n) }) {
				out.set(i)
			}
		}
		return out
	}
	f.exact = unique(f.exact)
	for _, v := range f.exact {
		r := rowOf(sample{v, true})
		f.rows, f.byValue[v] = append(f.rows, r), r
	}
	for _, p := range unique(beginnings) {
		within := len(f.prefixes) - 1
		for within >= 0 && !strings.HasPrefix(p, f.prefixes[within].text) {
			within = f.prefixes[within].within
		}
		f.prefixes = append(f.prefixes, prefix{p, rowOf(sample{p, false}), within})
	}
	f.other = rowOf(sample{"", false})
	return f
}

func unique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

func (r row) set(i int) { r[i/64] |= 1 << (i % 64) }

// narrow takes the rules out of dst that cannot match c, and reports whether any
// is left. It uses spare, which has the same length.
func (f *facet) narrow(c *correlate.Chain, dst, spare row) bool {
	of := f.none
	switch {
	case f.size == nil:
		of = f.of(f.value(c, 0))
	default:
		for i := range f.size(c) {
			r := f.of(f.value(c, i))
			switch {
			case i == 0:
				of = r
			case &r[0] != &of[0]: // hops are alike, and so are their rows
				copy(spare, of)
				spare.add(r)
				of = spare
			}
		}
	}
	var left uint64
	for i, w := range of[:len(dst)] {
		dst[i] &= w
		left |= dst[i]
	}
	return left != 0
}

func (r row) add(o row) {
	for i, w := range o[:len(r)] {
		r[i] |= w
	}
}

// of returns the row of a value. It must not be changed.
func (f *facet) of(v string) row {
	if len(f.exact) <= fewValues {
		for i, e := range f.exact {
			if e == v {
				return f.rows[i]
			}
		}
	} else if r, ok := f.byValue[v]; ok {
		return r
	}
	if len(f.prefixes) == 0 {
		return f.other
	}
	// What v begins with comes before v; so it is the last prefix that does, or
	// one which that begins with in turn.
	at, found := slices.BinarySearchFunc(f.prefixes, v, func(p prefix, v string) int { return strings.Compare(p.text, v) })
	if !found {
		at--
	}
	for at >= 0 && !strings.HasPrefix(v, f.prefixes[at].text) {
		at = f.prefixes[at].within
	}
	if at < 0 {
		return f.other
	}
	return f.prefixes[at].row
}
