package main

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// readYAML reads a directory: people, services and schedules, each a list of
// entries, and a version. It goes by the syntax tree, which knows the lines.
func (r *roster) readYAML(b []byte) {
	var f *ast.File
	err := calmly(func() (err error) {
		f, err = parser.ParseBytes(b, 0)
		return err
	})
	if err != nil {
		r.refuseYAML(err)
		return
	}
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		top, ok := doc.Body.(mapping)
		if !ok {
			r.refuse(lineOf(doc.Body), "want people, services and schedules, each with a list of entries")
			continue
		}
		for it := top.MapRange(); it.Next(); {
			r.top(it.Key(), it.Value())
		}
	}
}

// mapping is a YAML node with keys.
type mapping interface {
	ast.Node
	MapRange() *ast.MapNodeIter
}

func (r *roster) top(name, value ast.Node) {
	key := name.GetToken().Value
	if key == "version" {
		n, err := strconv.ParseUint(value.GetToken().Value, 10, 32)
		if err != nil {
			r.refuse(lineOf(value), "version: want a whole number, which is raised to have all chains written anew")
			return
		}
		r.raise(lineOf(value), uint32(n))
		return
	}
	s := slices.IndexFunc(sections, func(s section) bool { return s.list == key })
	if s < 0 {
		r.refuse(lineOf(name), "unknown key %q; there are people, services, schedules and version", key)
		return
	}
	if value.Type() == ast.NullType {
		return
	}
	list, ok := value.(*ast.SequenceNode)
	if !ok {
		r.refuse(lineOf(name), "%s: want a list of entries", key)
		return
	}
	for _, n := range list.Values {
		r.entry(sections[s], n)
	}
}

func (r *roster) entry(s section, n ast.Node) {
	m, ok := n.(mapping)
	if !ok {
		r.refuse(lineOf(n), "want an entry of %s: keys such as id and name", s.list)
		return
	}
	text, line := map[string]string{}, 0
	var aliases []string
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken().Value
		if line == 0 {
			line = lineOf(it.Key())
		}
		switch {
		case !slices.Contains(fields, key):
			r.refuse(lineOf(it.Key()), "unknown key %q; there are %s", key, strings.Join(fields, ", "))
		case key == "aliases":
			aliases = r.texts(it.Value())
		default:
			text[key] = r.text(it.Value())
		}
	}
	r.add(s, line, text, aliases)
}

func (r *roster) texts(n ast.Node) []string {
	if n.Type() == ast.NullType {
		return nil
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.refuse(lineOf(n), "aliases: want a list")
		return nil
	}
	var out []string
	for _, v := range list.Values {
		out = append(out, r.text(unsplit(v)))
	}
	return out
}

// unsplit mends what the parser breaks: in a list within braces it takes okta:00u1
// for a key with a value, though YAML wants a space there. That is how an alias
// looks.
func unsplit(n ast.Node) ast.Node {
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) == 1 {
		n = m.Values[0]
	}
	pair, ok := n.(*ast.MappingValueNode)
	if !ok {
		return n
	}
	value := pair.Value.GetToken()
	colon := pair.Start.Position
	if value.Position.Line != colon.Line || value.Position.Column != colon.Column+1 {
		return n
	}
	whole := pair.Key.GetToken().Clone()
	whole.Value += ":" + value.Value
	return &ast.StringNode{BaseNode: &ast.BaseNode{}, Token: whole, Value: whole.Value}
}

// text is a value as it was written: 00u1 and 2026-03-01 are text too.
func (r *roster) text(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(n.Value)
	case *ast.LiteralNode:
		return strings.TrimSpace(n.Value.Value)
	case *ast.NullNode:
		return ""
	case ast.ScalarNode:
		return n.GetToken().Value
	}
	r.refuse(lineOf(n), "want text here; anchors, tags, lists and mappings are not read")
	return ""
}

func (r *roster) refuseYAML(err error) {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		r.refuse(y.GetToken().Position.Line, "%s", y.GetMessage())
		return
	}
	r.refuse(0, "%v", err)
}

func lineOf(n ast.Node) int { return n.GetToken().Position.Line }

// calmly turns a panic of the YAML library into an error; it does not promise to
// have none.
func calmly(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the file is not YAML that can be read")
		}
	}()
	return f()
}
