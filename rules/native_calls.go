package rules

import (
	"net/netip"
	"slices"
	"time"

	"github.com/expr-lang/expr/ast"

	"whence/correlate"
)

// call compiles a call of one of our functions. What has to be a constant is read
// here, once; the compiler refuses the rest.
func (s scope) call(n *ast.CallNode) truth {
	id, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || len(n.Arguments) == 0 {
		return nil
	}
	first, rest := n.Arguments[0], textsOf(n.Arguments[1:]...)
	switch id.Value {
	case "holds":
		if kind := s.text(first); kind != nil && len(n.Arguments) == 1 {
			return func(c *correlate.Chain, at int) bool { return holds(c, kind(c, at)) }
		}
	case "signal":
		if id := s.text(first); id != nil && len(n.Arguments) == 1 {
			return func(c *correlate.Chain, at int) bool { return hasSignal(c, id(c, at)) }
		}
	case "crosses":
		if boundary := textsOf(first); boundary != nil {
			return func(c *correlate.Chain, _ int) bool { return crosses(c, boundary[0]) }
		}
	case "glob":
		if a := s.text(first); a != nil && rest != nil {
			return func(c *correlate.Chain, at int) bool { return glob(a(c, at), rest...) }
		}
	case "cidr":
		return s.cidr(first, rest)
	case "within":
		return s.within(n.Arguments)
	case "knows":
		return s.knows(n.Arguments)
	}
	return nil
}

func (s scope) cidr(ip ast.Node, prefixes []string) truth {
	a := s.text(ip)
	if a == nil || prefixes == nil {
		return nil
	}
	nets := make([]netip.Prefix, len(prefixes))
	for i, text := range prefixes {
		var err error
		if nets[i], err = netip.ParsePrefix(text); err != nil {
			return nil
		}
	}
	return func(c *correlate.Chain, at int) bool {
		ip := a(c, at)
		return slices.ContainsFunc(nets, func(p netip.Prefix) bool { return inside(ip, p) })
	}
}

func (s scope) within(args []ast.Node) truth {
	if len(args) != 2 {
		return nil
	}
	age := s.whole(args[0])
	limit, ok := constant(args[1])
	if text := textsOf(args[1]); text != nil {
		d, err := parseSpan(text[0])
		limit, ok = int(d/time.Second), err == nil
	}
	if age == nil || !ok {
		return nil
	}
	return func(c *correlate.Chain, at int) bool { return recent(age(c, at), limit) }
}

func (s scope) knows(args []ast.Node) truth {
	name := textsOf(args[0])
	if name == nil {
		return nil
	}
	l := s.lists[name[0]]
	if len(args) == 1 {
		return func(*correlate.Chain, int) bool { return l.kept() }
	}
	if a := s.text(args[1]); a != nil && len(args) == 2 {
		return func(c *correlate.Chain, at int) bool { return l.has(a(c, at)) }
	}
	return nil
}
