package sinks

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"whence/correlate"
)

func alertTable() table[correlate.Alert] {
	type alert = correlate.Alert
	resources := func(a *alert) *[]correlate.Resource { return &a.Resources }
	return newTable("alerts",
		[]column[alert]{
			ident("id", func(a *alert) *correlate.ID { return &a.ID }),
			field("version", func(a *alert) *uint64 { return &a.Version }),
			text("state", func(a *alert) *correlate.AlertState { return &a.State }),
			text("rule", func(a *alert) *string { return &a.Rule }),
			text("title", func(a *alert) *string { return &a.Title }),
			text("severity", func(a *alert) *string { return &a.Severity }),
			text("rule_version", func(a *alert) *string { return &a.RuleVersion }),
			ident("chain_id", func(a *alert) *correlate.ID { return &a.ChainID }),
			ident("action_id", func(a *alert) *correlate.ID { return &a.ActionID }),
			instant("time", func(a *alert) *time.Time { return &a.Time }),
			text("source", func(a *alert) *string { return &a.Source }),
			text("action", func(a *alert) *string { return &a.Action }),
			text("status", func(a *alert) *correlate.Status { return &a.Status }),
			text("reason", func(a *alert) *string { return &a.Reason }),
			texts("group", func(a *alert) *[]string { return &a.Group }, func(s *string) *string { return s }),
		},
		principal("requestor", func(a *alert) *correlate.Principal { return &a.Requestor }),
		principal("executor", func(a *alert) *correlate.Principal { return &a.Executor }),
		[]column[alert]{
			texts("resources.type", resources, func(r *correlate.Resource) *string { return &r.Type }),
			texts("resources.id", resources, func(r *correlate.Resource) *string { return &r.ID }),
			wide("rest", packAlertRest, unpackAlertRest),
		},
	)
}

// alertRest is what the flat columns of an alert cannot hold.
type alertRest struct {
	RequestorNames []string   `json:"requestor_names,omitempty"`
	ExecutorNames  []string   `json:"executor_names,omitempty"`
	Time           *time.Time `json:"time,omitempty"`
	Group          []string   `json:"group,omitempty"` // before it had a column

	Over *correlate.OverTime `json:"over,omitempty"`
}

// packAlertRest appends the JSON of an alertRest, or nothing.
func packAlertRest(b []byte, a *correlate.Alert) ([]byte, error) {
	o := object{b: b, at: len(b)}
	o.names("requestor_names", a.Requestor.Names)
	o.names("executor_names", a.Executor.Names)
	o.time("time", a.Time)
	if !a.Over.From.IsZero() {
		o.name("over")
		var err error
		if o.b, err = appendOver(o.b, &a.Over); err != nil {
			return o.b, fmt.Errorf("encode the window of alert %s: %w", a.ID, err)
		}
	}
	if o.err != nil {
		return o.b, fmt.Errorf("encode the time of alert %s: %w", a.ID, o.err)
	}
	return o.close(), nil
}

// appendOver appends the JSON of a time window.
func appendOver(b []byte, w *correlate.OverTime) (_ []byte, err error) {
	if b, err = appendJSONTime(append(b, `{"from":`...), w.From); err != nil {
		return b, err
	}
	if b, err = appendJSONTime(append(b, `,"to":`...), w.To); err != nil {
		return b, err
	}
	b = strconv.AppendFloat(append(b, `,"value":`...), w.Value, 'g', -1, 64)
	b = strconv.AppendFloat(append(b, `,"limit":`...), w.Limit, 'g', -1, 64)
	b = append(b, `,"chains":[`...)
	for i := range w.Chains {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(hex.AppendEncode(append(b, '"'), w.Chains[i][:]), '"')
	}
	return append(b, ']', '}'), nil
}

func unpackAlertRest(a *correlate.Alert, s string) error {
	if s == "" {
		return nil
	}
	var r alertRest
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return fmt.Errorf("decode the rest of alert %s: %w", a.ID, err)
	}
	a.Requestor.Names, a.Executor.Names = r.RequestorNames, r.ExecutorNames
	if len(r.Group) > 0 {
		a.Group = r.Group
	}
	if r.Time != nil {
		a.Time = *r.Time
	}
	if r.Over != nil {
		a.Over = *r.Over
	}
	return nil
}
