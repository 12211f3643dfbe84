package rules

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// maxPattern is how long a pattern may be, of glob and of matches: they are compared
// with every byte of a text.
const maxPattern = 500

// call checks what the types of a function's arguments leave open. Patterns, prefixes
// and the names of lists must be constants: what is wrong with them is found now, and
// what they cost is known.
func (g *guard) call(n *ast.CallNode) {
	id, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || len(n.Arguments) == 0 {
		return
	}
	switch rest := n.Arguments[1:]; id.Value {
	case "cidr":
		g.atLeastOne(n, rest, "cidr wants a constant prefix")
		for _, a := range rest {
			if s, ok := g.constant(a, "cidr wants a constant prefix"); ok {
				if _, err := netip.ParsePrefix(s); err != nil {
					g.refuse(a, "cidr wants a prefix such as 10.0.0.0/8, not %q", s)
				}
			}
		}
	case "glob":
		g.atLeastOne(n, rest, "glob wants a constant pattern")
		for _, a := range rest {
			if s, ok := g.constant(a, "glob wants a constant pattern"); ok {
				g.pattern(a, s)
			}
		}
	case "within":
		if len(rest) == 1 {
			g.span(rest[0])
		}
	case "holds":
		if s, ok := n.Arguments[0].(*ast.StringNode); ok { // others are texts of the chain
			g.kind(s)
		}
	case "crosses":
		if s, ok := g.constant(n.Arguments[0], `crosses wants "account" or "trust"`); ok && !slices.Contains(boundaries, s) {
			g.refuse(n.Arguments[0], "crosses knows no %q; it is one of %q", s, boundaries)
		}
	case "knows":
		if s, ok := g.constant(n.Arguments[0], "knows wants the name of a list"); ok {
			g.list(n.Arguments[0], s)
		}
	}
}

func (g *guard) atLeastOne(n *ast.CallNode, rest []ast.Node, wants string) {
	if len(rest) == 0 {
		g.refuse(n, "%s", wants)
	}
}

func (g *guard) constant(n ast.Node, wants string) (string, bool) {
	s, ok := n.(*ast.StringNode)
	if !ok {
		g.refuse(n, "%s", wants)
		return "", false
	}
	return s.Value, true
}

func (g *guard) pattern(n ast.Node, s string) {
	if len(s) > maxPattern {
		g.refuse(n, "the pattern has %d bytes; at most %d, as a text is compared with all of them", len(s), maxPattern)
	}
}

// span checks how long within goes back.
func (g *guard) span(n ast.Node) {
	if s, ok := n.(*ast.StringNode); ok {
		if _, err := parseSpan(s.Value); err != nil {
			g.refuse(n, "within: %v", err)
		}
		return
	}
	if v, ok := constant(n); !ok || v < 0 {
		g.refuse(n, `within wants a constant: seconds, or a text such as "15m"`)
	}
}

// list notes that the expression looks into a list, which must be there.
func (g *guard) list(n ast.Node, name string) {
	if !slices.Contains(g.uses, name) {
		g.uses = append(g.uses, name)
	}
	if _, ok := g.lists[name]; ok {
		return
	}
	there := "there are none"
	if len(g.lists) > 0 {
		there = "there are " + strings.Join(g.lists.names(), ", ")
	}
	g.refuse(n, "there is no list %q; %s. Lists are in the folder lists beside the rules", name, there)
}
