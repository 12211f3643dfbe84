package notice

import (
	"slices"
	"strconv"
	"time"

	"whence/correlate"
	"whence/rules"
)

// A Policy is what a rule says of telling its alerts.
type Policy struct {
	Group    []string
	Suppress time.Duration
	Inhibits []string
}

// Policies are those of rules, by id.
func Policies(set *rules.Set) map[string]Policy {
	out := map[string]Policy{}
	for _, r := range set.Rules() {
		if len(r.Group) > 0 || len(r.Inhibits) > 0 {
			out[r.ID] = Policy{Group: r.Group, Suppress: r.Suppress, Inhibits: r.Inhibits}
		}
	}
	return out
}

// inhibitors are, by rule, those that keep its alerts quiet, in order.
func inhibitors(policies map[string]Policy) map[string][]string {
	by := map[string][]string{}
	for id, p := range policies {
		for _, quiet := range p.Inhibits {
			by[quiet] = append(by[quiet], id)
		}
	}
	for _, ids := range by {
		slices.Sort(ids)
	}
	return by
}

// groupKey names the group of an alert: its rule, and its values of what the rule groups by.
// Empty if it is of none.
func groupKey(a *correlate.Alert) string {
	if len(a.Group) == 0 {
		return ""
	}
	return keyOf(a.Rule, a.Group...)
}

// whoKey names, for a rule, who asked; where nobody is known, who acted.
func whoKey(rule string, a *correlate.Alert) string {
	p := &a.Requestor
	if p.IsZero() {
		p = &a.Executor
	}
	return keyOf(rule, "who", string(p.Type), p.Issuer, p.ID)
}

// keyOf joins texts so that no two lists give the same.
func keyOf(rule string, values ...string) string {
	b := []byte(rule)
	for _, v := range values {
		b = append(strconv.AppendInt(append(b, 0), int64(len(v)), 10), ':')
		b = append(b, v...)
	}
	return string(b)
}
