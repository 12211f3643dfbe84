package rules

import (
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// place finds where a line and column (from 1 and 0) of a text value stand in
// the file. Where YAML has changed the text on the way, by folding or escapes,
// it gives the beginning of the value and false.
func (d *document) place(node ast.Node, line, column int) (int, int, bool) {
	if node == nil {
		return 0, 0, false
	}
	p := node.GetToken().Position
	lines := strings.Split(d.text, "\n")
	switch n := node.(type) {
	case *ast.LiteralNode:
		at := n.Start.Position.Line + line
		if !strings.HasPrefix(n.Start.Value, "|") || at > len(lines) {
			break
		}
		return at, indent(lines[n.Start.Position.Line:]) + column + 1, true
	case *ast.StringNode:
		if p.Line > len(lines) || p.Column > len(lines[p.Line-1]) || line != 1 {
			break
		}
		rest := lines[p.Line-1][p.Column-1:]
		quote := len(rest) - len(strings.TrimLeft(rest, `"'`))
		if strings.HasPrefix(rest[min(quote, 1):], n.Value) {
			return p.Line, p.Column + min(quote, 1) + column, true
		}
	}
	return p.Line, p.Column, false
}

// indent is how far the first line with text is indented.
func indent(lines []string) int {
	for _, l := range lines {
		if t := strings.TrimLeft(l, " "); strings.TrimSpace(t) != "" {
			return len(l) - len(t)
		}
	}
	return 0
}

// value returns what m holds under key, or nil.
func value(m mapping, key string) ast.Node {
	for it := m.MapRange(); it.Next(); {
		if it.Key().GetToken().Value == key {
			return it.Value()
		}
	}
	return nil
}

// keysOf lists the YAML keys of a struct.
func keysOf(layout any) map[string]bool {
	t := reflect.TypeOf(layout)
	out := map[string]bool{}
	for i := range t.NumField() {
		out[t.Field(i).Tag.Get("yaml")] = true
	}
	return out
}
