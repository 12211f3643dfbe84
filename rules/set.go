package rules

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"whence/rules/sigma"
)

//go:embed library
var library embed.FS

// A Set is a number of rules, ready to judge. It does not change and is safe for
// concurrent use; each goroutine judges with a Judge of its own.
type Set struct {
	rules []*compiled // ordered by id
	index index

	sigma   []*sigma.Rule
	signals *sigma.Set // of them; nil for none
	refused []sigma.Finding
}

// compiled is a rule with its question.
type compiled struct {
	Rule
	question
	declared hints // what the file says beside the expression
	errors   atomic.Uint64
	failed   atomic.Pointer[error] // the first of them
}

func newSet(rules []*compiled) *Set {
	slices.SortFunc(rules, func(a, b *compiled) int { return strings.Compare(a.ID, b.ID) })
	return &Set{rules: rules, index: newIndex(rules)}
}

// Library returns the rules that whence ships with.
func Library() *Set {
	s, err := Open(Config{Library: true})
	if err != nil {
		panic("rules: the library must load: " + err.Error())
	}
	return s
}

// LibraryFS is the files Library reads, with the lists there are.
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
	var signalling []*sigma.Rule
	var refused []sigma.Finding
	files := map[string]string{}
	for _, s := range sets {
		signalling, refused = append(signalling, s.sigma...), append(refused, s.refused...)
		for _, r := range s.rules {
			if first, ok := files[r.ID]; ok {
				problems = append(problems, fmt.Errorf("%s: rule %q is already in %s", r.File, r.ID, first))
				continue
			}
			files[r.ID] = r.File
			all = append(all, &compiled{Rule: r.Rule, question: r.question, declared: r.declared})
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	joined := newSet(all)
	joined.useSigma(signalling, refused)
	return joined, nil
}

// Rules returns the rules, ordered by id. Their lists must not be changed.
func (s *Set) Rules() []Rule {
	out := make([]Rule, len(s.rules))
	for i, r := range s.rules {
		out[i] = r.Rule
	}
	return out
}

// A Failure tells of a rule that could not be evaluated. Such a rule has neither
// matched nor not matched.
type Failure struct {
	Rule  string
	Count uint64
	Err   error // of the first time
}

// Failures are the rules that could not be evaluated by a Judge of this set, ordered
// by id.
func (s *Set) Failures() []Failure {
	var out []Failure
	for _, r := range s.rules {
		if n := r.errors.Load(); n > 0 {
			out = append(out, Failure{Rule: r.ID, Count: n, Err: *r.failed.Load()})
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
