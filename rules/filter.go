package rules

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"whence/correlate"
)

// A Filter chooses what a destination is told of. It may use only names that are the
// same for every version of a chain, or of an alert: were a status among them, a reader
// would be left with the version before the one that is filtered. It is safe for
// concurrent use.
type Filter struct {
	q    question
	free sync.Pool // of *filterRun
}

// filterRun is what one run of the engine needs.
type filterRun struct {
	vm  vm.VM
	env Env
}

// lasting are the names of Env that no version of a chain changes: what the line itself
// says. Of those that are lists of members, the members count.
var lasting = map[string][]string{
	"source": nil, "action": nil, "class": nil, "outcome": nil, "error": nil, "tenant": nil, "hour": nil, "weekday": nil,
	"resources": nil, "context": nil,
	"executor": {"type", "id", "name", "issuer", "account", "key"},
	"usage":    {"model", "input_tokens", "output_tokens"},
}

// NewFilter compiles an expression over the lasting names of Env. Its error says where
// in the expression it is wrong.
func NewFilter(when string) (*Filter, error) {
	q, err := compile(when, nil)
	if err != nil {
		return nil, err
	}
	if err := lasts(when, lasting, "a chain", "filter alerts instead"); err != nil {
		return nil, err
	}
	f := &Filter{q: q}
	f.free.New = func() any { return new(filterRun) }
	return f, nil
}

// Match reports whether the filter lets c through. It fails if the expression cannot be
// evaluated, such as for an element that is not there; the error holds nothing of c.
func (f *Filter) Match(c *correlate.Chain) (bool, error) {
	for _, t := range f.q.terms {
		if t.is != nil && !t.is(c, 0) {
			return false, nil
		}
	}
	if f.q.whole {
		return true, nil
	}
	r := f.free.Get().(*filterRun)
	defer f.free.Put(r)
	r.env.fill(c)
	defer r.env.clear()
	out, err := r.vm.Run(f.q.program, r.env)
	if err != nil {
		return false, fmt.Errorf("evaluate the filter: %w", withoutValues(err))
	}
	return out == true, nil
}

// AlertEnv is what a filter sees of an alert: what is the same from its first version to
// its last, as long as the rule is not changed.
type AlertEnv struct {
	Rule      string     `expr:"rule"`
	Severity  string     `expr:"severity"` // low, medium, high, critical
	Source    string     `expr:"source"`
	Action    string     `expr:"action"`
	Executor  Principal  `expr:"executor"`
	Resources []Resource `expr:"resources"`
}

var lastingOfAlerts = map[string][]string{
	"rule": nil, "severity": nil, "source": nil, "action": nil, "resources": nil,
	"executor": {"type", "id", "name", "issuer", "account"},
}

// An AlertFilter is a Filter of alerts. It is safe for concurrent use.
type AlertFilter struct {
	program *vm.Program
}

// NewAlertFilter compiles an expression over AlertEnv.
func NewAlertFilter(when string) (*AlertFilter, error) {
	opts := append(functions(nil), expr.Env(AlertEnv{}), expr.AsBool(), expr.WarnOnAny(), expr.MaxNodes(maxNodes), expr.Timezone("UTC"))
	for _, name := range disabled {
		opts = append(opts, expr.DisableBuiltin(name))
	}
	program, err := expr.Compile(when, opts...)
	if err == nil {
		err = lasts(when, lastingOfAlerts, "an alert", "leave it out")
	}
	if err != nil {
		return nil, err
	}
	return &AlertFilter{program}, nil
}

// Match reports whether the filter lets a through, as Filter.Match does.
func (f *AlertFilter) Match(a *correlate.Alert) (bool, error) {
	env := AlertEnv{Rule: a.Rule, Severity: a.Severity, Source: a.Source, Action: a.Action, Executor: principalOf(&a.Executor)}
	for i := range min(len(a.Resources), maxList) {
		env.Resources = append(env.Resources, Resource(a.Resources[i]))
	}
	out, err := expr.Run(f.program, env)
	if err != nil {
		return false, fmt.Errorf("evaluate the filter: %w", withoutValues(err))
	}
	return out == true, nil
}

// lasts refuses the names that are not among allowed.
func lasts(when string, allowed map[string][]string, of, instead string) error {
	tree, err := parser.Parse(when)
	if err != nil {
		return err
	}
	l := lastingNames{members: map[ast.Node]*ast.MemberNode{}, called: map[ast.Node]bool{}}
	l.depth = map[ast.Node]int{}
	ast.Walk(&tree.Node, &l)
	for _, id := range l.names {
		l.check(id, allowed, of, instead)
	}
	for i, e := range l.found {
		var at *file.Error
		if errors.As(e, &at) {
			l.found[i] = at.Bind(tree.Source)
		}
	}
	return errors.Join(l.found...)
}

// lastingNames collects the names of an expression, with what is asked of each.
type lastingNames struct {
	guard
	names   []*ast.IdentifierNode
	members map[ast.Node]*ast.MemberNode // by the name they are of
	called  map[ast.Node]bool            // functions of the engine or of ours
}

// Visit implements ast.Visitor. Children come before their parents.
func (l *lastingNames) Visit(node *ast.Node) {
	l.guard.Visit(node)
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		l.names = append(l.names, n)
	case *ast.MemberNode:
		l.members[n.Node] = n
	case *ast.CallNode:
		l.called[n.Callee] = true
	}
}

// pure are the functions that look at nothing but their arguments.
var pure = []string{"cidr", "glob"}

func (l *lastingNames) check(id *ast.IdentifierNode, allowed map[string][]string, of, instead string) {
	if l.called[id] {
		if !slices.Contains(pure, id.Value) {
			l.refuse(id, "%s() may answer differently for the next version of %s: a reader would be left with this one; %s", id.Value, of, instead)
		}
		return
	}
	members, ok := allowed[id.Value]
	if !ok {
		l.refuse(id, "%s may change between versions of %s, and a reader would be left with the one before; use %s, or %s",
			id.Value, of, strings.Join(slices.Sorted(maps.Keys(allowed)), ", "), instead)
		return
	}
	if members == nil {
		return
	}
	member := l.members[id]
	if member == nil {
		l.refuse(id, "%s as a whole may change: name one of its %s", id.Value, strings.Join(members, ", "))
		return
	}
	if name := textsOf(member.Property); name == nil || !slices.Contains(members, name[0]) {
		l.refuse(member, "that part of %s may change between versions of %s, and a reader would be left with the one before; use its %s",
			id.Value, of, strings.Join(members, ", "))
	}
}
