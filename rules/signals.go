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
// what is alerted, and how, is the same as for any other rule. A correlation is a rule
// over time that counts the chains with signals.

// signalled makes our rules of Sigma's. Those that are only counted have none.
func signalled(all []*sigma.Rule) ([]*compiled, error) {
	var out []*compiled
	for _, from := range all {
		if from.Counted {
			continue
		}
		r, err := standIn(&from.About, []*sigma.Rule{from}, "")
		if err != nil {
			return nil, err
		}
		r.Version = versionOf(r, nil)
		out = append(out, r)
	}
	return out, nil
}

// standIn is the rule that asks for the signals of some rules, and for what also says.
func standIn(from *sigma.About, of []*sigma.Rule, also string) (*compiled, error) {
	var asked, signals []string
	sum := from.Sum
	for _, r := range of {
		asked, signals = append(asked, fmt.Sprintf("signal(%q)", r.ID)), append(signals, r.ID)
		if r.Sum != from.Sum {
			sum += " " + r.Sum
		}
	}
	when := strings.Join(asked, " or ")
	if also != "" {
		when = "(" + when + ")" + also
	}
	q, err := compile(when, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from.File, err)
	}
	q.wording += " " + sum
	return &compiled{question: q, declared: hints{sources: from.Sources}, Rule: Rule{
		ID: from.ID, Title: from.Title, Severity: severityOf(from.Level), Why: from.Description,
		FalsePositives: from.FalsePositives, References: referencesOf(from), When: when, Sources: from.Sources, File: from.File,
		Sigma: true, signals: signals,
	}}, nil
}

// correlated makes rules over time of Sigma's correlations.
func correlated(all []*sigma.Correlation) ([]*compiled, error) {
	var out []*compiled
	for _, from := range all {
		also := ""
		for _, name := range from.Group { // as other systems do, lines that are of no group count for none
			also += fmt.Sprintf(" and %s != \"\"", name)
		}
		r, err := standIn(&from.About, from.Rules, also)
		if err != nil {
			return nil, err
		}
		r.Group, r.group = from.Group, groupOf(from.Group)
		r.Over = &Over{Window: from.Window, MoreThan: from.MoreThan}
		switch from.Type {
		case sigma.ValueCount:
			r.Over.Distinct, r.Over.distinct = from.Value, eachOf(from.Value)
		case sigma.Temporal:
			r.Over.Distinct, r.Over.distinct = distinctSignals, eachSignal(r.signals)
		}
		r.Version = versionOf(r, nil)
		out = append(out, r)
	}
	return out, nil
}

// distinctSignals is what the different values of a rule over time are that asks for
// several rules to match.
const distinctSignals = "signals"

// eachSignal yields those of a chain's signals that are among some.
func eachSignal(of []string) each {
	return func(c *correlate.Chain, yield func(string)) {
		for _, id := range c.Signals {
			if slices.Contains(of, id) {
				yield(id)
			}
		}
	}
}

// severityOf is what Sigma calls a level: it has one more.
func severityOf(level string) Severity {
	if s := Severity(level); slices.Contains(severities, s) {
		return s
	}
	return Low
}

var attackTag = regexp.MustCompile(`^attack\.t\d{4}(\.\d{3})?$`)

func referencesOf(r *sigma.About) (refs References) {
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
func (s *Set) SigmaRules() (n int) {
	for _, r := range s.rules {
		if r.Sigma {
			n++
		}
	}
	return n
}

// useSigma takes the Sigma rules that those of s stand for.
func (s *Set) useSigma(all []*sigma.Rule, refused []sigma.Finding) {
	wanted := map[string]bool{}
	for _, r := range s.rules {
		for _, id := range r.signals {
			wanted[id] = true
		}
	}
	all = slices.DeleteFunc(slices.Clone(all), func(r *sigma.Rule) bool { return !wanted[r.ID] }) // disabled
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
