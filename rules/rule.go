package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"whence/correlate"
)

// A Severity says how soon somebody should look.
type Severity string

// The severities.
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// A Rule asks one question of a chain.
type Rule struct {
	// ID names the rule in alerts and never changes: lower-case words joined
	// with hyphens.
	ID       string
	Title    string
	Severity Severity
	// Why says why a match matters, and Response what to do about one.
	Why      string
	Response string
	// When is the expression, over Env.
	When string
	// Settled rules ask for something that is not there. They are silent about a
	// chain that may still improve.
	Settled bool
	// Sources, Classes and Actions narrow the rule before its expression runs;
	// empty means all. An action is matched by its beginning.
	Sources []string
	Classes []string
	Actions []string
	// Tests are the rule's own; there is at least one.
	Tests []Test
	// File is where the rule was read from.
	File string
}

// A Test is one case of a rule: a chain, and what the rule must say of it.
type Test struct {
	Name  string
	Chain correlate.Chain
	// Prev is the version written before Chain; nil when there is none.
	Prev *correlate.Chain
	// Match is whether the rule matches Chain.
	Match bool
	// State is that of the alert the rule must yield; empty for none.
	State correlate.AlertState
	Line  int
}

var wantID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// problems lists what is wrong with r, its expression and tests apart.
func (r *Rule) problems() []string {
	var out []string
	if !wantID.MatchString(r.ID) {
		out = append(out, fmt.Sprintf("id %q: want lower-case words joined with hyphens", r.ID))
	}
	for _, f := range []struct{ name, value string }{{"title", r.Title}, {"why", r.Why}, {"when", r.When}} {
		if strings.TrimSpace(f.value) == "" {
			out = append(out, f.name+" is missing")
		}
	}
	if !slices.Contains([]Severity{Low, Medium, High, Critical}, r.Severity) {
		out = append(out, fmt.Sprintf("severity %q: want low, medium, high or critical", r.Severity))
	}
	for _, c := range r.Classes {
		if !slices.Contains(words["class"], c) {
			out = append(out, fmt.Sprintf("classes: %q: want one of %s", c, strings.Join(words["class"], ", ")))
		}
	}
	if slices.Contains(slices.Concat(r.Sources, r.Actions), "") {
		out = append(out, "sources, actions: an empty entry; leave the key out to mean all")
	}
	if len(r.Tests) == 0 {
		out = append(out, "the rule has no tests; give it at least one chain that it matches and one that it does not")
	}
	return out
}
