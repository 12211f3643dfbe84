package rules

import (
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"slices"
	"strings"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"whence/correlate"
	"whence/rules/sigma"
)

// A Judge applies a set to chains. It reuses its memory and is not safe for
// concurrent use: each goroutine has its own.
type Judge struct {
	// OnError, if set, is told of every rule that could not be evaluated, which
	// is counted in Set.Failures as well, and whether it is the rule's first time in
	// this set. The error holds nothing of the chain.
	OnError func(rule string, first bool, err error)

	set *Set
	vm  vm.VM
	env Env
	// bound is the chain that boxed describes; nil when boxed is out of date.
	bound *correlate.Chain
	// boxed is env by value: the engine reads a struct by pointer at twice the
	// cost, and a map has to be filled anew for every chain.
	boxed any
	found row // ways in question
	// matcher and noticed are Notice's.
	matcher *sigma.Matcher
	noticed []string
	were    []*compiled // rules that matched the version before
}

// verdict is what one rule says of one chain.
type verdict uint8

const (
	noMatch verdict = iota
	matched
	undecided // the rule is on absence and the chain may still improve
	failed    // the expression could not be evaluated
)

// Set is the set that j applies.
func (j *Judge) Set() *Set { return j.set }

// NewJudge returns a judge of s.
func (s *Set) NewJudge() *Judge {
	return &Judge{set: s}
}

// Judge appends to dst what the rules say of next, ordered by rule: an open
// alert for each that matches, and a closed one for each that matched prev and
// does not match next. prev is the version of the chain that was written before,
// or nil. A rule that is undecided about next says nothing; one that was
// undecided about prev has opened nothing and closes nothing. Only primary lines
// are judged. Repeats give the same alerts; they own their memory.
func (j *Judge) Judge(prev, next *correlate.Chain, dst []correlate.Alert) []correlate.Alert {
	first := len(dst)
	dst = j.open(next, dst)
	if prev != nil {
		dst = j.close(prev, next, dst)
		j.update(dst[first:])
		slices.SortFunc(dst[first:], func(a, b correlate.Alert) int { return strings.Compare(a.Rule, b.Rule) })
	}
	j.release()
	return dst
}

// Again judges one open alert against a newer version c of its chain. The alert
// it returns is open, with the version of c, as long as the rule matches or
// cannot tell; otherwise, and when there is no such rule any more, it is closed
// and says why. An older version of the chain leaves it as it is.
func (j *Judge) Again(a correlate.Alert, c *correlate.Chain) correlate.Alert {
	if c.Version < a.Version {
		return a
	}
	r := j.set.find(a.Rule)
	if r == nil {
		old := &Rule{ID: a.Rule, Title: a.Title, Severity: Severity(a.Severity), Version: a.RuleVersion}
		return alert(old, c, correlate.AlertClosed, fmt.Sprintf("there is no rule %q any more", a.Rule))
	}
	v := j.verdict(r, c)
	j.release()
	switch {
	case v != noMatch:
		still := alert(&r.Rule, c, correlate.AlertOpen, c.Reason)
		still.Update = true
		return still
	case c.Version == a.Version:
		return alert(&r.Rule, c, correlate.AlertClosed, "the rule has changed and does not match any more")
	default:
		return alert(&r.Rule, c, correlate.AlertClosed, closedBy(c))
	}
}

func (j *Judge) open(c *correlate.Chain, dst []correlate.Alert) []correlate.Alert {
	for r := range j.matches(c) {
		dst = append(dst, alert(&r.Rule, c, correlate.AlertOpen, c.Reason))
	}
	return dst
}

// close looks for rules that matched prev and do not match next. It asks about
// prev first: what matched is rare.
func (j *Judge) close(prev, next *correlate.Chain, dst []correlate.Alert) []correlate.Alert {
	j.were = slices.AppendSeq(j.were[:0], j.matches(prev))
	for _, r := range j.were {
		if j.verdict(r, next) == noMatch {
			dst = append(dst, alert(&r.Rule, next, correlate.AlertClosed, closedBy(next)))
		}
	}
	return dst
}

// update marks the alerts that are open since the version before. It comes after close.
func (j *Judge) update(alerts []correlate.Alert) {
	for i := range alerts {
		a := &alerts[i]
		a.Update = a.State == correlate.AlertOpen && slices.ContainsFunc(j.were, func(r *compiled) bool { return r.ID == a.Rule })
	}
}

// matches yields the rules that match c, in order.
func (j *Judge) matches(c *correlate.Chain) iter.Seq[*compiled] {
	return func(yield func(*compiled) bool) {
		if !c.Primary {
			return
		}
		j.found = j.set.index.find(c, j.found)
		var last *compiled
		for w, left := range j.found {
			for ; left != 0; left &= left - 1 {
				in := &j.set.index.ways[w*64+bits.TrailingZeros64(left)]
				if in.rule == last || !fulfils(c, in.rest) || j.run(in.rule, c) != matched {
					continue
				}
				if last = in.rule; !yield(last) {
					return
				}
			}
		}
	}
}

// verdict asks one rule everything, without the index.
func (j *Judge) verdict(r *compiled, c *correlate.Chain) verdict {
	if !c.Primary || !r.declared.fits(c) || !r.implied.fits(c) {
		return noMatch
	}
	if r.Settled && !c.Settled {
		return undecided
	}
	for _, t := range r.terms {
		if t.is != nil && !t.is(c, 0) {
			return noMatch
		}
	}
	return j.run(r, c)
}

// run asks the engine, of a rule whose terms are all fulfilled, what they leave open.
func (j *Judge) run(r *compiled, c *correlate.Chain) verdict {
	if r.whole {
		return matched
	}
	if j.bound != c {
		j.env.fill(c)
		j.boxed, j.bound = j.env, c
	}
	out, err := j.vm.Run(r.program, j.boxed)
	if err != nil {
		j.fail(r, err)
		return failed
	}
	if out == true {
		return matched
	}
	return noMatch
}

// release lets go of the chain: the caller may change it now, and the memory that
// its text lies in.
func (j *Judge) release() {
	if j.bound != nil {
		j.bound, j.boxed = nil, nil
		j.env.clear()
	}
}

func (j *Judge) fail(r *compiled, err error) {
	told := fmt.Errorf("evaluate rule %q: %w", r.ID, withoutValues(err))
	r.failed.CompareAndSwap(nil, &told)
	first := r.errors.Add(1) == 1
	if j.OnError != nil {
		j.OnError(r.ID, first, told)
	}
}

// withoutValues keeps of an engine's error where it happened and, of its
// message, only what cannot repeat a value of the chain.
func withoutValues(err error) error {
	var e *file.Error
	if !errors.As(err, &e) {
		return errors.New("the expression cannot be evaluated")
	}
	msg := "the expression cannot be evaluated"
	for _, known := range []string{"index out of range", "cannot get", "memory budget exceeded", "integer divide by zero"} {
		if strings.Contains(e.Message, known) {
			msg = known
		}
	}
	return fmt.Errorf("line %d, column %d: %s", e.Line, e.Column+1, msg)
}

// alert is what r says of c. It owns its memory, whatever happens to the chain.
func alert(r *Rule, c *correlate.Chain, state correlate.AlertState, reason string) correlate.Alert {
	a := correlate.Alert{
		ID: correlate.NewID("alert", r.ID, c.ID.String()), Version: c.Version, State: state,
		Rule: r.ID, Title: r.Title, Severity: string(r.Severity), RuleVersion: r.Version,
		ChainID: c.ID, ActionID: c.ActionID, Time: c.Time, Source: c.Source, Action: c.Action, Status: c.Status,
		Requestor: c.Requestor, Executor: c.Actor, Resources: c.Resources, Reason: reason, Group: r.GroupOf(c),
	}
	return a.Clone()
}

// closedBy says what closed an alert, from the new version alone: whoever writes
// it writes the same.
func closedBy(c *correlate.Chain) string {
	const since = " since a later fact"
	switch {
	case !c.Primary:
		return "another line of the same action is the primary one" + since
	case c.Status == correlate.Attributed:
		return fmt.Sprintf("the chain is attributed to %s (%s)%s", c.Requestor.ID, c.Proof, since)
	case c.Status == correlate.Automated && c.Requestor.Owner != "":
		return fmt.Sprintf("the chain is automated, owned by %s (%s)%s", c.Requestor.Owner, c.Proof, since)
	default:
		return fmt.Sprintf("the chain is %s%s and the rule does not match any more", c.Status, since)
	}
}
