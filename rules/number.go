package rules

import (
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"whence/correlate"
)

// ordered compiles a comparison of two numbers.
func (s scope) ordered(n *ast.BinaryNode) truth {
	if many := s.many(n); many != nil {
		return many
	}
	if a, b := s.whole(n.Left), s.whole(n.Right); a != nil && b != nil {
		return compare(n.Operator, a, b)
	}
	if a, b := s.real(n.Left), s.real(n.Right); a != nil && b != nil {
		return compare(n.Operator, a, b)
	}
	return nil
}

// many compiles count(list, predicate) >= 2 and the like: lists that are too short are
// not looked into.
func (s scope) many(n *ast.BinaryNode) truth {
	b, ok := n.Left.(*ast.BuiltinNode)
	least, fixed := constant(n.Right)
	if n.Operator == ">" {
		least++
	}
	if !ok || !fixed || b.Name != "count" || n.Operator != ">" && n.Operator != ">=" {
		return nil
	}
	size, is := s.walk(b)
	if size == nil {
		return nil
	}
	return func(c *correlate.Chain, _ int) bool { return size(c) >= least && count(c, size, is) >= least }
}

func compare[N int | float64, F ~func(*correlate.Chain, int) N](operator string, a, b F) truth {
	switch operator {
	case "<":
		return func(c *correlate.Chain, at int) bool { return a(c, at) < b(c, at) }
	case "<=":
		return func(c *correlate.Chain, at int) bool { return a(c, at) <= b(c, at) }
	case ">":
		return func(c *correlate.Chain, at int) bool { return a(c, at) > b(c, at) }
	case ">=":
		return func(c *correlate.Chain, at int) bool { return a(c, at) >= b(c, at) }
	default: // ==, and != is its opposite
		return func(c *correlate.Chain, at int) bool { return a(c, at) == b(c, at) }
	}
}

// whole compiles a part that is a whole number.
func (s scope) whole(n ast.Node) whole {
	if v, ok := constant(n); ok {
		return func(*correlate.Chain, int) int { return v }
	}
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.MemberNode:
		return known.wholes[s.path(n)]
	case *ast.BuiltinNode:
		return s.size(n)
	}
	return nil
}

// size compiles len and count.
func (s scope) size(n *ast.BuiltinNode) whole {
	switch {
	case n.Name == "len" && len(n.Arguments) == 1:
		if size := known.lists[s.path(n.Arguments[0])]; size != nil {
			return func(c *correlate.Chain, _ int) int { return size(c) }
		}
		if a := s.text(n.Arguments[0]); a != nil {
			return func(c *correlate.Chain, at int) int { return utf8.RuneCountInString(a(c, at)) }
		}
	case n.Name == "count":
		if size, is := s.walk(n); size != nil {
			return func(c *correlate.Chain, _ int) int { return count(c, size, is) }
		}
	}
	return nil
}

// constant works a whole number out that is written as one or as a product or sum
// of some (7 * 86400).
func constant(n ast.Node) (int, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.UnaryNode:
		if v, ok := constant(n.Node); ok && n.Operator == "-" {
			return -v, true
		}
	case *ast.BinaryNode:
		a, ok := constant(n.Left)
		b, also := constant(n.Right)
		switch {
		case !ok || !also:
		case n.Operator == "*":
			return a * b, true
		case n.Operator == "+":
			return a + b, true
		case n.Operator == "-":
			return a - b, true
		}
	}
	return 0, false
}

// real compiles a number that may have a fraction.
func (s scope) real(n ast.Node) real {
	if a := s.whole(n); a != nil {
		return func(c *correlate.Chain, at int) float64 { return float64(a(c, at)) }
	}
	switch n := n.(type) {
	case *ast.FloatNode:
		return func(*correlate.Chain, int) float64 { return n.Value }
	case *ast.IdentifierNode, *ast.MemberNode:
		return known.reals[s.path(n)]
	}
	return nil
}
