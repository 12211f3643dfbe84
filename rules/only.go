package rules

import (
	"errors"
	"fmt"
	"slices"
)

// Only is the set of those rules of s that ids name. Errors are counted anew. It is an
// error when there is no rule of one of them.
func (s *Set) Only(ids ...string) (*Set, error) {
	var kept []*compiled
	var problems []error
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		r := s.find(id)
		if r == nil {
			problems = append(problems, fmt.Errorf("there is no rule %q", id))
			continue
		}
		kept = append(kept, &compiled{Rule: r.Rule, question: r.question, declared: r.declared})
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	only := newSet(kept)
	only.useSigma(s.sigma, s.refused)
	return only, nil
}
