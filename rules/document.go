package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxSnippet is the longest excerpt of an expression that an error repeats.
const maxSnippet = 400

// A document is one file while it is read, with what is wrong with it.
type document struct {
	name     string
	kind     string // what is in it: a rule, or lists
	text     string
	problems []error
}

// mapping is a YAML node with keys.
type mapping interface {
	ast.Node
	MapRange() *ast.MapNodeIter
}

// parse returns the one mapping the file must be, or nil.
func (d *document) parse(b []byte) mapping {
	var f *ast.File
	err := calmly(func() (err error) {
		f, err = parser.ParseBytes(b, 0)
		return err
	})
	if err != nil {
		d.refuseYAML(err)
		return nil
	}
	var found []mapping
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		var a aliases
		ast.Walk(&a, doc.Body)
		if a.first != nil {
			p := a.first.GetToken().Position
			d.refuse(p.Line, p.Column, "anchors and aliases are not allowed: a few of them can grow without bound")
			return nil
		}
		m, ok := doc.Body.(mapping)
		if !ok {
			d.refuse(doc.Body.GetToken().Position.Line, 0, "want %s", forms[d.kind])
			return nil
		}
		found = append(found, m)
	}
	if len(found) != 1 {
		d.refuse(0, 0, "the file holds %d documents; want one: %s", len(found), forms[d.kind])
		return nil
	}
	return found[0]
}

// forms say what a file must look like, by what is in it.
var forms = map[string]string{
	"a rule": "a rule: keys such as id and when",
	"lists":  "lists: names, each with its values",
}

// calmly turns a panic of the YAML library into an error; it does not promise
// to have none.
func calmly(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = errors.New("the file is not YAML that can be read")
		}
	}()
	return f()
}

// aliases finds the first anchor, alias or merge key of a document.
type aliases struct{ first ast.Node }

// Visit implements ast.Visitor.
func (a *aliases) Visit(n ast.Node) ast.Visitor {
	switch n.(type) {
	case *ast.AliasNode, *ast.AnchorNode, *ast.MergeKeyNode:
		if a.first == nil {
			a.first = n
		}
	}
	return a
}

// fields refuses the keys that a rule and its tests do not have, and returns the
// line of each test.
func (d *document) fields(body mapping) (tests []int) {
	d.known(body, ruleFile{})
	if m, ok := value(body, "references").(mapping); ok {
		d.known(m, referencesFile{})
	}
	if m, ok := value(body, "over").(mapping); ok {
		d.known(m, overFile{})
		if inner, ok := value(m, "usual").(mapping); ok {
			d.known(inner, usual{})
		}
		if inner, ok := value(m, "first_seen").(mapping); ok {
			d.known(inner, first{})
		}
	}
	list, ok := value(body, "tests").(*ast.SequenceNode)
	if !ok {
		return nil
	}
	for _, n := range list.Values {
		tests = append(tests, n.GetToken().Position.Line)
		if m, ok := n.(mapping); ok {
			d.known(m, testFile{})
			it := m.MapRange()
			if it.Next() {
				tests[len(tests)-1] = it.Key().GetToken().Position.Line
			}
		}
	}
	return tests
}

// known refuses the keys of m that the layout does not have.
func (d *document) known(m mapping, layout any) {
	want := keysOf(layout)
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		if !want[key.Value] {
			d.refuse(key.Position.Line, key.Position.Column, "unknown key %q", key.Value)
		}
	}
}

// refuseAt refuses what m holds under key, or that it holds nothing there.
func (d *document) refuseAt(m mapping, key, format string, args ...any) {
	if outer, inner, ok := strings.Cut(key, "."); ok {
		m, _ = value(m, outer).(mapping) // where there is such a problem there is one
		key = inner
	}
	line, column := 0, 0
	if n := value(m, key); n != nil {
		p := n.GetToken().Position
		line, column = p.Line, p.Column
	}
	d.refuse(line, column, format, args...)
}

func (d *document) refuse(line, column int, format string, args ...any) {
	at := d.name
	for _, n := range []int{line, column} {
		if n > 0 {
			at += fmt.Sprintf(":%d", n)
		}
	}
	d.problems = append(d.problems, fmt.Errorf("%s: %s", at, fmt.Sprintf(format, args...)))
}

func (d *document) refuseYAML(err error) {
	var y yaml.Error
	if errors.As(err, &y) && y.GetToken() != nil {
		p := y.GetToken().Position
		d.refuse(p.Line, p.Column, "%s", y.GetMessage())
		return
	}
	d.refuse(0, 0, "%v", err)
}

// refuseExpr notes the errors of the expression that node holds, each at its
// place in the file.
func (d *document) refuseExpr(node ast.Node, err error) {
	if err == nil {
		return
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			d.refuseExpr(node, e)
		}
		return
	}
	var e *file.Error
	if !errors.As(err, &e) {
		line, column, _ := d.place(node, 1, 0)
		d.refuse(line, column, "when: %v", err)
		return
	}
	line, column, exact := d.place(node, e.Line, e.Column)
	within := ""
	if !exact {
		within = fmt.Sprintf(" (line %d, column %d of the expression)", e.Line, e.Column+1)
	}
	snippet := e.Snippet
	if len(snippet) > maxSnippet {
		snippet = ""
	}
	d.refuse(line, column, "when: %s%s%s", e.Message, within, snippet)
}
