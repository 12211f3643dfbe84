package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

const (
	// maxNodes bounds the size of an expression and maxNesting how many
	// predicates may stand in one another. Together with maxList they are the
	// only limit on the work an expression does: the engine has no other that holds.
	maxNodes   = 400
	maxNesting = 2
)

// disabled are the built-in functions that read the clock, depend on the order
// of a map, give values the compiler cannot check, or build things of any size.
var disabled = []string{
	"now", "date", "duration", "timezone",
	"keys", "values", "toPairs", "fromPairs", "groupBy",
	"get", "fromJSON", "reduce", "concat", "flatten", "repeat",
}

// words are the names that fixed vocabularies allow, by the name in Env. A rule
// that asks for another could never match.
var words = map[string][]string{
	"class":   {"auth", "read", "write", "admin", "secret", "model", "tool", "deploy"},
	"outcome": {"success", "failure", "denied", "unknown"},
	"status":  {"attributed", "automated", "ambiguous", "partial", "unattributed"},
	"type":    {"", "human", "service_account", "workload", "agent", "ci_run", "role", "api_key", "schedule", "unknown"},
	"proof":   {"", "issued", "attested", "claimed", "inferred"},
	"weekday": {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"},
}

// compile checks an expression against Env, the lists there are and the kinds of keys, if
// they are known. Every error that has a place in the expression is a *file.Error.
func compile(when string, lists Lists, kinds ...string) (question, error) {
	opts := append(functions(lists),
		expr.Env(Env{}), expr.AsBool(), expr.WarnOnAny(), expr.MaxNodes(maxNodes), expr.Timezone("UTC"))
	for _, name := range disabled {
		opts = append(opts, expr.DisableBuiltin(name))
	}
	program, err := expr.Compile(when, opts...)
	if err != nil {
		return question{}, err
	}
	// The compiler has optimized its tree; what was written is in a fresh one.
	tree, err := parser.Parse(when)
	if err != nil {
		return question{}, err
	}
	g := guard{depth: map[ast.Node]int{}, lists: lists, kinds: kinds}
	ast.Walk(&tree.Node, &g)
	for i, e := range g.found {
		var at *file.Error
		if errors.As(e, &at) {
			g.found[i] = at.Bind(tree.Source)
		}
	}
	slices.Sort(g.uses)
	q := newQuestion(program, tree.Node, lists)
	q.wording, q.uses = tree.Node.String(), g.uses
	return q, errors.Join(g.found...)
}

// A guard walks an expression and finds what compiles and must not run.
type guard struct {
	found []error
	depth map[ast.Node]int // of predicates, the innermost being 1
	lists Lists            // that there are
	kinds []string         // of keys; none if they are not known
	uses  []string         // lists that are asked for
}

// Visit implements ast.Visitor. Children come before their parents.
func (g *guard) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		if n.Value == "$env" {
			g.refuse(n, "$env is not checked for typos; use the name itself")
		}
	case *ast.MemberNode:
		if n.Optional {
			g.refuse(n, "?. is not needed, as every name is always there")
		}
	case *ast.BinaryNode:
		g.binary(n)
	case *ast.CallNode:
		g.call(n)
	case *ast.PredicateNode:
		var inner deepest
		inner.depth = g.depth
		ast.Walk(&n.Node, &inner)
		g.depth[n] = inner.max + 1
		if inner.max+1 == maxNesting+1 {
			g.refuse(n, "predicates nest deeper than %d: an expression has no time limit", maxNesting)
		}
	}
}

// deepest finds the largest depth below a node.
type deepest struct {
	depth map[ast.Node]int
	max   int
}

// Visit implements ast.Visitor.
func (d *deepest) Visit(node *ast.Node) { d.max = max(d.max, d.depth[*node]) }

func (g *guard) binary(n *ast.BinaryNode) {
	switch n.Operator {
	case "??":
		g.refuse(n, "?? is not needed, as every name is always there")
	case "..":
		g.refuse(n, "ranges are not allowed: an expression has no time limit")
	case "matches":
		if s, ok := n.Right.(*ast.StringNode); ok {
			g.pattern(n, s.Value)
		} else {
			g.refuse(n, "matches wants a constant pattern")
		}
	case "==", "!=":
		g.word(n.Left, n.Right)
		g.word(n.Right, n.Left)
	case "in":
		if a, ok := n.Right.(*ast.ArrayNode); ok {
			for _, v := range a.Nodes {
				g.word(n.Left, v)
			}
		}
	}
}

// word refuses a constant that the vocabulary of name does not have.
func (g *guard) word(name, value ast.Node) {
	s, ok := value.(*ast.StringNode)
	if !ok {
		return
	}
	if keyKind(name) && s.Value != "" {
		g.kind(s)
		return
	}
	if of := vocabulary(name); words[of] != nil && !slices.Contains(words[of], s.Value) {
		g.refuse(s, "%s is never %q; it is one of %q", of, s.Value, words[of])
	}
}

// vocabulary is which of words a name takes its values from, if any: a name of Env, or
// the type of a principal or the proof of a hop.
func vocabulary(name ast.Node) string {
	switch n := name.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.MemberNode:
		property := textsOf(n.Property)
		if property == nil {
			return ""
		}
		switch of := n.Node.(type) {
		case *ast.IdentifierNode:
			if property[0] == "type" && (of.Value == "executor" || of.Value == "requestor") {
				return "type"
			}
		case *ast.MemberNode:
			if inner := textsOf(of.Property); property[0] == "type" && inner != nil && inner[0] == "principal" {
				return "type"
			}
		}
		if property[0] == "proof" {
			return "proof"
		}
	}
	return ""
}

// keyKind reports whether a name is the kind of a key: .key.kind, or missing.kind.
func keyKind(name ast.Node) bool {
	m, ok := name.(*ast.MemberNode)
	if !ok {
		return false
	}
	if property := textsOf(m.Property); property == nil || property[0] != "kind" {
		return false
	}
	switch of := m.Node.(type) {
	case *ast.IdentifierNode:
		return of.Value == "missing"
	case *ast.MemberNode:
		property := textsOf(of.Property)
		return property != nil && property[0] == "key"
	}
	return false
}

// kind refuses a kind that no key has.
func (g *guard) kind(s *ast.StringNode) {
	if len(g.kinds) > 0 && !slices.Contains(g.kinds, s.Value) {
		g.refuse(s, "no key is of kind %q; there are %s", s.Value, strings.Join(g.kinds, ", "))
	}
}

func (g *guard) refuse(n ast.Node, format string, args ...any) {
	g.found = append(g.found, &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)})
}
