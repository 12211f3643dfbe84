package correlate

import (
	"slices"
	"time"
)

// AlertState is where an alert is in its life.
type AlertState string

// The alert states.
const (
	AlertOpen   AlertState = "open"
	AlertClosed AlertState = "closed"
)

// An Alert is a rule that matched a chain. Its ID is NewID("alert", rule, chain
// id), the same for every version of the chain, so an alert is updated and closed
// under one ID. Rules judge primary lines only, so one deed is alerted once. Version is that of the chain that was judged; the highest wins.
type Alert struct {
	ID       ID         `json:"id"`
	Version  uint64     `json:"version"`
	State    AlertState `json:"state"`
	Rule     string     `json:"rule"`
	Title    string     `json:"title"`
	Severity string     `json:"severity"`
	// RuleVersion is a hash of what the rule meant when it judged: the same rule with
	// another question, severity or list has another.
	RuleVersion string    `json:"rule_version,omitempty"`
	ChainID     ID        `json:"chain_id"`
	ActionID    ID        `json:"action_id"`
	Time        time.Time `json:"time"` // of the event
	Source      string    `json:"source"`
	Action      string    `json:"action"`
	Status      Status    `json:"status"`
	// Requestor, Executor and Resources are those of the chain.
	Requestor Principal  `json:"requestor,omitzero"`
	Executor  Principal  `json:"executor"`
	Resources []Resource `json:"resources,omitempty"`
	// Group is what the chain has in the names that the rule groups by, in their order.
	Group []string `json:"group,omitempty"`
	// Over is what a rule over time has found; it is zero for a rule of single chains.
	Over OverTime `json:"over,omitzero"`
	// Reason says, for a closed alert, what closed it; else the chain's reason.
	Reason string `json:"reason,omitempty"`
	// Update says that the version of the chain that was written before had the alert
	// already. It is for whoever is told of alerts, and is not stored: after a crash an
	// alert may be new a second time.
	Update bool `json:"-"`
}

// OverTime is what a rule over time has found in one window. The alert's ChainID is then
// its own ID, as it is about many chains; what it says of people and resources is from
// the last of them.
type OverTime struct {
	From   time.Time `json:"from"` // the window's start, and its end, which is no part of it
	To     time.Time `json:"to"`
	Value  float64   `json:"value"`
	Limit  float64   `json:"limit"`  // that the value is above
	Chains []ID      `json:"chains"` // the first of those that were counted
}

// OverVersion is the version of what was computed from all chains of a window: known is
// the sum of what is known of each, which only grows, and newest the highest version of
// them.
func OverVersion(newest, known uint64) uint64 {
	const room = rankBits + 1 + hashBits
	return newest>>room<<room | min(known, 1<<room-1)
}

// Clone returns a copy of a that shares no memory with it.
func (a *Alert) Clone() Alert {
	b := *a
	b.Requestor.ownLists()
	b.Executor.ownLists()
	b.Resources = slices.Clone(b.Resources)
	b.Group = slices.Clone(b.Group)
	b.Over.Chains = slices.Clone(b.Over.Chains)
	own(b.texts)
	return b
}

// texts visits every string of a, always in the same order.
func (a *Alert) texts(visit func(*string)) {
	for _, s := range [...]*string{
		(*string)(&a.State), &a.Rule, &a.Title, &a.Severity, &a.RuleVersion, &a.Source, &a.Action, (*string)(&a.Status), &a.Reason,
	} {
		visit(s)
	}
	a.Requestor.texts(visit)
	a.Executor.texts(visit)
	for i := range a.Resources {
		visit(&a.Resources[i].Type)
		visit(&a.Resources[i].ID)
	}
	for i := range a.Group {
		visit(&a.Group[i])
	}
}
