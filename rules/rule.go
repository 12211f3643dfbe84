package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

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

var severities = []Severity{Low, Medium, High, Critical}

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
	// FalsePositives are what else may look like a match.
	FalsePositives []string
	References     References
	// When is the expression, over Env.
	When string
	// Settled rules ask for something that is not there. They are silent about a
	// chain that may still improve. The others answer at once.
	Settled bool
	// Sources, Classes and Actions narrow the rule before its expression runs;
	// empty means all. An action is matched by its beginning.
	Sources []string
	Classes []string
	Actions []string
	// Group are names of Env, such as "requestor.id": alerts of the rule whose
	// chains agree in all of them belong together. Empty means that each is by
	// itself. GroupOf has the values.
	Group []string
	// Suppress is for how long after an alert others of its group tell nobody; 0
	// for not at all.
	Suppress time.Duration
	// Inhibits are rules, by id, of whose alerts nobody is told while one of this rule
	// is open for the same group, or else the same requestor.
	Inhibits []string
	// Lists are the names of the lists it looks into.
	Lists []string
	// Over makes it a rule over time; nil for one of single chains.
	Over *Over
	// Tests are the rule's own; there is at least one.
	Tests []Test
	// File is where the rule was read from.
	File string
	// Sigma says that it stands for a Sigma rule, which has no tests of its own.
	Sigma bool
	// Version is a hash of what the rule means: it changes with the question, the
	// lists it looks into, severity, group and whatever else makes other alerts of
	// the same chains; not with titles and explanations.
	Version string

	group   []text   // of Group
	signals []string // of a rule that stands for Sigma's: those it asks for
}

// GroupOf is what c is grouped by: its values of Group, in that order. They are views
// of c. Nil if the rule has no groups.
func (r *Rule) GroupOf(c *correlate.Chain) []string {
	if len(r.group) == 0 {
		return nil
	}
	out := make([]string, len(r.group))
	for i, value := range r.group {
		out[i] = value(c, 0)
	}
	return out
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
	// Of a rule over time: the chains of the windows that are judged, those before
	// them, and the groups that alerts are wanted of, their values joined with "/",
	// by window and group.
	Chains, Past []correlate.Chain
	Alerts       []string
	// Lists are what the rule's lists hold for this test; those it leaves out are
	// empty, whatever the operator keeps.
	Lists map[string][]string
	Line  int

	question question // as its lists have it
	over     *Over    // likewise
}

var wantID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// A problem is what is wrong with a rule, and the key of its file it is about, with a dot
// before that of a mapping in it.
type problem struct{ key, text string }

// problems lists what is wrong with r, its expression and tests apart.
func (r *Rule) problems() []problem {
	var out []problem
	refuse := func(key, format string, args ...any) { out = append(out, problem{key, fmt.Sprintf(format, args...)}) }
	if !wantID.MatchString(r.ID) {
		refuse("id", "id %q: want lower-case words joined with hyphens", r.ID)
	}
	for _, f := range []struct{ name, value string }{{"title", r.Title}, {"why", r.Why}, {"when", r.When}} {
		if strings.TrimSpace(f.value) == "" {
			refuse(f.name, "%s is missing", f.name)
		}
	}
	if !slices.Contains(severities, r.Severity) {
		refuse("severity", "severity %q: want low, medium, high or critical", r.Severity)
	}
	for _, c := range r.Classes {
		if !slices.Contains(words["class"], c) {
			refuse("classes", "classes: %q: want one of %s", c, strings.Join(words["class"], ", "))
		}
	}
	if slices.Contains(slices.Concat(r.Sources, r.Actions, r.FalsePositives), "") {
		refuse("", "sources, actions, false_positives: an empty entry; leave the key out to mean all, or none")
	}
	for i, name := range r.Group {
		switch {
		case r.group[i] == nil:
			refuse("group", "group: %q is no name of one text; want such as requestor.id, source or context.account", name)
		case slices.Contains(r.Group[:i], name):
			refuse("group", "group: %q is there twice", name)
		}
	}
	out = append(out, r.References.problems()...)
	if len(r.Tests) == 0 {
		refuse("tests", "the rule has no tests; give it at least one chain that it matches and one that it does not")
	}
	return out
}

// groupOf gives the getters of names of Env; nil for a name that is no text, or that
// is one of several.
func groupOf(names []string) []text {
	var out []text
	for _, name := range names {
		get := known.texts[name]
		if strings.Contains(name, "[]") {
			get = nil
		}
		out = append(out, get)
	}
	return out
}
