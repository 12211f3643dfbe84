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
	for _, t := range conjuncts(n) {
		h.read(t)
	}
	return h
}

// conjuncts are the terms that "and" joins at the top of an expression.
func conjuncts(n ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && isAnd(b.Operator) {
		return slices.Concat(conjuncts(b.Left), conjuncts(b.Right))
	}
	return []ast.Node{n}
}

func isAnd(operator string) bool { return operator == "and" || operator == "&&" }
func isOr(operator string) bool  { return operator == "or" || operator == "||" }
func isNot(operator string) bool { return operator == "not" || operator == "!" }

func (h *hints) read(n ast.Node) {
	b, ok := n.(*ast.BinaryNode)
	if !ok {
		return
	}
	switch b.Operator {
	case "==":
		h.note(b.Left, textsOf(b.Right))
		h.note(b.Right, textsOf(b.Left))
	case "in":
		if a, ok := b.Right.(*ast.ArrayNode); ok {
			h.note(b.Left, textsOf(a.Nodes...))
		}
	case "startsWith":
		if id, ok := b.Left.(*ast.IdentifierNode); ok && id.Value == "action" && h.prefixes == nil {
			h.prefixes = textsOf(b.Right)
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

// textsOf gives the values of constants, nil when a node is no constant text.
func textsOf(nodes ...ast.Node) []string {
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

// terms writes h as the expression would: what fits reports is true of all of them.
func (h *hints) terms() []term {
	var out []term
	for _, in := range []struct {
		name   string
		values []string
	}{{"source", h.sources}, {"class", h.classes}, {"action", h.actions}} {
		if len(in.values) > 0 {
			list := &ast.ArrayNode{}
			for _, v := range in.values {
				list.Nodes = append(list.Nodes, &ast.StringNode{Value: v})
			}
			out = append(out, termOf(&ast.BinaryNode{Operator: "in", Left: &ast.IdentifierNode{Value: in.name}, Right: list}, nil))
		}
	}
	if len(h.prefixes) > 0 {
		var any ast.Node = &ast.BoolNode{}
		for _, p := range h.prefixes {
			any = &ast.BinaryNode{Operator: "or", Left: any, Right: &ast.BinaryNode{
				Operator: "startsWith", Left: &ast.IdentifierNode{Value: "action"}, Right: &ast.StringNode{Value: p}}}
		}
		out = append(out, termOf(any, nil))
	}
	return out
}
