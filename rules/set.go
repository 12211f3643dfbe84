package rules

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/expr-lang/expr/vm"
)

//go:embed library/*.yaml
var library embed.FS

// A Set is a number of rules, ready to judge. It does not change and is safe for
// concurrent use; each goroutine judges with a Judge of its own.
type Set struct {
	rules []*compiled // ordered by id
	index index
}

// compiled is a rule with its program.
type compiled struct {
	Rule
	program  *vm.Program
	declared hints // what the file says beside the expression
	implied  hints // what the expression itself asks for
	errors   atomic.Uint64
}

// narrowest joins what is declared and implied, for the index. Both are true of
// every match, so one of each is enough.
func (r *compiled) narrowest() hints {
	h := hints{
		sources: either(r.declared.sources, r.implied.sources),
		classes: either(r.declared.classes, r.implied.classes),
		actions: r.implied.actions,
	}
	if len(h.actions) == 0 {
		h.prefixes = either(r.implied.prefixes, r.declared.prefixes)
	}
	return h
}

func either(a, b []string) []string {
	if len(a) > 0 {
		return a
	}
	return b
}

func newSet(rules []*compiled) *Set {
	slices.SortFunc(rules, func(a, b *compiled) int { return strings.Compare(a.ID, b.ID) })
	return &Set{rules: rules, index: newIndex(rules)}
}

// Library returns the rules that whence ships with.
func Library() *Set {
	s, err := Load(LibraryFS())
	if err != nil {
		panic("rules: the library must load: " + err.Error())
	}
	return s
}

// LibraryFS is the files Library reads.
func LibraryFS() fs.FS {
	sub, err := fs.Sub(library, "library")
	if err != nil {
		panic("rules: the library is embedded: " + err.Error())
	}
	return sub
}

// Join makes one set of several. It is an error when two of them have a rule of
// the same id. Errors are counted anew.
func Join(sets ...*Set) (*Set, error) {
	var all []*compiled
	var problems []error
	files := map[string]string{}
	for _, s := range sets {
		for _, r := range s.rules {
			if first, ok := files[r.ID]; ok {
				problems = append(problems, fmt.Errorf("%s: rule %q is already in %s", r.File, r.ID, first))
				continue
			}
			files[r.ID] = r.File
			all = append(all, &compiled{Rule: r.Rule, program: r.program, declared: r.declared, implied: r.implied})
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return newSet(all), nil
}

// Rules returns the rules, ordered by id. Their lists must not be changed.
func (s *Set) Rules() []Rule {
	out := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		out[i] = r.Rule
	}
	return out
}

// Errors is how often each rule could not be evaluated, by any Judge of this
// set; a rule without errors is not in it.
func (s *Set) Errors() map[string]uint64 {
	out := map[string]uint64{}
	for _, r := range s.rules {
		if n := r.errors.Load(); n > 0 {
			out[r.ID] = n
		}
	}
	return out
}

func (s *Set) find(id string) *compiled {
	i, ok := slices.BinarySearchFunc(s.rules, id, func(r *compiled, id string) int { return strings.Compare(r.ID, id) })
	if !ok {
		return nil
	}
	return s.rules[i]
}
