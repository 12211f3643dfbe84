package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"whence/correlate"
	"whence/rules/sigma"
)

// Sigma rules ask about members of a log line that a chain does not have. They are
// matched when the line is decoded: see Judge.Notice. What matched is a signal of the
// event, and for each Sigma rule there is one of ours that asks for its signal: so
// what is alerted, and how, is the same as for any other rule.

// signalled makes our rules of Sigma's.
func signalled(all []*sigma.Rule) ([]*compiled, error) {
	var out []*compiled
	for _, from := range all {
		when := fmt.Sprintf("signal(%q)", from.ID)
		q, err := compile(when, nil)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", from.File, err)
		}
		q.wording += " " + from.Sum
		r := &compiled{question: q, declared: hints{sources: from.Sources}, Rule: Rule{
			ID: from.ID, Title: from.Title, Severity: severityOf(from.Level), Why: from.Description,
			FalsePositives: from.FalsePositives, References: referencesOf(from), When: when, Sources: from.Sources, File: from.File,
			Sigma: true,
		}}
		r.Version = versionOf(r, nil)
		out = append(out, r)
	}
	return out, nil
}

// severityOf is what Sigma calls a level: it has one more.
func severityOf(level string) Severity {
	if s := Severity(level); slices.Contains(severities, s) {
		return s
	}
	return Low
}

var attackTag = regexp.MustCompile(`^attack\.t\d{4}(\.\d{3})?$`)

func referencesOf(r *sigma.Rule) (refs References) {
	for _, tag := range r.Tags {
		if attackTag.MatchString(tag) {
			refs.Attack = append(refs.Attack, strings.ToUpper(strings.TrimPrefix(tag, "attack.")))
		}
	}
	refs.URLs = r.References
	return refs
}

// Refused are the Sigma rules of the set's folders that cannot be run, with reasons.
func (s *Set) Refused() []sigma.Finding { return s.refused }

// SigmaRules is how many of the rules stand for Sigma's.
func (s *Set) SigmaRules() int { return len(s.sigma) }

// useSigma takes the Sigma rules whose own rule is in s.
func (s *Set) useSigma(all []*sigma.Rule, refused []sigma.Finding) {
	all = slices.DeleteFunc(slices.Clone(all), func(r *sigma.Rule) bool { return s.find(r.ID) == nil }) // disabled
	s.sigma, s.refused = all, refused
	if len(all) > 0 {
		s.signals = sigma.NewSet(all)
	}
}

// Notice adds to e, which was just decoded, the signals of its line. It does so once,
// with the line at hand; later versions of the chain keep them. It costs nothing
// where the set has no Sigma rule.
func (j *Judge) Notice(e *correlate.Event) {
	if j.set.signals == nil {
		return
	}
	if j.matcher == nil {
		j.matcher = j.set.signals.NewMatcher()
	}
	if j.noticed = j.matcher.Match(e, e.Line, j.noticed[:0]); len(j.noticed) > 0 {
		e.Signals = slices.Clone(j.noticed) // rare
	}
}

// signalAt is a signal of c.
func signalAt(c *correlate.Chain, at int) string { return c.Signals[at] }

func hasSignal(c *correlate.Chain, id string) bool { return slices.Contains(c.Signals, id) }
