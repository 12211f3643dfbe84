package sources

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"whence/sources/scan"
)

// A declaredValue is how a declaration takes one value from a line: a path of members
// and places in lists, such as user.groups.0, text in quotes, or an expression after =.
// The zero value gives nothing.
type declaredValue struct {
	text    string
	root    int // of the path, among the roots, from 1; 0 for no path
	path    []string
	program *vm.Program
}

// declaredRoots are the members of a line that paths begin with: they are found in one
// pass.
type declaredRoots []string

func (r *declaredRoots) of(name string) int {
	for i, n := range *r {
		if n == name {
			return i + 1
		}
	}
	*r = append(*r, name)
	return len(*r)
}

// declaredEnv is what an expression sees: the line as r, and the topic's scope.
type declaredEnv struct {
	R     map[string]any `expr:"r"`
	Scope string         `expr:"scope"`
}

// maxDeclaredNodes bounds an expression.
const maxDeclaredNodes = 200

// compileValue reads a value. A word without = stands for itself.
func compileValue(text string, word bool, roots *declaredRoots) (declaredValue, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return declaredValue{}, nil
	case text[0] == '=':
		p, err := expr.Compile(strings.TrimSpace(text[1:]), expr.Env(declaredEnv{}), expr.MaxNodes(maxDeclaredNodes), expr.Timezone("UTC"),
			expr.DisableBuiltin("now"), expr.Function("sha256", declaredHash, new(func(string) string)))
		return declaredValue{program: p}, err
	case word:
		return declaredValue{text: text}, nil
	case text[0] == '"', text[0] == '\'':
		if len(text) < 3 || text[len(text)-1] != text[0] {
			return declaredValue{}, fmt.Errorf("%s: text ends with the quote that it begins with", text)
		}
		return declaredValue{text: text[1 : len(text)-1]}, nil
	case strings.ContainsAny(text, " ()+?\"'"):
		return declaredValue{}, fmt.Errorf("%s: a path has members and dots alone; an expression begins with =, and text stands in quotes", text)
	}
	parts := strings.Split(text, ".")
	for _, p := range parts {
		if p == "" {
			return declaredValue{}, fmt.Errorf("%s: a part of the path is empty", text)
		}
	}
	return declaredValue{root: roots.of(parts[0]), path: parts[1:]}, nil
}

// declaredHash is the SHA-256 of a text in hex: for keys that a log writes in plain.
func declaredHash(a ...any) (any, error) {
	s, _ := a[0].(string)
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:]), nil
}

// raw is what a path leads to, or nothing.
func (d *declaredLine) raw(v *declaredValue) scan.Raw {
	at := d.roots[v.root-1]
	for _, part := range v.path {
		at = d.step(at, part)
	}
	return at
}

// step is a member of an object, or an element of a list by its place.
func (d *declaredLine) step(raw scan.Raw, part string) scan.Raw {
	if raw.IsList() {
		n, err := strconv.Atoi(part)
		for one := range raw.Elements() {
			if n == 0 && err == nil {
				return one
			}
			n--
		}
		return nil
	}
	for name, member := range raw.Members(&d.out.text) {
		if name == part {
			return member
		}
	}
	return nil
}

// text is a value as text: that of a string, a number or a truth value.
func (d *declaredLine) text(v *declaredValue) string {
	switch {
	case v.program != nil:
		s, _ := d.run(v).(string)
		return s
	case v.root > 0:
		return d.raw(v).Loose(&d.out.text)
	}
	return v.text
}

// holds reports whether a condition is met. One that is not given is.
func (d *declaredLine) holds(v *declaredValue) bool {
	switch {
	case v.program != nil:
		is, _ := d.run(v).(bool)
		return is
	case v.root > 0:
		raw := d.raw(v)
		return len(raw) > 0 && string(raw) != "null" && string(raw) != "false" && string(raw) != `""`
	}
	return true
}

// run evaluates an expression; numbers and truth values come out as text unless a truth
// value is all there is. What cannot be evaluated, such as a member of a member that is
// not there, is nothing.
func (d *declaredLine) run(v *declaredValue) any {
	if d.env.R == nil {
		d.env.R, _ = declaredAny(d.line, d).(map[string]any)
	}
	got, err := d.vm.Run(v.program, d.env)
	if err != nil {
		return nil
	}
	switch got := got.(type) {
	case string, bool:
		return got
	case int:
		return strconv.Itoa(got)
	case float64:
		return strconv.FormatFloat(got, 'f', -1, 64)
	}
	return nil
}

// declaredAny is a JSON value as expressions see it. Whole numbers are ints.
func declaredAny(raw scan.Raw, d *declaredLine) any {
	switch {
	case raw.IsObject():
		m := map[string]any{}
		for name, v := range raw.Members(&d.out.text) {
			m[name] = declaredAny(v, d)
		}
		return m
	case raw.IsList():
		list := []any{}
		for v := range raw.Elements() {
			list = append(list, declaredAny(v, d))
		}
		return list
	}
	if s, ok := raw.Text(&d.out.text); ok {
		return s
	}
	switch s := string(raw); s {
	case "true", "false":
		return s == "true"
	case "", "null":
		return nil
	default:
		if n, err := strconv.Atoi(s); err == nil {
			return n
		}
		f, _ := strconv.ParseFloat(s, 64)
		return f
	}
}
