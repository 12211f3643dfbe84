package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"whence/correlate"
	"whence/correlate/index"
	"whence/rules"
	"whence/sources"
)

// partChains is how many chains of files are in memory at once, beside their events.
const partChains = 4096

// tryRules asks set about the chains of events, from since before the last of them; 0
// for all. truth may be nil.
func tryRules(ctx context.Context, set *rules.Set, events []*correlate.Event, d *correlate.Directory, truth *truths, since time.Duration) (*trial, error) {
	first, last := events[0].Time, events[0].Time
	for _, e := range events {
		if e.Time.Before(first) {
			first = e.Time
		}
		if e.Time.After(last) {
			last = e.Time
		}
	}
	to := last.Add(time.Nanosecond)
	if from := to.Add(-since); since > 0 && from.After(first) {
		first = from
	}
	again, err := set.Only(idsOf(set)...) // so that what fails is counted once
	if err != nil {
		return nil, err
	}
	raised, err := firstSight(ctx, again, events, d)
	if err != nil {
		return nil, err
	}
	t := newTrial(set, first, to)
	t.truth = truth
	still := again.NewJudge()
	err = settleParts(ctx, events, d, false, partChains, func(part []correlate.Chain) {
		for i := range part {
			c := &part[i]
			t.add(c)
			if early := raised[c.ID]; early != nil && !c.Time.Before(first) {
				t.closings(still, early, c)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	t.end()
	for _, a := range t.accounts {
		if !a.rule.Settled && a.rule.Over == nil {
			a.closed = max(a.closed, 0)
		}
	}
	return t, nil
}

// closings counts the alerts that early would have raised and c closes.
func (t *trial) closings(j *rules.Judge, early, c *correlate.Chain) {
	for _, a := range j.Judge(early, c, nil) {
		if a.State == correlate.AlertClosed {
			of := t.accounts[a.Rule]
			of.closed = max(of.closed, 0) + 1
		}
	}
}

// firstSight walks each event by what had been told up to then alone, in the order in
// which things happened, and returns the chains that raise an alert so.
func firstSight(ctx context.Context, set *rules.Set, events []*correlate.Event, d *correlate.Directory) (map[correlate.ID]*correlate.Chain, error) {
	epoch, err := epochOf(0, d)
	if err != nil {
		return nil, wrong(err)
	}
	table := index.NewMemory()
	r := &correlate.Resolver{Index: table, Kinds: sources.Kinds(sources.All()...), Directory: d, Epoch: epoch}
	j := set.NewJudge()
	raised := map[correlate.ID]*correlate.Chain{}
	slices.SortFunc(events, func(a, b *correlate.Event) int {
		return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.ID[:], b.ID[:]))
	})
	var alerts []correlate.Alert
	for i, e := range events {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err := table.Put(e.Mints, nil); err != nil {
			return nil, fmt.Errorf("bind sessions: %w", err)
		}
		c, err := r.Resolve(ctx, *e)
		if err != nil {
			return nil, err
		}
		if alerts = j.Judge(nil, &c, alerts[:0]); len(alerts) > 0 {
			kept := c.Clone()
			raised[c.ID] = &kept
		}
	}
	return raised, nil
}
