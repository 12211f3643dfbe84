package main

import (
	"time"

	"whence/correlate"
	notices "whence/rules/notice"
)

// maxTold is how many alerts are looked at for which of them somebody would be told of;
// those after are taken for told. All of them are weighed against one another.
const maxTold = 50_000

// told says who would be told, by the desk that decides in whence run: groups and
// inhibitions count, silences do not.
type told struct {
	alerts []correlate.Alert
	of     map[string]int // alerts by rule, those of which nobody looks whether they are told
}

// add keeps of an alert what the desk asks for.
func (t *told) add(a *correlate.Alert) {
	if len(t.alerts) == maxTold {
		if t.of == nil {
			t.of = map[string]int{}
		}
		t.of[a.Rule]++
		return
	}
	principal := func(p *correlate.Principal) correlate.Principal {
		return correlate.Principal{Type: p.Type, Issuer: p.Issuer, ID: p.ID}
	}
	slim := correlate.Alert{
		ID: a.ID, Version: a.Version, State: correlate.AlertOpen, Rule: a.Rule, Severity: a.Severity, Time: a.Time,
		Group: a.Group, Requestor: principal(&a.Requestor), Executor: principal(&a.Executor),
	}
	t.alerts = append(t.alerts, slim.Clone())
}

// count is how many alerts of each rule would tell somebody.
func (t *told) count(policies map[string]notices.Policy) map[string]int {
	d := notices.NewDesk(nil, maxTold)
	d.Use(policies)
	for i := range t.alerts {
		d.Hear(t.alerts[i])
	}
	out := map[string]int{}
	for rule, n := range t.of {
		out[rule] = n
	}
	for _, n := range d.Decide(time.Time{}) {
		out[n.Alert.Rule]++
	}
	return out
}
