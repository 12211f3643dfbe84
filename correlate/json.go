package correlate

import (
	"encoding/json"
	"fmt"
	"time"
)

// chainJSON is the public shape of a chain: docs/DESIGN.md section 6.
type chainJSON struct {
	ID         ID          `json:"id"`
	Version    uint64      `json:"version"`
	Rank       uint32      `json:"rank"`
	Settled    bool        `json:"settled"`
	ActionID   ID          `json:"action_id"`
	Primary    bool        `json:"primary"`
	Time       time.Time   `json:"time"`
	Source     string      `json:"source"`
	EventID    string      `json:"event_id"`
	Status     Status      `json:"status"`
	Proof      Proof       `json:"proof"`
	Missing    Key         `json:"missing"`
	Reason     string      `json:"reason"`
	Tenant     string      `json:"tenant"`
	Requestor  Principal   `json:"requestor,omitzero"`
	Approvers  []Approver  `json:"approvers"`
	Executor   executor    `json:"executor"`
	Hops       []Hop       `json:"hops"`
	Candidates []Candidate `json:"candidates"`
	Action     string      `json:"action"`
	Class      Class       `json:"class"`
	Outcome    Outcome     `json:"outcome"`
	Error      string      `json:"error"`
	Resources  []Resource  `json:"resources"`
	Context    Context     `json:"context"`
	Usage      Usage       `json:"usage,omitzero"`
	Evidence   Evidence    `json:"evidence"`
	Signals    []string    `json:"signals,omitempty"`
}

type executor struct {
	Principal
	Key Key `json:"key,omitzero"`
}

// MarshalJSON writes the chain as docs/DESIGN.md section 6 fixes it. Every field
// but requestor and usage is there, empty where nothing is known; those two, and
// fields within objects, are absent where they are unknown. Times are UTC.
func (c Chain) MarshalJSON() ([]byte, error) {
	hops := make([]Hop, len(c.Hops))
	for i, h := range c.Hops {
		h.Time = utc(h.Time)
		hops[i] = h
	}
	approvers := make([]Approver, len(c.Approvers))
	for i, a := range c.Approvers {
		a.Time = utc(a.Time)
		approvers[i] = a
	}
	return json.Marshal(chainJSON{
		ID: c.ID, Version: c.Version, Rank: c.Rank, Settled: c.Settled, ActionID: c.ActionID, Primary: c.Primary,
		Time: utc(c.Time), Source: c.Source, EventID: c.EventID, Status: c.Status, Proof: c.Proof,
		Missing: c.Missing, Reason: c.Reason, Tenant: c.Tenant, Requestor: c.Requestor, Approvers: approvers,
		Executor: executor{c.Actor, c.Key()}, Hops: hops, Candidates: listed(c.Candidates),
		Action: c.Action, Class: c.Class, Outcome: c.Outcome, Error: c.Error, Resources: listed(c.Resources),
		Context: c.Context, Usage: c.Usage, Evidence: c.Evidence, Signals: c.Signals,
	})
}

// listed makes an empty list of none, which JSON would write as null.
func listed[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// absent makes none of an empty list.
func absent[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

// UnmarshalJSON reads what MarshalJSON wrote, and fields that a newer version
// adds are passed over. What is no part of the JSON stays empty: facts, walked
// keys, and of the links all but the key the event acted with.
func (c *Chain) UnmarshalJSON(b []byte) error {
	var j chainJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("read chain: %w", err)
	}
	*c = Chain{
		Event: Event{
			ID: j.ID, Source: j.Source, EventID: j.EventID, Time: j.Time, ActionID: j.ActionID, Primary: j.Primary,
			Tenant: j.Tenant, Actor: j.Executor.Principal, Action: j.Action, Class: j.Class, Outcome: j.Outcome, Error: j.Error,
			Resources: absent(j.Resources), Context: j.Context, Usage: j.Usage, Evidence: j.Evidence, Signals: absent(j.Signals),
		},
		Rank: j.Rank, Version: j.Version, Settled: j.Settled, Status: j.Status, Proof: j.Proof, Missing: j.Missing,
		Reason: j.Reason, Requestor: j.Requestor, Approvers: absent(j.Approvers), Hops: j.Hops, Candidates: absent(j.Candidates),
	}
	if !j.Executor.Key.IsZero() {
		c.Uses = []Link{{Role: Acting, Key: j.Executor.Key}}
		if len(j.Hops) > 0 {
			c.Uses[0].Proof, c.Uses[0].Method = j.Hops[0].Proof, j.Hops[0].Method
		}
	}
	// The cost is written when it is not zero. A usage that is there and empty is
	// of a call that is known to have cost nothing.
	var shown struct {
		Usage *Usage `json:"usage,omitzero"`
	}
	if err := json.Unmarshal(b, &shown); err != nil {
		return fmt.Errorf("read chain: %w", err)
	}
	c.Usage.CostKnown = shown.Usage != nil && (shown.Usage.CostUSD != 0 || *shown.Usage == Usage{})
	return nil
}

// eventJSON is the public shape of a decoded event: `whence try --events`.
type eventJSON struct {
	ID        ID         `json:"id"`
	Source    string     `json:"source"`
	EventID   string     `json:"event_id"`
	Time      time.Time  `json:"time"`
	ActionID  ID         `json:"action_id"`
	Primary   bool       `json:"primary"`
	Tenant    string     `json:"tenant,omitempty"`
	Action    string     `json:"action"`
	Class     Class      `json:"class"`
	Outcome   Outcome    `json:"outcome"`
	Error     string     `json:"error"`
	Actor     Principal  `json:"actor"`
	Resources []Resource `json:"resources"`
	Context   Context    `json:"context"`
	Usage     Usage      `json:"usage,omitzero"`
	Uses      []Key      `json:"uses"`
	Mints     []Key      `json:"mints"`
	Links     []Link     `json:"links,omitempty"`
	Facts     []Fact     `json:"facts,omitempty"`
	Evidence  Evidence   `json:"evidence"`
}

// MarshalJSON writes the event as docs/DESIGN.md section 6 names its fields. uses and
// mints are keys; links and facts tell the same in full.
func (e Event) MarshalJSON() ([]byte, error) {
	out := eventJSON{
		ID: e.ID, Source: e.Source, EventID: e.EventID, Time: utc(e.Time), ActionID: e.ActionID, Primary: e.Primary,
		Tenant: e.Tenant, Action: e.Action, Class: e.Class, Outcome: e.Outcome, Error: e.Error, Actor: e.Actor,
		Resources: listed(e.Resources), Context: e.Context, Usage: e.Usage, Uses: []Key{}, Mints: []Key{},
		Links: e.Uses, Facts: e.Mints, Evidence: e.Evidence,
	}
	for _, u := range e.Uses {
		if !u.Key.IsZero() {
			out.Uses = append(out.Uses, u.Key)
		}
	}
	for _, f := range e.Mints {
		if f.Kind == Account {
			out.Mints = append(out.Mints, f.Key)
		}
	}
	return json.Marshal(out)
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// canonical is a total order's key for facts that are otherwise equal.
func canonical(f *Fact) string {
	b, err := json.Marshal(f)
	if err != nil {
		panic("correlate: a fact must always encode: " + err.Error())
	}
	return string(b)
}
