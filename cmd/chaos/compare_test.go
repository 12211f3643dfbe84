package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// chain is the one that tells of an event; reason stands for its content.
func chain(eventID, reason string) *correlate.Chain {
	c := &correlate.Chain{Reason: reason, Settled: true}
	c.ID, c.Source, c.EventID = correlate.NewID(eventID), "okta.system_log", eventID
	return c
}

func holding(alerts map[string]string, chains ...*correlate.Chain) *contents {
	c := newContents()
	for _, ch := range chains {
		c.add(ch)
	}
	if alerts != nil {
		c.alerts = alerts
	}
	return c
}

func TestCompare(t *testing.T) {
	one, two := line{"okta.system_log", "1"}, line{"okta.system_log", "2"}
	expected := map[line]struct{}{one: {}, two: {}}
	unsettled := chain("2", "")
	unsettled.Settled = false
	moved := chain("2", "")
	moved.Evidence.Offset, moved.Version = 77, 99
	other := chain("2", "")
	other.ID = correlate.NewID("another hash of the same event")
	for _, tt := range []struct {
		name string
		a, b *contents
		want differences
	}{
		{"equal", holding(nil, chain("1", ""), chain("2", "")), holding(nil, chain("2", ""), chain("1", "")), differences{}},
		{"another offset and version", holding(nil, chain("1", ""), moved), holding(nil, chain("1", ""), chain("2", "")), differences{}},
		{"lost by the killed", holding(nil, chain("1", "")), holding(nil, chain("1", ""), chain("2", "")), differences{lost: []line{two}}},
		{"lost by both", holding(nil, chain("1", "")), holding(nil, chain("1", "")), differences{lost: []line{two}}},
		{"everything lost", holding(nil), holding(nil), differences{lost: []line{one, two}}},
		{
			"one id twice", holding(nil, chain("1", ""), chain("2", ""), chain("2", "")), holding(nil, chain("1", ""), chain("2", "")),
			differences{duplicated: []line{two}},
		},
		{
			"one event under two ids", holding(nil, chain("1", ""), chain("2", ""), other), holding(nil, chain("1", ""), chain("2", ""), other),
			differences{duplicated: []line{two}},
		},
		{
			"another content", holding(nil, chain("1", "a"), chain("2", "")), holding(nil, chain("1", "b"), chain("2", "")),
			differences{chains: []correlate.ID{correlate.NewID("1")}},
		},
		{
			"not settled", holding(nil, chain("1", ""), unsettled), holding(nil, chain("1", ""), chain("2", "")),
			differences{chains: []correlate.ID{correlate.NewID("2")}},
		},
		{
			"an event that nobody sent", holding(nil, chain("1", ""), chain("2", ""), chain("3", "")), holding(nil, chain("1", ""), chain("2", "")),
			differences{chains: []correlate.ID{correlate.NewID("3")}},
		},
		{
			"an event that nobody sent, in both", holding(nil, chain("1", ""), chain("2", ""), chain("3", "")),
			holding(nil, chain("1", ""), chain("2", ""), chain("3", "")), differences{chains: []correlate.ID{correlate.NewID("3")}},
		},
		{
			"alerts", holding(map[string]string{"x": "a", "y": "a", "z": "a"}, chain("1", ""), chain("2", "")),
			holding(map[string]string{"w": "a", "y": "b", "z": "a"}, chain("1", ""), chain("2", "")),
			differences{alerts: []string{"w", "x", "y"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := compare(expected, tt.a, tt.b)
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(differences{}, line{})); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestResult(t *testing.T) {
	r := result{events: 200, faults: 30}
	if !r.clean() {
		t.Error("no differences, and not clean")
	}
	if got, want := r.String(), "chaos: events=200 faults=30 lost=0 duplicated=0 different=0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, r := range []result{{lost: 1}, {duplicated: 1}, {different: 1}} {
		if r.clean() {
			t.Errorf("%s counts as clean", r)
		}
	}
}
