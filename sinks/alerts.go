package sinks

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"whence/correlate"
)

func alertTable() table[correlate.Alert] {
	type alert = correlate.Alert
	resources := func(a *alert) *[]correlate.Resource { return &a.Resources }
	return table[alert]{"alerts", slices.Concat(
		[]column[alert]{
			ident("id", func(a *alert) *correlate.ID { return &a.ID }),
			field("version", func(a *alert) *uint64 { return &a.Version }),
			text("state", func(a *alert) *correlate.AlertState { return &a.State }),
			text("rule", func(a *alert) *string { return &a.Rule }),
			text("title", func(a *alert) *string { return &a.Title }),
			text("severity", func(a *alert) *string { return &a.Severity }),
			ident("chain_id", func(a *alert) *correlate.ID { return &a.ChainID }),
			ident("action_id", func(a *alert) *correlate.ID { return &a.ActionID }),
			instant("time", func(a *alert) *time.Time { return &a.Time }),
			text("source", func(a *alert) *string { return &a.Source }),
			text("action", func(a *alert) *string { return &a.Action }),
			text("status", func(a *alert) *correlate.Status { return &a.Status }),
			text("reason", func(a *alert) *string { return &a.Reason }),
		},
		principal("requestor", func(a *alert) *correlate.Principal { return &a.Requestor }),
		principal("executor", func(a *alert) *correlate.Principal { return &a.Executor }),
		[]column[alert]{
			texts("resources.type", resources, func(r *correlate.Resource) *string { return &r.Type }),
			texts("resources.id", resources, func(r *correlate.Resource) *string { return &r.ID }),
			scalar("rest", packAlertRest, unpackAlertRest),
		},
	)}
}

// alertRest is what the flat columns of an alert cannot hold.
type alertRest struct {
	RequestorNames []string   `json:"requestor_names,omitempty"`
	ExecutorNames  []string   `json:"executor_names,omitempty"`
	Time           *time.Time `json:"time,omitempty"`
}

func packAlertRest(a *correlate.Alert) (string, error) {
	r := alertRest{RequestorNames: a.Requestor.Names, ExecutorNames: a.Executor.Names}
	if !exact(a.Time) {
		r.Time = &a.Time
	}
	b, err := json.Marshal(&r)
	if err != nil {
		return "", fmt.Errorf("encode the rest of alert %s: %w", a.ID, err)
	}
	return string(b), nil
}

func unpackAlertRest(a *correlate.Alert, s string) error {
	var r alertRest
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return fmt.Errorf("decode the rest of alert %s: %w", a.ID, err)
	}
	a.Requestor.Names, a.Executor.Names = r.RequestorNames, r.ExecutorNames
	if r.Time != nil {
		a.Time = *r.Time
	}
	return nil
}
