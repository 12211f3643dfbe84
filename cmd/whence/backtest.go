package main

import (
	"bytes"
	"slices"
	"time"

	"whence/correlate"
	"whence/rules"
)

// A trial asks rules about chains, each in its current version, and keeps account of
// the alerts. What it keeps is bounded for each rule, whatever the number of chains.
type trial struct {
	set      *rules.Set
	judge    *rules.Judge
	from, to time.Time
	events   int
	accounts map[string]*account
	over     []overTime
	cost     costs
	told     told
	truth    *truths           // nil if it is not known
	alerts   []correlate.Alert // used again
}

// overTime is a rule over time with its tally.
type overTime struct {
	rules.Timed
	tally *rules.Tally
	err   error // what ended it
}

// account is what one rule raised.
type account struct {
	rule   *rules.Rule
	alerts int
	days   map[string]int // by date
	groups tops
	people tops
	// shown are the alerts whose chains have the lowest ids: any, but the same ones
	// whatever the order.
	shown []correlate.Alert
	// closed is how many more were raised and closed by a later fact, -1 if that is
	// not known; installed, what the rule as it is installed has raised by now.
	closed    int
	installed *counted
}

type counted struct {
	Open   uint64 `json:"open"`
	Closed uint64 `json:"closed_by_later_facts"`
}

// maxChains is how many chains are shown for each rule.
const maxChains = 3

// newTrial looks at the events in [from, to).
func newTrial(set *rules.Set, from, to time.Time) *trial {
	t := &trial{set: set, judge: set.NewJudge(), from: from, to: to, accounts: map[string]*account{}}
	all := set.Rules()
	for i := range all {
		t.accounts[all[i].ID] = &account{rule: &all[i], days: map[string]int{}, closed: -1}
	}
	for _, r := range set.Timed() {
		w := r.Over.Window
		last := to.Truncate(w)
		if last.Before(to) {
			last = last.Add(w)
		}
		t.over = append(t.over, overTime{Timed: r, tally: r.NewTally(t.judge, from.Truncate(w), last)})
	}
	return t
}

// begin is from when on chains are needed: rules over time look at what was before.
func (t *trial) begin() time.Time {
	first := t.from
	for i := range t.over {
		if b := t.from.Truncate(t.over[i].Over.Window).Add(-t.over[i].Before()); b.Before(first) {
			first = b
		}
	}
	return first
}

// add takes one chain into account. It keeps nothing that the caller may change.
func (t *trial) add(c *correlate.Chain) {
	for i := range t.over {
		if o := &t.over[i]; o.err == nil {
			o.err = o.tally.Add(c)
		}
	}
	if c.Time.Before(t.from) || !c.Time.Before(t.to) {
		return
	}
	t.events++
	if t.truth != nil {
		t.truth.chain(c)
	}
	t.alerts = t.judge.Judge(nil, c, t.alerts[:0])
	for i := range t.alerts {
		t.account(&t.alerts[i], c)
	}
	t.cost.add(c)
}

// end computes what can be said only of all chains.
func (t *trial) end() {
	for i := range t.over {
		o := &t.over[i]
		if o.err != nil {
			continue
		}
		alerts := o.tally.Alerts()
		for j := range alerts {
			t.account(&alerts[j], nil)
		}
	}
	t.cost.measure(t.set)
}

// account takes an alert into account; c is its chain, or nil if it is one over time.
func (t *trial) account(a *correlate.Alert, c *correlate.Chain) {
	if t.truth != nil {
		t.truth.alert(a, c)
	}
	of := t.accounts[a.Rule]
	of.alerts++
	of.days[a.Time.UTC().Format(time.DateOnly)]++
	group := joined(", ", a.Group...)
	if len(a.Group) > 0 {
		of.groups.add(group)
	}
	who := a.Requestor.ID
	if who == "" {
		who = a.Executor.ID
	}
	of.people.add(who)
	t.told.add(a)
	at, _ := slices.BinarySearchFunc(of.shown, a, func(b correlate.Alert, a *correlate.Alert) int {
		return bytes.Compare(b.ChainID[:], a.ChainID[:])
	})
	if at < maxChains {
		of.shown = slices.Insert(of.shown, at, a.Clone())
		of.shown = of.shown[:min(len(of.shown), maxChains)]
	}
}
