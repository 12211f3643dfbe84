package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// testFile is the layout of a test in a rule file.
type testFile struct {
	Name  string              `yaml:"name"`
	Chain any                 `yaml:"chain"`
	Prev  any                 `yaml:"prev"`
	Match *bool               `yaml:"match"`
	State string              `yaml:"state"`
	Lists map[string][]string `yaml:"lists"`
	// Of a rule over time.
	Past   []any     `yaml:"past"`
	Chains []any     `yaml:"chains"`
	Alerts *[]string `yaml:"alerts"`
}

// test reads a test of r. A chain that leaves them out is primary, settled and
// successful, with a time, an id and a version of its own.
func (f *testFile) test(r *compiled, line int) (Test, []error) {
	t := Test{Name: f.Name, Line: line, Lists: f.Lists}
	problems := t.compile(r)
	if strings.TrimSpace(f.Name) == "" {
		problems = append(problems, errors.New("name is missing"))
	}
	if r.Over != nil {
		return t, append(problems, f.timed(r, &t)...)
	}
	if f.Chains != nil || f.Past != nil || f.Alerts != nil {
		problems = append(problems, errors.New("past, chains and alerts are for rules over time: this one has no over"))
	}
	if f.Match == nil {
		problems = append(problems, errors.New("match is missing: want true or false"))
	} else {
		t.Match = *f.Match
	}
	switch t.State = correlate.AlertState(f.State); {
	case f.State == "" && t.Match:
		t.State = correlate.AlertOpen
	case f.State == "":
	case t.State != correlate.AlertOpen && t.State != correlate.AlertClosed:
		problems = append(problems, fmt.Errorf("state %q: want open or closed", f.State))
	case t.Match != (t.State == correlate.AlertOpen):
		problems = append(problems, fmt.Errorf("state %q cannot be with match: %t", f.State, t.Match))
	}
	if f.Chain == nil {
		problems = append(problems, errors.New("chain is missing"))
		return t, problems
	}
	var err error
	if t.Chain, err = readChain(f.Chain, r.ID, 2); err != nil {
		problems = append(problems, fmt.Errorf("chain: %w", err))
	}
	if f.Prev != nil {
		prev, err := readChain(f.Prev, r.ID, 1)
		if err != nil {
			problems = append(problems, fmt.Errorf("prev: %w", err))
		}
		t.Prev = &prev
	}
	return t, problems
}

// compile makes the rule's question with the lists of the test in place of those the
// operator keeps.
func (t *Test) compile(r *compiled) (problems []error) {
	lists := Lists{}
	for _, name := range r.uses {
		lists[name] = nil
	}
	for _, name := range slices.Sorted(maps.Keys(t.Lists)) {
		if _, ok := lists[name]; !ok {
			problems = append(problems, fmt.Errorf("lists: the rule does not ask for %q", name))
			continue
		}
		l, err := NewList(t.Lists[name]...)
		if err != nil {
			problems = append(problems, fmt.Errorf("lists: %s: %w", name, err))
		}
		lists[name] = l
	}
	t.question = r.question
	if len(r.uses) > 0 {
		t.question, _ = compile(r.When, lists) // what is wrong with it has been told
	}
	return problems
}

// chainJSON is the public shape of a chain (docs/DESIGN.md section 6), every part of
// it optional.
type chainJSON struct {
	ID         correlate.ID          `json:"id"`
	Version    uint64                `json:"version"`
	Rank       uint32                `json:"rank"`
	Settled    *bool                 `json:"settled"`
	ActionID   correlate.ID          `json:"action_id"`
	Primary    *bool                 `json:"primary"`
	Time       time.Time             `json:"time"`
	Source     string                `json:"source"`
	EventID    string                `json:"event_id"`
	Status     correlate.Status      `json:"status"`
	Proof      correlate.Proof       `json:"proof"`
	Missing    correlate.Key         `json:"missing"`
	Reason     string                `json:"reason"`
	Tenant     string                `json:"tenant"`
	Requestor  correlate.Principal   `json:"requestor"`
	Approvers  []correlate.Approver  `json:"approvers"`
	Executor   executorJSON          `json:"executor"`
	Hops       []correlate.Hop       `json:"hops"`
	Candidates []correlate.Candidate `json:"candidates"`
	Action     string                `json:"action"`
	Class      correlate.Class       `json:"class"`
	Outcome    correlate.Outcome     `json:"outcome"`
	Error      string                `json:"error"`
	Resources  []correlate.Resource  `json:"resources"`
	Context    correlate.Context     `json:"context"`
	Usage      usageJSON             `json:"usage"`
	Evidence   correlate.Evidence    `json:"evidence"`
}

type executorJSON struct {
	correlate.Principal
	Key correlate.Key `json:"key"`
}

type usageJSON struct {
	correlate.Usage
	CostUSD *float64 `json:"cost_usd"` // absent means unknown
}

// readChain makes a chain of what YAML gave. Unknown fields are errors.
func readChain(v any, rule string, version uint64) (correlate.Chain, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return correlate.Chain{}, fmt.Errorf("not a chain: %w", err)
	}
	var j chainJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return correlate.Chain{}, errors.New(strings.TrimPrefix(err.Error(), "json: "))
	}
	for _, w := range []struct{ name, value string }{{"status", string(j.Status)}, {"class", string(j.Class)}, {"outcome", string(j.Outcome)}} {
		if w.value != "" && !slices.Contains(words[w.name], w.value) {
			return correlate.Chain{}, fmt.Errorf("%s %q: want one of %s", w.name, w.value, strings.Join(words[w.name], ", "))
		}
	}
	return j.chain(rule, version), nil
}

func (j *chainJSON) chain(rule string, version uint64) correlate.Chain {
	c := correlate.Chain{
		Event: correlate.Event{
			ID: j.ID, Source: j.Source, EventID: j.EventID, Time: j.Time, ActionID: j.ActionID, Primary: j.Primary == nil || *j.Primary,
			Tenant: j.Tenant, Actor: j.Executor.Principal, Action: j.Action, Class: j.Class, Outcome: j.Outcome, Error: j.Error,
			Resources: j.Resources, Context: j.Context, Usage: j.Usage.Usage, Evidence: j.Evidence,
		},
		Rank: j.Rank, Version: j.Version, Settled: j.Settled == nil || *j.Settled, Status: j.Status, Proof: j.Proof, Missing: j.Missing,
		Reason: j.Reason, Requestor: j.Requestor, Approvers: j.Approvers, Hops: j.Hops, Candidates: j.Candidates,
	}
	if j.Usage.CostUSD != nil {
		c.Usage.CostUSD, c.Usage.CostKnown = *j.Usage.CostUSD, true
	}
	if !j.Executor.Key.IsZero() {
		c.Uses = []correlate.Link{{Role: correlate.Acting, Key: j.Executor.Key, Proof: correlate.Attested, Method: "test"}}
	}
	if c.ID.IsZero() {
		c.ID = correlate.NewID("test", rule)
	}
	if c.ActionID.IsZero() {
		c.ActionID = c.ID
	}
	if c.Time.IsZero() {
		c.Time = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	}
	if c.Outcome == "" {
		c.Outcome = correlate.Success
	}
	if c.Version == 0 {
		c.Version = version
	}
	return c
}
