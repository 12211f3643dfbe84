package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"whence/correlate"
	notices "whence/rules/notice"
)

// backtestReport is what a trial found.
type backtestReport struct {
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	Events     int       `json:"events"`
	Rules      int       `json:"rules"`
	Alerts     int       `json:"alerts"`
	Told       int       `json:"told"`
	Per100k    float64   `json:"alerts_per_100000_events"`
	CPUNanosec int64     `json:"cpu_ns_per_event"`
	Failing    int       `json:"rules_failing"`

	of []ruleReport // the loudest first
}

// ruleReport is what one rule would have done.
type ruleReport struct {
	Rule       string         `json:"rule"`
	Title      string         `json:"title"`
	Severity   string         `json:"severity"`
	Version    string         `json:"version"`
	Alerts     int            `json:"alerts"`
	Told       int            `json:"told"` // those that are neither suppressed nor inhibited
	PerDay     float64        `json:"alerts_per_day"`
	Days       map[string]int `json:"days,omitempty"`
	Groups     []top          `json:"groups,omitempty"`
	Principals []top          `json:"principals,omitempty"`
	// Closed is how many alerts more would have been closed by later facts.
	Closed    *int         `json:"closed_by_later_facts,omitempty"`
	Installed *counted     `json:"as_installed,omitempty"`
	Chains    []shownChain `json:"chains,omitempty"`
	CPU       int64        `json:"cpu_ns_per_event"`
	Failures  uint64       `json:"failures,omitempty"`
	Error     string       `json:"error,omitempty"`
}

// shownChain is an alert with a line about its chain.
type shownChain struct {
	ID   correlate.ID `json:"id"`
	Line string       `json:"line"`
}

func (t *trial) report() *backtestReport {
	r := &backtestReport{From: t.from, To: t.to, Events: t.events, Rules: len(t.accounts), CPUNanosec: int64(t.cost.all)}
	told := t.told.count(notices.Policies(t.set))
	for _, id := range slices.Sorted(maps.Keys(t.accounts)) {
		one := t.accounts[id].report(r.days())
		one.Told = told[id]
		r.Told += one.Told
		one.CPU = int64(t.cost.each[id])
		r.Alerts += one.Alerts
		r.of = append(r.of, one)
	}
	for _, f := range t.set.Failures() {
		r.fail(f.Rule, f.Count, f.Err)
	}
	for i := range t.over {
		if o := &t.over[i]; o.err != nil {
			r.fail(o.ID, 1, o.err)
		}
	}
	if r.Events > 0 {
		r.Per100k = float64(r.Alerts) * 100_000 / float64(r.Events)
	}
	slices.SortStableFunc(r.of, func(a, b ruleReport) int { return cmp.Compare(b.Alerts, a.Alerts) })
	return r
}

func (r *backtestReport) days() float64 { return max(r.To.Sub(r.From).Hours()/24, 1) }

func (r *backtestReport) fail(rule string, n uint64, err error) {
	for i := range r.of {
		if r.of[i].Rule == rule {
			r.Failing++
			r.of[i].Failures, r.of[i].Error = n, err.Error()
		}
	}
}

func (a *account) report(days float64) ruleReport {
	r := ruleReport{
		Rule: a.rule.ID, Title: a.rule.Title, Severity: string(a.rule.Severity), Version: a.rule.Version,
		Alerts: a.alerts, PerDay: float64(a.alerts) / days, Days: a.days,
		Groups: a.groups.first(), Principals: a.people.first(), Installed: a.installed,
	}
	if a.closed >= 0 {
		r.Closed = &a.closed
	}
	for i := range a.shown {
		r.Chains = append(r.Chains, shownChain{a.shown[i].ChainID, alertLine(&a.shown[i])})
	}
	return r
}

// alertLine says in one line what an alert is about. What logs say is made printable.
func alertLine(a *correlate.Alert) string {
	by := a.Executor.ID
	if a.Requestor.ID != "" && a.Requestor.ID != by {
		by = joined(" for ", by, a.Requestor.ID)
	}
	on := ""
	if len(a.Resources) > 0 {
		on = a.Resources[0].ID
	}
	line := joined(", ", joined(" ", moment(a.Time), a.Source, a.Action, labeled("by", by), labeled("on", on)), string(a.Status), a.Reason)
	return printable(line)
}

func (r *backtestReport) json(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return err
	}
	for i := range r.of {
		if err := enc.Encode(&r.of[i]); err != nil {
			return err
		}
	}
	return nil
}

// noisy is an error if a rule raises more alerts a day than may be.
func (r *backtestReport) noisy(most float64) error {
	var loud []string
	for _, o := range r.of {
		if o.PerDay > most {
			loud = append(loud, fmt.Sprintf("%s %.1f", o.Rule, o.PerDay))
		}
	}
	if len(loud) == 0 {
		return nil
	}
	return fmt.Errorf("%s: more than %g alerts a day: %s", count(len(loud), "rule"), most, strings.Join(loud, ", "))
}
