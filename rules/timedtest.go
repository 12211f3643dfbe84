package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// timed reads a test of a rule over time. Chains without ids get one each.
func (f *testFile) timed(r *compiled, t *Test) (problems []error) {
	if f.Chain != nil || f.Prev != nil || f.Match != nil || f.State != "" {
		problems = append(problems, errors.New("a rule over time is tested with chains and alerts; chain, prev, match and state are of the others"))
	}
	if len(f.Chains) == 0 {
		problems = append(problems, errors.New("chains are missing: those of the windows that are judged"))
	}
	if f.Alerts == nil {
		problems = append(problems, errors.New("alerts is missing: the groups that have one, [] for none"))
	} else {
		t.Alerts = *f.Alerts
	}
	lists := Lists{}
	for _, name := range r.Over.uses() {
		lists[name] = nil
		if l, err := NewList(t.Lists[name]...); err == nil {
			lists[name] = l
		}
	}
	var err error
	if t.over, err = r.Over.withLists(lists); err != nil {
		problems = append(problems, err)
	}
	read := func(what string, from []any) (out []correlate.Chain) {
		for i, v := range from {
			c, err := readChain(v, fmt.Sprint(r.ID, what, i), 1)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s %d: %w", what, i+1, err))
			}
			out = append(out, c)
		}
		return out
	}
	t.Chains, t.Past = read("chains", f.Chains), read("past", f.Past)
	return problems
}

// checkTimed runs one test of a rule over time: over the windows that its chains are in,
// in two orders, which must make no difference.
func (s *Set) checkTimed(t *Test) error {
	rule := s.Timed()[0]
	from, to := t.Chains[0].Time, t.Chains[0].Time
	for i := range t.Chains {
		if at := t.Chains[i].Time; at.Before(from) {
			from = at
		} else if at.After(to) {
			to = at
		}
	}
	from, to = from.Truncate(rule.Over.Window), to.Truncate(rule.Over.Window).Add(rule.Over.Window)
	all := slices.Concat(t.Past, t.Chains)
	forth, err := s.tallied(rule, from, to, all)
	if err != nil {
		return err
	}
	slices.Reverse(all)
	back, err := s.tallied(rule, from, to, all)
	switch {
	case err != nil:
		return err
	case !slices.Equal(forth, back):
		return fmt.Errorf("alerts of %q, and in another order of %q: please report this", forth, back)
	case !slices.Equal(forth, t.Alerts):
		return fmt.Errorf("alerts of %q, want %q", forth, t.Alerts)
	}
	return nil
}

func (s *Set) tallied(rule Timed, from, to time.Time, chains []correlate.Chain) (groups []string, err error) {
	j := s.NewJudge()
	j.OnError = func(_ string, _ bool, failed error) { err = failed }
	tally := rule.NewTally(j, from, to)
	for i := range chains {
		if err := tally.Add(&chains[i]); err != nil {
			return nil, err
		}
	}
	for _, a := range tally.Alerts() {
		groups = append(groups, strings.Join(a.Group, "/"))
	}
	return groups, err
}
