package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"whence/correlate"
)

// A facet is a name whose value tells at once which rules are still in question:
// for every value that some rule asks for there is a row with a bit for each rule.
type facet struct {
	value   text
	size    func(*correlate.Chain) int // of the list, if the name is of its elements
	near    bool                       // of a list
	exact   []string                   // no more than fewValues, else they are the keys of byValue
	rows    []row
	byValue map[string]row
	ends    []end // ordered
	ordered func(a, b string) int
	fits    func(s, end string) bool
	other   row // of a value that no rule asks for
	none    row // of an empty list
	asks    row // the rules that ask about the name at all: of the others it tells nothing
}

// A row has a bit for each rule, set unless the rule cannot match.
type row []uint64

// An end is the beginning of values that rules ask for, or the ending: a facet has
// one or the other.
type end struct {
	text   string
	row    row // of a value for which this is the longest end
	within int // the longest other end of text, -1 for none
}

// fewValues is up to how many values comparing them all beats hashing one.
const fewValues = 8

// newFacet indexes what terms, one list for each rule, say about name.
func newFacet(name string, terms [][]term) *facet {
	f := &facet{value: valueOf(name), byValue: map[string]row{}, ordered: strings.Compare, fits: strings.HasPrefix, none: newRow(len(terms)), asks: newRow(len(terms))}
	if list, _, ok := strings.Cut(name, "[]"); ok {
		f.size, f.near = known.lists[list], list == "signals" // which hardly any chain has
	}
	if strings.HasSuffix(name, atEnd) {
		f.ordered, f.fits = compareBack, strings.HasSuffix
	}
	asking := make([][]ast.Node, len(terms)) // of each rule, what it asks about name
	naming := map[string][]int{}             // the rules that name a value
	var ending []int                         // the rules that ask for ends
	var ends []string
	for i, ts := range terms {
		f.none.put(i, true)
		for _, t := range ts {
			if t.about != name {
				continue
			}
			asking[i] = append(asking[i], t.node)
			f.none.put(i, false)
			f.asks.put(i, true)
			exact, some := wanted(t.node)
			for _, v := range exact {
				naming[v] = append(naming[v], i)
			}
			if some != nil {
				ending = append(ending, i)
			}
			ends = append(ends, some...)
		}
	}
	f.other = slices.Clone(f.none)
	ask := func(of row, v sample, rules []int) {
		for _, i := range rules {
			of.put(i, !slices.ContainsFunc(asking[i], func(n ast.Node) bool { return !v.fulfils(n) }))
		}
	}
	for i := range terms {
		if asking[i] != nil {
			ask(f.other, sample{}, []int{i})
		}
	}
	for _, v := range slices.Sorted(maps.Keys(naming)) {
		r := slices.Clone(f.other)
		ask(r, sample{v, true}, naming[v])
		ask(r, sample{v, true}, ending)
		f.exact, f.rows, f.byValue[v] = append(f.exact, v), append(f.rows, r), r
	}
	slices.SortFunc(ends, f.ordered)
	for _, e := range slices.Compact(ends) {
		within := len(f.ends) - 1
		for within >= 0 && !f.fits(e, f.ends[within].text) {
			within = f.ends[within].within
		}
		r := slices.Clone(f.other)
		ask(r, sample{e, false}, ending)
		f.ends = append(f.ends, end{e, r, within})
	}
	return f
}

// far is 1 for a facet whose values are not in the chain itself: what no event before it
// has read has to come from memory.
func (f *facet) far() int {
	if f.size != nil && !f.near {
		return 1
	}
	return 0
}

// valueOf reads the value of a name off a chain. A flag that is set has the value yes.
func valueOf(name string) text {
	is := known.flags[name]
	if is == nil {
		return known.texts[strings.TrimSuffix(name, atEnd)]
	}
	return func(c *correlate.Chain, at int) string {
		if is(c, at) {
			return yes
		}
		return ""
	}
}

// compareBack orders texts by their last bytes first.
func compareBack(a, b string) int {
	for i := 1; i <= min(len(a), len(b)); i++ {
		if d := cmp.Compare(a[len(a)-i], b[len(b)-i]); d != 0 {
			return d
		}
	}
	return cmp.Compare(len(a), len(b))
}

func newRow(rules int) row { return make(row, (rules+63)/64) }

func (r row) put(i int, may bool) {
	r[i/64] &^= 1 << (i % 64)
	if may {
		r[i/64] |= 1 << (i % 64)
	}
}

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

// meets reports whether r and o have a rule in common.
func (r row) meets(o row) bool {
	for i, w := range o[:len(r)] {
		if r[i]&w != 0 {
			return true
		}
	}
	return false
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
	if len(f.ends) == 0 {
		return f.other
	}
	// What v begins with comes before v; so it is the last end that does, or one
	// which that begins with in turn. Back to front it is the same.
	at, found := slices.BinarySearchFunc(f.ends, v, func(e end, v string) int { return f.ordered(e.text, v) })
	if !found {
		at--
	}
	for at >= 0 && !f.fits(v, f.ends[at].text) {
		at = f.ends[at].within
	}
	if at < 0 {
		return f.other
	}
	return f.ends[at].row
}
