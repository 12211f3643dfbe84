package rules

import (
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"whence/correlate"
)

// The engine boxes every value it fetches, by reflection: some 50 ns and an
// allocation for a comparison that costs Go 3. So the shapes that rules are made
// of become closures over the chain. They say what the engine would say, always,
// and they never fail; whatever could, and whatever is rare, is left to the engine.

// A scope turns parts of an expression into closures; nil means that only the
// engine can do it. Inside a predicate, list is the list that # walks.
type scope struct {
	list  string
	lists Lists
}

// truth compiles a part that is true or false.
func (s scope) truth(n ast.Node) truth {
	switch n := n.(type) {
	case *ast.BoolNode:
		return func(*correlate.Chain, int) bool { return n.Value }
	case *ast.IdentifierNode, *ast.MemberNode:
		return known.flags[s.path(n)]
	case *ast.UnaryNode:
		if a := s.truth(n.Node); a != nil && isNot(n.Operator) {
			return not(a)
		}
	case *ast.BinaryNode:
		return s.binary(n)
	case *ast.BuiltinNode:
		return s.quantifier(n)
	case *ast.CallNode:
		return s.call(n)
	}
	return nil
}

// path spells out a name, "" when it is none.
func (s scope) path(n ast.Node) string {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.PointerNode:
		if n.Name == "" && s.list != "" {
			return s.list + "[]"
		}
	case *ast.MemberNode:
		of, property := s.path(n.Node), textsOf(n.Property)
		if of != "" && property != nil && !n.Optional {
			return of + "." + property[0]
		}
	}
	return ""
}

func not(a truth) truth { return func(c *correlate.Chain, at int) bool { return !a(c, at) } }

func (s scope) binary(n *ast.BinaryNode) truth {
	switch op := n.Operator; {
	case isAnd(op), isOr(op):
		a, b := s.truth(n.Left), s.truth(n.Right)
		switch {
		case a == nil || b == nil:
			return nil
		case isAnd(op):
			return func(c *correlate.Chain, at int) bool { return a(c, at) && b(c, at) }
		default:
			return func(c *correlate.Chain, at int) bool { return a(c, at) || b(c, at) }
		}
	case op == "==":
		return s.equal(n)
	case op == "!=":
		if eq := s.equal(n); eq != nil {
			return not(eq)
		}
	case op == "<", op == ">", op == "<=", op == ">=":
		return s.ordered(n)
	case op == "in":
		return s.in(n)
	case op == "matches":
		return s.matches(n)
	case op == "contains", op == "startsWith", op == "endsWith":
		return s.part(n)
	}
	return nil
}

func (s scope) equal(n *ast.BinaryNode) truth {
	if v := textsOf(n.Right); v != nil {
		a, v := s.text(n.Left), v[0]
		if a == nil {
			return nil
		}
		return func(c *correlate.Chain, at int) bool { return a(c, at) == v }
	}
	if a, b := s.text(n.Left), s.text(n.Right); a != nil && b != nil {
		return func(c *correlate.Chain, at int) bool { return a(c, at) == b(c, at) }
	}
	if a, b := s.truth(n.Left), s.truth(n.Right); a != nil && b != nil {
		return func(c *correlate.Chain, at int) bool { return a(c, at) == b(c, at) }
	}
	return s.ordered(n)
}

func (s scope) in(n *ast.BinaryNode) truth {
	list, ok := n.Right.(*ast.ArrayNode)
	if !ok || len(list.Nodes) == 0 {
		return nil
	}
	if a, values := s.text(n.Left), textsOf(list.Nodes...); a != nil && values != nil {
		return func(c *correlate.Chain, at int) bool { return slices.Contains(values, a(c, at)) }
	}
	a, values := s.whole(n.Left), make([]int, len(list.Nodes))
	for i, v := range list.Nodes {
		if values[i], ok = constant(v); !ok {
			return nil
		}
	}
	if a == nil {
		return nil
	}
	return func(c *correlate.Chain, at int) bool { return slices.Contains(values, a(c, at)) }
}

func (s scope) matches(n *ast.BinaryNode) truth {
	a, pattern := s.text(n.Left), textsOf(n.Right)
	if a == nil || pattern == nil {
		return nil
	}
	re, err := regexp.Compile(pattern[0])
	if err != nil {
		return nil
	}
	return func(c *correlate.Chain, at int) bool { return re.MatchString(a(c, at)) }
}

// part compiles contains, startsWith and endsWith.
func (s scope) part(n *ast.BinaryNode) truth {
	a, b := s.text(n.Left), s.text(n.Right)
	if a == nil || b == nil {
		return nil
	}
	switch n.Operator {
	case "contains":
		return func(c *correlate.Chain, at int) bool { return strings.Contains(a(c, at), b(c, at)) }
	case "startsWith":
		return func(c *correlate.Chain, at int) bool { return strings.HasPrefix(a(c, at), b(c, at)) }
	default:
		return func(c *correlate.Chain, at int) bool { return strings.HasSuffix(a(c, at), b(c, at)) }
	}
}

// quantifier compiles any, all, none and one of a list.
func (s scope) quantifier(n *ast.BuiltinNode) truth {
	size, is := s.walk(n)
	if size == nil {
		return nil
	}
	switch n.Name {
	case "any", "none":
		want := n.Name == "any"
		return func(c *correlate.Chain, _ int) bool {
			for i := range size(c) {
				if is(c, i) {
					return want
				}
			}
			return !want
		}
	case "all":
		return func(c *correlate.Chain, _ int) bool {
			for i := range size(c) {
				if !is(c, i) {
					return false
				}
			}
			return true
		}
	case "one":
		return func(c *correlate.Chain, _ int) bool { return count(c, size, is) == 1 }
	default:
		return nil
	}
}

// walk compiles the list and the predicate of a built-in function that has both.
func (s scope) walk(n *ast.BuiltinNode) (size func(*correlate.Chain) int, is truth) {
	if len(n.Arguments) != 2 {
		return nil, nil
	}
	p, ok := n.Arguments[1].(*ast.PredicateNode)
	list := s.path(n.Arguments[0])
	if !ok || known.lists[list] == nil {
		return nil, nil
	}
	if is = (scope{list, s.lists}).truth(p.Node); is == nil {
		return nil, nil
	}
	return known.lists[list], is
}

func count(c *correlate.Chain, size func(*correlate.Chain) int, is truth) int {
	n := 0
	for i := range size(c) {
		if is(c, i) {
			n++
		}
	}
	return n
}

// text compiles a part that is text.
func (s scope) text(n ast.Node) text {
	switch n := n.(type) {
	case *ast.StringNode:
		return func(*correlate.Chain, int) string { return n.Value }
	case *ast.IdentifierNode, *ast.MemberNode:
		return known.texts[s.path(n)]
	case *ast.BuiltinNode:
		change := map[string]func(string) string{"lower": strings.ToLower, "upper": strings.ToUpper, "trim": strings.TrimSpace}[n.Name]
		if change == nil || len(n.Arguments) != 1 {
			return nil
		}
		if a := s.text(n.Arguments[0]); a != nil {
			return func(c *correlate.Chain, at int) string { return change(a(c, at)) }
		}
	}
	return nil
}
