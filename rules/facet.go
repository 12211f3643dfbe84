package rules

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"whence/correlate"
)

// about gives the one name that n compares with constants, "" when there is none
// or more to it.
func (s scope) about(n ast.Node) string {
	name, ok := s.only(n)
	if !ok {
		return ""
	}
	return name
}

// only gives the only name in n, false when n is not made of comparisons with
// constants alone, or of several names.
func (s scope) only(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return "", true
	case *ast.IdentifierNode:
		return n.Value, s.list == "" && known.flags[n.Value] != nil
	case *ast.UnaryNode:
		if isNot(n.Operator) {
			return s.only(n.Node)
		}
	case *ast.BinaryNode:
		if isAnd(n.Operator) || isOr(n.Operator) {
			a, ok := s.only(n.Left)
			b, also := s.only(n.Right)
			return max(a, b), ok && also && (a == b || a == "" || b == "")
		}
		name := s.path(n.Left)
		return name, known.texts[name] != nil && constants(n) != nil && (s.list == "" || strings.HasPrefix(name, s.list+"[]"))
	}
	return "", false
}

// constants are what n compares the text at its left with, nil if it does not.
func constants(n *ast.BinaryNode) []string {
	switch n.Operator {
	case "==", "!=", "startsWith":
		return textsOf(n.Right)
	case "in":
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			return textsOf(list.Nodes...)
		}
	}
	return nil
}

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
		f.exact = []string{yes}
	}
	var beginnings []string
	for _, t := range slices.Concat(terms...) {
		if t.about != name {
			continue
		}
		walkConstants(t.node, func(n *ast.BinaryNode) {
			if n.Operator == "startsWith" {
				beginnings = append(beginnings, constants(n)...)
			} else {
				f.exact = append(f.exact, constants(n)...)
			}
		})
	}
	rowOf := func(v sample) row {
		return newRow(terms, func(t term) bool { return t.about != name || v.fulfils(t.node) })
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
	f.none = newRow(terms, func(t term) bool { return t.about != name })
	return f
}

func unique(values []string) []string {
	slices.Sort(values)
	return slices.Compact(values)
}

// newRow sets the bits of the rules of whose terms all are so.
func newRow(terms [][]term, so func(term) bool) row {
	out := make(row, (len(terms)+63)/64)
	for i, ts := range terms {
		if !slices.ContainsFunc(ts, func(t term) bool { return !so(t) }) {
			out[i/64] |= 1 << (i % 64)
		}
	}
	return out
}

func walkConstants(n ast.Node, visit func(*ast.BinaryNode)) {
	switch n := n.(type) {
	case *ast.UnaryNode:
		walkConstants(n.Node, visit)
	case *ast.BinaryNode:
		if isAnd(n.Operator) || isOr(n.Operator) {
			walkConstants(n.Left, visit)
			walkConstants(n.Right, visit)
			return
		}
		visit(n)
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

// A sample stands for values with one row: a value that rules name, or all values
// that they do not name and whose longest known beginning is text.
type sample struct {
	text  string
	exact bool
}

// yes is the value of a truth that is set.
const yes = "true"

// fulfils reports what n, a term about one name, says when the name has value v.
func (v sample) fulfils(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BoolNode:
		return n.Value
	case *ast.IdentifierNode:
		return v.exact
	case *ast.UnaryNode:
		return !v.fulfils(n.Node)
	case *ast.BinaryNode:
		switch op := n.Operator; {
		case isAnd(op):
			return v.fulfils(n.Left) && v.fulfils(n.Right)
		case isOr(op):
			return v.fulfils(n.Left) || v.fulfils(n.Right)
		case op == "startsWith":
			return strings.HasPrefix(v.text, constants(n)[0])
		default:
			return (v.exact && slices.Contains(constants(n), v.text)) != (op == "!=")
		}
	}
	return true
}
