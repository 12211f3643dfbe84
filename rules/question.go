package rules

import (
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"

	"whence/correlate"
)

// A question is an expression, compiled twice: as a program of the engine, and,
// as far as that can be done, as terms.
type question struct {
	program *vm.Program
	implied hints
	// terms are what "and" joins at the top, up to the first that needs the
	// engine: a later one is not reached when that one fails.
	terms []term
	// whole is set when terms are the whole expression: the program need not run.
	whole bool
	// never is set when a term is false of every chain, as the lists are.
	never bool
	// wording is the expression as it was understood: spaces and line ends are no
	// part of it. uses are the lists it looks into.
	wording string
	uses    []string
}

// A term is one condition of a match.
type term struct {
	is truth // nil when another term asks for more than this one
	// about is the one name that node compares with constants, if there is one:
	// then an index can answer the term. Else it is "". Of a list's name
	// ("hops[].state") some element has to fulfil node.
	about string
	node  ast.Node
	// ways are those to fulfil a term that asks for one thing or another, each with
	// what it asks; nil if nothing is won by looking at them one by one.
	ways [][]term
}

func newQuestion(program *vm.Program, tree ast.Node, lists Lists) question {
	q := question{program: program, implied: hintsOf(tree), whole: true}
	for _, n := range conjuncts(tree) {
		ts := termsOf(n, lists)
		if ts[0].is == nil {
			q.whole = false
			break
		}
		is, fixed := (scope{lists: lists}).fixed(n)
		if q.never = q.never || fixed && !is; !fixed || !is {
			ts[0].ways = waysOf(n, lists)
			q.terms = append(q.terms, ts...)
		}
	}
	return q
}

// termsOf is the term of n, and those that it implies.
func termsOf(n ast.Node, lists Lists) []term {
	t := termOf(n, lists)
	if t.is == nil || t.about != "" {
		return []term{t}
	}
	return append([]term{t}, within(n)...)
}

// fixed is what n says of every chain: whether a list holds anything is known.
func (s scope) fixed(n ast.Node) (is, ok bool) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return n.Value, true
	case *ast.UnaryNode:
		is, ok = s.fixed(n.Node)
		return !is, ok && isNot(n.Operator)
	case *ast.CallNode:
		id, is := n.Callee.(*ast.IdentifierNode)
		if name := textsOf(n.Arguments...); is && id.Value == "knows" && len(name) == 1 {
			return s.lists[name[0]].kept(), true
		}
	}
	return false, false
}

// mostWays bounds the ways of one rule.
const mostWays = 4

// waysOf splits what "or" joins. Of a way about nothing that an index can look up,
// nothing is won.
func waysOf(n ast.Node, lists Lists) (ways [][]term) {
	branches := disjuncts(n)
	if len(branches) < 2 || len(branches) > mostWays || (scope{}).about(n) != "" {
		return nil
	}
	for _, b := range branches {
		var way []term
		looked := false
		for _, each := range conjuncts(b) {
			ts := termsOf(each, lists)
			if ts[0].is == nil {
				return nil
			}
			looked = looked || slices.ContainsFunc(ts, func(t term) bool { return t.about != "" })
			way = append(way, ts...)
		}
		if !looked {
			return nil
		}
		ways = append(ways, way)
	}
	return ways
}

// disjuncts are what "or" joins.
func disjuncts(n ast.Node) []ast.Node {
	if b, ok := n.(*ast.BinaryNode); ok && isOr(b.Operator) {
		return slices.Concat(disjuncts(b.Left), disjuncts(b.Right))
	}
	return []ast.Node{n}
}

// ways are the conditions of each way in which r can match: every match fulfils those
// of one. The engine is asked once, so what it has a part in has one way.
func (r *compiled) ways() [][]term {
	all := r.conditions()
	at := slices.IndexFunc(all, func(t term) bool { return t.ways != nil })
	if at < 0 || !r.whole {
		return [][]term{all}
	}
	var out [][]term
	for _, w := range all[at].ways {
		out = append(out, slices.Concat(all[:at], w, all[at+1:]))
	}
	return out
}

func termOf(n ast.Node, lists Lists) term {
	t := term{is: scope{lists: lists}.truth(n), about: scope{}.about(n), node: n}
	switch n := n.(type) {
	case *ast.CallNode:
		list := map[string]string{"holds": "held[]", "signal": "signals[]"}
		if id, ok := n.Callee.(*ast.IdentifierNode); ok && list[id.Value] != "" && t.is != nil && textsOf(n.Arguments...) != nil {
			t.about, t.node = list[id.Value], &ast.BinaryNode{Operator: "==", Right: n.Arguments[0]}
		}
	case *ast.BuiltinNode:
		if list, p := anyOf(n); t.is != nil && p != nil {
			t.about, t.node = scope{list: list}.about(p), p
		}
	}
	return t
}

// within gives what n implies if it asks for an element that is several things at
// once: there is an element that is each of them.
func within(n ast.Node) []term {
	list, p := anyOf(n)
	if p == nil {
		return nil
	}
	var out []term
	for _, each := range conjuncts(p) {
		if about := (scope{list: list}).about(each); about != "" {
			out = append(out, term{about: about, node: each})
		}
	}
	return out
}

// anyOf gives the list and the predicate of any(list, predicate).
func anyOf(n ast.Node) (string, ast.Node) {
	b, ok := n.(*ast.BuiltinNode)
	if !ok || b.Name != "any" || len(b.Arguments) != 2 {
		return "", nil
	}
	p, ok := b.Arguments[1].(*ast.PredicateNode)
	if !ok {
		return "", nil
	}
	return scope{}.path(b.Arguments[0]), p.Node
}

// conditions are the terms that every match of r fulfils, what its file says
// beside the expression included.
func (r *compiled) conditions() []term {
	out := append(r.declared.terms(), r.terms...)
	if !r.whole {
		out = append(out, r.implied.terms()...)
	}
	if r.Settled {
		out = append(out, termOf(&ast.IdentifierNode{Value: "settled"}, nil))
	}
	return out
}

func fulfils(c *correlate.Chain, conditions []truth) bool {
	for _, is := range conditions {
		if !is(c, 0) {
			return false
		}
	}
	return true
}
