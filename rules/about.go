package rules

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
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

// atEnd marks the name of a text of which only the ending is asked for.
const atEnd = "$"

// only gives the only name in n, false when n is not made of comparisons with
// constants alone, or of several names.
func (s scope) only(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.BoolNode:
		return "", true
	case *ast.IdentifierNode:
		return n.Value, s.list == "" && known.flags[n.Value] != nil
	case *ast.CallNode:
		flag := crossing(n)
		return flag, flag != "" && s.list == ""
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
		ok := known.texts[name] != nil && constants(n) != nil && (s.list == "" || strings.HasPrefix(name, s.list+"[]"))
		if n.Operator == "endsWith" {
			name += atEnd
		}
		return name, ok
	}
	return "", false
}

// crossing is the flag that a call of crosses asks for, "" for another call: to find out
// takes a walk over the hops, so it is worth asking once for all rules.
func crossing(n *ast.CallNode) string {
	id, ok := n.Callee.(*ast.IdentifierNode)
	boundary := textsOf(n.Arguments...)
	if !ok || id.Value != "crosses" || len(boundary) != 1 {
		return ""
	}
	return "crosses " + boundary[0]
}

// constants are what n compares the text at its left with, nil if it does not.
func constants(n *ast.BinaryNode) []string {
	switch n.Operator {
	case "==", "!=", "startsWith", "endsWith":
		return textsOf(n.Right)
	case "in":
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			return textsOf(list.Nodes...)
		}
	}
	return nil
}

// wanted gives the constants in a term about one name: whole values and ends.
func wanted(n ast.Node) (exact, ends []string) {
	switch n := n.(type) {
	case *ast.IdentifierNode, *ast.CallNode:
		return []string{yes}, nil
	case *ast.UnaryNode:
		return wanted(n.Node)
	case *ast.BinaryNode:
		switch {
		case isAnd(n.Operator), isOr(n.Operator):
			e1, b1 := wanted(n.Left)
			e2, b2 := wanted(n.Right)
			return slices.Concat(e1, e2), slices.Concat(b1, b2)
		case n.Operator == "startsWith", n.Operator == "endsWith":
			return nil, constants(n)
		default:
			return constants(n), nil
		}
	}
	return nil, nil
}

// A sample stands for values with one row: a value that rules name, or all values
// that they do not name and whose longest known beginning, or ending, is text.
type sample struct {
	text  string
	exact bool
}

// yes is the value of a flag that is set.
const yes = "true"

// fulfils reports what n, a term about one name, says when the name has value v.
func (v sample) fulfils(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BoolNode:
		return n.Value
	case *ast.IdentifierNode, *ast.CallNode:
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
		case op == "endsWith":
			return strings.HasSuffix(v.text, constants(n)[0])
		default:
			return (v.exact && slices.Contains(constants(n), v.text)) != (op == "!=")
		}
	}
	return true
}
