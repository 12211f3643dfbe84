package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// listFolder is the folder, beside the rules, whose files hold lists.
const listFolder = "lists"

// What a list may hold. A value with a * costs a comparison each time the list is
// asked, and the others together one look-up.
const (
	maxListBytes    = 1 << 20 // of a file
	maxListValues   = 20_000
	maxListPatterns = 64
	maxValueBytes   = 500
)

// Lists are what the operator keeps for rules to look into, by name: models that
// are approved, break-glass accounts. They do not change and are safe for concurrent
// use.
type Lists map[string]*List

// A List is a number of values. A value may have * in it, which stands for any text.
// The nil list is empty.
type List struct {
	values   map[string]struct{}
	patterns []string
}

var wantList = regexp.MustCompile(`^[a-z0-9]+(_[a-z0-9]+)*$`)

// NewList makes a list of values.
func NewList(values ...string) (*List, error) {
	l := &List{values: map[string]struct{}{}}
	for _, v := range values {
		switch {
		case v == "" || len(v) > maxValueBytes:
			return nil, fmt.Errorf("a value of %d bytes: want 1 to %d", len(v), maxValueBytes)
		case strings.Contains(v, "*"):
			l.patterns = append(l.patterns, v)
		default:
			l.values[v] = struct{}{}
		}
	}
	slices.Sort(l.patterns)
	l.patterns = slices.Compact(l.patterns)
	if len(l.values) > maxListValues || len(l.patterns) > maxListPatterns {
		return nil, fmt.Errorf("%d values and %d with a *: want at most %d and %d", len(l.values), len(l.patterns), maxListValues, maxListPatterns)
	}
	return l, nil
}

// has reports whether v is on the list.
func (l *List) has(v string) bool {
	if l == nil {
		return false
	}
	if _, ok := l.values[v]; ok {
		return true
	}
	return slices.ContainsFunc(l.patterns, func(p string) bool { return fits(p, v) })
}

// names are those of the lists, in order.
func (l Lists) names() []string { return slices.Sorted(maps.Keys(l)) }

// kept reports whether anything is on the list.
func (l *List) kept() bool { return l != nil && len(l.values)+len(l.patterns) > 0 }

// sum is a hash of what is on the list.
func (l *List) sum() string {
	h := sha256.New()
	if l != nil {
		for _, v := range slices.Concat(slices.Sorted(maps.Keys(l.values)), l.patterns) {
			fmt.Fprintf(h, "%q\n", v)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// loadLists reads the lists in a folder of rules. folder is what errors call it.
func loadLists(fsys fs.FS, folder string) (Lists, []error) {
	names, err := fs.ReadDir(fsys, listFolder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, []error{fmt.Errorf("read lists: %w", err)}
	}
	lists, where := Lists{}, map[string]string{}
	var problems []error
	for _, n := range names {
		if strings.HasPrefix(n.Name(), ".") || n.IsDir() {
			continue
		}
		file := path.Join(listFolder, n.Name())
		d := document{name: path.Join(folder, file), kind: "lists"}
		if path.Ext(file) != ".yaml" {
			d.refuse(0, 0, "files of lists end in .yaml; rename it, or move it elsewhere")
		} else if b, err := readFile(fsys, file, maxListBytes); err != nil {
			d.refuse(0, 0, "%v", err)
		} else {
			d.lists(b, lists, where)
		}
		problems = append(problems, d.problems...)
	}
	return lists, problems
}

// lists reads a file of lists: names, each with its values.
func (d *document) lists(b []byte, into Lists, where map[string]string) {
	body := d.parse(b)
	if body == nil {
		return
	}
	for it := body.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		name, at := key.Value, key.Position
		if !wantList.MatchString(name) {
			d.refuse(at.Line, at.Column, "list %q: want lower-case words joined with _", name)
			continue
		}
		if first, ok := where[name]; ok {
			d.refuse(at.Line, at.Column, "list %q is already in %s", name, first)
			continue
		}
		where[name] = d.name
		l, err := NewList(d.values(name, it.Value())...)
		if err != nil {
			d.refuse(at.Line, at.Column, "list %q: %v", name, err)
		}
		into[name] = l
	}
}

// values are the texts of a list, as they are written: an account id keeps its zeros.
func (d *document) values(name string, n ast.Node) []string {
	at := n.GetToken().Position
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.refuse(at.Line, at.Column, "list %q: want values, such as [a, b]", name)
		return nil
	}
	var out []string
	for _, v := range list.Values {
		switch v.(type) {
		case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
			out = append(out, strings.TrimSpace(v.GetToken().Value))
		default:
			at := v.GetToken().Position
			d.refuse(at.Line, at.Column, "list %q: a value is text or a number", name)
		}
	}
	return out
}
