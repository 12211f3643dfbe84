package rules

import (
	"strings"
	"testing"
)

func TestLibrary(t *testing.T) {
	s := Library()
	for _, r := range s.Rules() {
		if r.File != "library/"+r.ID+".yaml" {
			t.Errorf("%s holds the rule %s", r.File, r.ID)
		}
		if r.Response == "" || len(r.FalsePositives) == 0 {
			t.Errorf("%s says no response, or no false positives", r.File)
		}
		if refs := r.References; len(refs.NISTCSF) == 0 || len(refs.Attack)+len(refs.OWASPNHI)+len(refs.SP800207) == 0 {
			t.Errorf("%s serves no part of CSF, or of no other framework", r.File)
		}
		if len(r.Group) == 0 {
			t.Errorf("%s says no group: a night of it would be as many alerts as events", r.File)
		}
		yes, no := 0, 0
		for _, c := range r.Tests {
			if c.Match || len(c.Alerts) > 0 {
				yes++
			} else {
				no++
			}
		}
		if yes == 0 || no == 0 {
			t.Errorf("%s has %d tests that match and %d that do not; want both", r.File, yes, no)
		}
		// A rule that asks for something that is not there fires too early,
		// and again for every chain, unless it waits.
		absence := strings.Contains(r.When, "not proven") || strings.Contains(r.When, "len(approvers) == 0") || strings.Contains(r.When, "status in [")
		if absence && !r.Settled {
			t.Errorf("%s is a rule on absence and not settled", r.File)
		}
	}
	results := s.Check()
	if len(results) < 3*len(s.Rules()) {
		t.Errorf("%d tests for %d rules", len(results), len(s.Rules()))
	}
	for _, r := range results {
		if r.Err != nil {
			t.Errorf("%s:%d: %s: %v", r.File, r.Line, r.Test, r.Err)
		}
	}
}
