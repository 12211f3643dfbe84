package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

func timedRule(t *testing.T, over string) (*Set, Timed) {
	t.Helper()
	text := "id: timed\ntitle: t\nseverity: low\nwhy: w\nclasses: [model]\nwhen: requestor.unit != \"\"\ngroup: [requestor.id]\nover:\n" + over +
		"tests:\n  - {name: n, chains: [{class: auth}], alerts: []}\n"
	s, err := Load(fstest.MapFS{"timed.yaml": {Data: []byte(text)}, "lists/l.yaml": {Data: []byte("budgets: [\"p1=3\", \"p2=1.5\"]\n")}})
	if err != nil {
		t.Fatal(err)
	}
	return s, s.Timed()[0]
}

var overs = map[string]string{
	"count":      "  window: 1h\n  more_than: 2\n",
	"distinct":   "  window: 1h\n  distinct: context.ip\n  more_than: 1\n",
	"resources":  "  window: 2h\n  distinct: resources[].id\n  more_than: 2\n",
	"sum":        "  window: 1h\n  sum: usage.cost_usd\n  more_than: 0.5\n",
	"usual":      "  window: 1h\n  sum: usage.cost_usd\n  more_than: 0.1\n  usual: {past: 4h, times: 1.5}\n",
	"first seen": "  window: 1h\n  first_seen: {of: context.region, past: 5h}\n",
	"by some":    "  window: 1h\n  first_seen: {of: context.region, past: 5h, by: 'any(resources, .id == \"a1\")'}\n",
	"budget":     "  window: 1h\n  limits: budgets\n",
}

// someChains are chains of twelve hours, in three versions each: what is known of them
// at first, later, and in the end. Some are not the rule's in one version or another.
func someChains(dice *rand.Rand, n int) (versions [][]correlate.Chain) {
	start := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for i := range n {
		c := correlate.Chain{Event: correlate.Event{
			ID: correlate.NewID("c", fmt.Sprint(i)), Source: "s", Class: correlate.Model, Primary: dice.IntN(10) > 0,
			Time: start.Add(time.Duration(dice.IntN(12*3600)) * time.Second),
		}}
		if dice.IntN(8) == 0 {
			c.Class = correlate.Read
		}
		c.Context.IP, c.Context.Region = fmt.Sprint("192.0.2.", dice.IntN(3)), fmt.Sprint("r", dice.IntN(4))
		c.Resources = []correlate.Resource{{ID: fmt.Sprint("a", dice.IntN(3))}, {ID: fmt.Sprint("b", dice.IntN(3))}}
		c.Usage.CostUSD = float64(dice.IntN(1000)) / 3000
		var all []correlate.Chain
		for v := range 3 {
			c.Rank, c.Settled = uint32(v), v == 2
			c.Requestor = correlate.Principal{ID: fmt.Sprint("p", dice.IntN(4)), Unit: []string{"", "u", "u"}[dice.IntN(3)]}
			c.Seal(1)
			all = append(all, c.Clone())
		}
		versions = append(versions, all)
	}
	return versions
}

// TestTally: whatever was known when, and in whatever order the chains are read, what is
// open in the end is what would be had all been known at once; and an alert's version
// only rises.
func TestTally(t *testing.T) {
	start := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for name, over := range overs {
		t.Run(name, func(t *testing.T) {
			s, rule := timedRule(t, over)
			opened, closed := 0, 0
			for seed := range uint64(60) {
				dice := rand.New(rand.NewPCG(seed, 7))
				versions := someChains(dice, 60)
				tally := func(pick func(i int) int, from, to time.Time) *Tally {
					x := rule.NewTally(s.NewJudge(), from, to)
					for _, i := range dice.Perm(len(versions)) {
						c := versions[i][pick(i)]
						if c.Class != correlate.Model || c.Time.Before(from.Add(-rule.Before())) || !c.Time.Before(to) {
							continue // the archive is asked for no other
						}
						if err := x.Add(&c); err != nil {
							t.Fatal(err)
						}
					}
					return x
				}
				end := start.Add(12 * time.Hour)
				want := tally(func(int) int { return 2 }, start, end).Alerts()

				// Stored as ReplacingMergeTree keeps it: the highest version of an id.
				stored := map[correlate.ID]correlate.Alert{}
				known := make([]int, len(versions))
				for step := range 6 {
					from := start.Add(time.Duration(dice.IntN(6)*2) * time.Hour)
					to := from.Add(time.Duration(1+dice.IntN(6)) * 2 * time.Hour)
					for i := range known {
						known[i] = min(2, known[i]+dice.IntN(2))
					}
					if step == 5 {
						from, to, known = start, end, slices.Repeat([]int{2}, len(known))
					}
					to = time.Unix(0, min(to.UnixNano(), end.UnixNano())).UTC()
					var there []correlate.Alert
					for _, a := range stored {
						if !a.Over.From.Before(from) && a.Over.From.Before(to) {
							there = append(there, a)
						}
					}
					for _, a := range tally(func(i int) int { return known[i] }, from, to).Settle(there) {
						if old, ok := stored[a.ID]; ok && a.Version <= old.Version {
							t.Fatalf("seed %d: the version goes from %d to %d", seed, old.Version, a.Version)
						}
						if a.State == correlate.AlertClosed {
							closed++
						}
						stored[a.ID] = a
					}
				}
				var got []correlate.Alert
				for _, a := range stored {
					if a.State == correlate.AlertOpen {
						a.Update, a.Version = false, 0
						got = append(got, a)
					}
				}
				slices.SortFunc(got, func(a, b correlate.Alert) int { return strings.Compare(a.ID.String(), b.ID.String()) })
				for i := range want {
					want[i].Version = 0 // as often as it has changed, at least
				}
				slices.SortFunc(want, func(a, b correlate.Alert) int { return strings.Compare(a.ID.String(), b.ID.String()) })
				if d := cmp.Diff(want, got); d != "" {
					t.Fatalf("seed %d (-want +got):\n%s", seed, d)
				}
				opened += len(want)
			}
			if opened < 30 || closed < 5 {
				t.Errorf("only %d alerts were open in the end, and %d closed on the way", opened, closed)
			}
		})
	}
}

// TestTallyAgain: what is stored as it is found is not written again.
func TestTallyAgain(t *testing.T) {
	s, rule := timedRule(t, overs["count"])
	start := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	x := rule.NewTally(s.NewJudge(), start, start.Add(12*time.Hour))
	for _, v := range someChains(rand.New(rand.NewPCG(1, 1)), 200) {
		if c := v[2]; c.Class == correlate.Model {
			if err := x.Add(&c); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := x.Settle(nil)
	if len(all) == 0 {
		t.Fatal("no alerts")
	}
	if again := x.Settle(all); len(again) > 0 {
		t.Errorf("%d alerts are written again", len(again))
	}
}

func TestOverIsRefused(t *testing.T) {
	for over, want := range map[string]string{
		"{}":                          "window",
		"{window: 1h}":                "more_than is missing",
		"{window: 1s, more_than: 1}":  "want 1m to 35d",
		"{window: 1h, more_than: -1}": "want 0 or more",
		"{window: 1h, more_than: 1, distinct: usage.cost_usd}":                  "is no name of a text",
		"{window: 1h, more_than: 1, sum: context.ip}":                           "is no number",
		"{window: 1h, more_than: 1, sum: usage.cost_usd, distinct: context.ip}": "want one of",
		"{window: 1h, limits: nothing}":                                         `there is no list "nothing"`,
		"{window: 1h, more_than: 1, usual: {past: 90m, times: 2}}":              "whole number of windows",
		"{window: 1m, more_than: 1, usual: {past: 30d, times: 2}}":              "at most 1000",
		"{window: 1h, more_than: 1, usual: {past: 2h, times: 0}}":               "want more than 0",
		"{window: 1h, more_than: 1, windw: 2}":                                  "windw",
	} {
		text := "id: x\ntitle: t\nseverity: low\nwhy: w\nclasses: [model]\nwhen: settled\nover: " + over + "\ntests:\n  - {name: n, chains: [{class: auth}], alerts: []}\n"
		_, err := Load(fstest.MapFS{"x.yaml": {Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", over, err, want)
		}
	}
	text := "id: x\ntitle: t\nseverity: low\nwhy: w\nwhen: settled\nover: {window: 1h, more_than: 1}\ntests:\n  - {name: n, chains: [{class: auth}], alerts: []}\n"
	if _, err := Load(fstest.MapFS{"x.yaml": {Data: []byte(text)}}); err == nil || !strings.Contains(err.Error(), "name sources, classes or actions") {
		t.Errorf("without anything that narrows it: %v", err)
	}
}
