package sinks_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/sinks"
)

// TestWindows: what ClickHouse sums up are the versions of the current chains, and windows begin where time.Truncate has them begin, before 1970 too.
func TestWindows(t *testing.T) {
	c := clickHouse(t)
	start := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	var all []correlate.Chain
	for i := range 60 {
		ch := correlate.Chain{Event: correlate.Event{
			ID: correlate.NewID("w", fmt.Sprint(i)), Source: []string{"a", "b"}[i%2], Class: []correlate.Class{correlate.Model, correlate.Write, correlate.Read}[i%3],
			Action: []string{"s3:PutObject", "s3:GetObject", "iam:CreateUser"}[i%3], Time: start.Add(time.Duration(i*37) * time.Minute), Primary: true,
		}, Status: correlate.Partial}
		for rank := range uint32(3) { // only the last counts
			ch.Rank, ch.Settled = rank+uint32(i%4), rank == 2 && i%2 == 0
			ch.Seal(3)
			if rank == 0 || rank == 2 {
				write(t, c, ch)
			}
		}
		all = append(all, ch)
	}
	for name, s := range map[string]sinks.Selection{
		"all":     {},
		"sources": {Sources: []string{"a"}},
		"classes": {Classes: []string{"model", "write"}, Actions: []string{"s3:PutObject", "s3:GetObject"}},
		"prefix":  {Prefixes: []string{"iam:", "sts:"}},
		"part":    {From: start.Add(5 * time.Hour), To: start.Add(11 * time.Hour)},
	} {
		if s.From.IsZero() {
			s.From, s.To = start.Add(-time.Hour), start.Add(1000*time.Hour)
		}
		for _, window := range []time.Duration{time.Hour, 7 * 24 * time.Hour, 35 * 24 * time.Hour} {
			want, got := map[time.Time]uint64{}, map[time.Time]uint64{}
			var ids []string
			for i := range all {
				ch := &all[i]
				if !selected(s, ch) {
					continue
				}
				want[ch.Time.Truncate(window)] += ch.Version
				ids = append(ids, ch.ID.String())
			}
			err := c.Seen(t.Context(), s, window, func(start time.Time, sum uint64) error {
				got[start] = sum
				return nil
			})
			if d := cmp.Diff(want, got); d != "" || err != nil {
				t.Errorf("%s, %v: %v (-want +got):\n%s", name, window, err, d)
			}
			var read []string
			if err := c.Selected(t.Context(), s, func(ch correlate.Chain) error { read = append(read, ch.ID.String()); return nil }); err != nil {
				t.Fatal(err)
			}
			slices.Sort(ids)
			slices.Sort(read)
			if d := cmp.Diff(ids, read); d != "" {
				t.Errorf("%s: selected (-want +got):\n%s", name, d)
			}
		}
	}
}

func selected(s sinks.Selection, c *correlate.Chain) bool {
	in := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	return !c.Time.Before(s.From) && c.Time.Before(s.To) && in(s.Sources, c.Source) && in(s.Classes, string(c.Class)) && in(s.Actions, c.Action) &&
		(len(s.Prefixes) == 0 || slices.ContainsFunc(s.Prefixes, func(p string) bool { return strings.HasPrefix(c.Action, p) }))
}

// TestJudged: what was computed from what is found again, the latest of each window and
// wording; and alerts of windows come back whole.
func TestJudged(t *testing.T) {
	c := clickHouse(t)
	start := time.Now().UTC().Truncate(time.Hour).Add(-5 * time.Hour) // the table forgets
	for _, windows := range []map[time.Time]uint64{{start: 9, start.Add(time.Hour): 6}, {start: 7}, {start: 7}, {}} {
		if err := c.Judge(t.Context(), "r", "v1", windows); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Judge(t.Context(), "r", "v2", map[time.Time]uint64{start: 1}); err != nil {
		t.Fatal(err)
	}
	got := map[time.Time]uint64{}
	err := c.Judged(t.Context(), "r", "v1", start, start.Add(2*time.Hour), func(at time.Time, version uint64) error { got[at] = version; return nil })
	if d := cmp.Diff(map[time.Time]uint64{start: 7, start.Add(time.Hour): 6}, got); d != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
	a := correlate.Alert{
		ID: correlate.NewID("over"), ChainID: correlate.NewID("over"), ActionID: correlate.NewID("over"), Version: 9, State: correlate.AlertOpen,
		Rule: "r", Title: "t", Severity: "low", RuleVersion: "v1", Time: start, Source: "s", Action: "a", Group: []string{"alice@example.com", ""},
		Over: correlate.OverTime{From: start, To: start.Add(time.Hour), Value: 3.5, Limit: 2, Chains: []correlate.ID{correlate.NewID("c")}},
	}
	if err := c.Write(t.Context(), &sinks.Output{Alerts: []correlate.Alert{a}}); err != nil {
		t.Fatal(err)
	}
	var back []correlate.Alert
	keep := func(a correlate.Alert) error { back = append(back, a); return nil }
	if err := c.WindowAlerts(t.Context(), "r", start, start.Add(time.Hour), keep); err != nil {
		t.Fatal(err)
	}
	if err := c.OrphanAlerts(t.Context(), []string{"other"}, keep); err != nil {
		t.Fatal(err)
	}
	if err := c.OrphanAlerts(t.Context(), []string{"r"}, keep); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]correlate.Alert{a, a}, back); d != "" {
		t.Errorf("alerts (-want +got):\n%s", d)
	}
}
