package rules

import (
	"fmt"

	"whence/correlate"
)

// A Result is the outcome of one test of one rule.
type Result struct {
	Rule string
	Test string
	File string
	Line int
	// Err says how the rule and its test differ; nil when the test passed.
	Err error
}

// Check runs the rules' own tests, in order. Each rule is judged alone.
func (s *Set) Check() []Result {
	var out []Result
	for _, r := range s.rules {
		for i := range r.Tests {
			t := &r.Tests[i]
			// A set of one keeps the errors of tests out of the counters of s.
			own := newSet([]*compiled{{Rule: r.Rule, question: t.question, declared: r.declared}})
			if r.Over != nil {
				own.rules[0].Over = t.over
				out = append(out, Result{Rule: r.ID, Test: t.Name, File: r.File, Line: t.Line, Err: own.checkTimed(t)})
				continue
			}
			out = append(out, Result{Rule: r.ID, Test: t.Name, File: r.File, Line: t.Line, Err: own.check(t)})
		}
	}
	return out
}

func (s *Set) check(t *Test) error {
	j := s.NewJudge()
	var failed error
	j.OnError = func(_ string, _ bool, err error) { failed = err }
	if got := j.verdict(s.rules[0], &t.Chain) == matched; failed == nil && got != t.Match {
		return fmt.Errorf("match is %t, want %t", got, t.Match)
	}
	j.bound = nil
	var got correlate.AlertState
	for _, a := range j.Judge(t.Prev, &t.Chain, nil) {
		got = a.State
	}
	switch {
	case failed != nil:
		return failed
	case got != t.State:
		return fmt.Errorf("alert is %s, want %s", orNone(got), orNone(t.State))
	default:
		return nil
	}
}

func orNone(s correlate.AlertState) string {
	if s == "" {
		return "none"
	}
	return string(s)
}
