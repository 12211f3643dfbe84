package rules

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"whence/correlate"
)

// hints say which chains an expression can match at all: each list that is not
// empty must hold the chain's own value (for prefixes, its beginning).
type hints struct {
	sources, classes, actions, prefixes []string
}

// hintsOf reads the hints off an expression: what every match must fulfil, that
// is, the terms joined by "and" at the top.
func hintsOf(n ast.Node) hints {
	var h hints
	h.read(n)
	return h
}

func (h *hints) read(n ast.Node) {
	b, ok := n.(*ast.BinaryNode)
	if !ok {
		return
	}
	switch b.Operator {
	case "and", "&&":
		h.read(b.Left)
		h.read(b.Right)
	case "==":
		h.note(b.Left, texts(b.Right))
		h.note(b.Right, texts(b.Left))
	case "in":
		if a, ok := b.Right.(*ast.ArrayNode); ok {
			h.note(b.Left, texts(a.Nodes...))
		}
	case "startsWith":
		if id, ok := b.Left.(*ast.IdentifierNode); ok && id.Value == "action" && h.prefixes == nil {
			h.prefixes = texts(b.Right)
		}
	}
}

// note keeps the first hint about a name; any one of several is true of a match.
func (h *hints) note(name ast.Node, values []string) {
	id, ok := name.(*ast.IdentifierNode)
	if !ok || len(values) == 0 {
		return
	}
	lists := map[string]*[]string{"source": &h.sources, "class": &h.classes, "action": &h.actions}
	if l := lists[id.Value]; l != nil && *l == nil {
		*l = values
	}
}

// texts gives the values of constants, nil when a node is no constant text.
func texts(nodes ...ast.Node) []string {
	var out []string
	for _, n := range nodes {
		s, ok := n.(*ast.StringNode)
		if !ok {
			return nil
		}
		out = append(out, s.Value)
	}
	return out
}

// fits reports whether a chain of that source, class and action can match.
func (h *hints) fits(c *correlate.Chain) bool {
	return (len(h.sources) == 0 || slices.Contains(h.sources, c.Source)) &&
		(len(h.classes) == 0 || slices.Contains(h.classes, string(c.Class))) &&
		(len(h.actions) == 0 || slices.Contains(h.actions, c.Action)) &&
		(len(h.prefixes) == 0 || slices.ContainsFunc(h.prefixes, func(p string) bool { return strings.HasPrefix(c.Action, p) }))
}

// An index finds the rules worth running on a chain without looking at the rest.
// Every rule is filed by the narrowest of its hints.
type index struct {
	byAction map[string][]int
	byPrefix map[string][]int
	lengths  []int // of the prefixes in byPrefix, each once
	byPlace  map[place][]int
}

// place is a source and a class; an empty one stands for all.
type place struct{ source, class string }

func newIndex(rules []*compiled) index {
	x := index{byAction: map[string][]int{}, byPrefix: map[string][]int{}, byPlace: map[place][]int{}}
	for i, r := range rules {
		x.add(i, r.narrowest())
	}
	return x
}

func (x *index) add(i int, h hints) {
	for _, a := range h.actions {
		x.byAction[a] = append(x.byAction[a], i)
	}
	for _, p := range h.prefixes {
		x.byPrefix[p] = append(x.byPrefix[p], i)
		if !slices.Contains(x.lengths, len(p)) {
			x.lengths = append(x.lengths, len(p))
		}
	}
	if len(h.actions)+len(h.prefixes) > 0 {
		return
	}
	for _, s := range orAll(h.sources) {
		for _, c := range orAll(h.classes) {
			x.byPlace[place{s, c}] = append(x.byPlace[place{s, c}], i)
		}
	}
}

func orAll(values []string) []string {
	if len(values) == 0 {
		return []string{""}
	}
	return values
}

// find appends to dst the rules filed under what c is, in order, each once.
func (x *index) find(c *correlate.Chain, dst []int) []int {
	dst = append(dst, x.byAction[c.Action]...)
	for _, n := range x.lengths {
		if n <= len(c.Action) {
			dst = append(dst, x.byPrefix[c.Action[:n]]...)
		}
	}
	s, k := c.Source, string(c.Class)
	dst = append(dst, x.byPlace[place{}]...)
	if s != "" {
		dst = append(dst, x.byPlace[place{s, ""}]...)
	}
	if k != "" {
		dst = append(dst, x.byPlace[place{"", k}]...)
	}
	if s != "" && k != "" {
		dst = append(dst, x.byPlace[place{s, k}]...)
	}
	slices.Sort(dst)
	return slices.Compact(dst)
}
