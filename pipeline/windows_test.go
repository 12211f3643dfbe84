package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/rules"
	"whence/sinks"
)

// windowSink is a memSink that is a History too.
type windowSink struct {
	*memSink
	judged map[string]map[time.Time]uint64
	broken func(call string) error // nil for never
}

func newWindowSink() *windowSink {
	return &windowSink{memSink: newMemSink(), judged: map[string]map[time.Time]uint64{}, broken: func(string) error { return nil }}
}

func (s *windowSink) Write(ctx context.Context, out *sinks.Output) error {
	if err := s.broken("write"); err != nil {
		return err
	}
	return s.memSink.Write(ctx, out)
}

func (s *windowSink) Selected(_ context.Context, sel sinks.Selection, yield func(correlate.Chain) error) error {
	if err := s.broken("selected"); err != nil {
		return err
	}
	return s.each(yield, func(c *correlate.Chain) bool {
		return !c.Time.Before(sel.From) && c.Time.Before(sel.To) && slices.Contains(sel.Classes, string(c.Class))
	})
}

func (s *windowSink) Seen(ctx context.Context, sel sinks.Selection, window time.Duration, yield func(time.Time, uint64) error) error {
	all := map[time.Time]uint64{}
	err := s.Selected(ctx, sel, func(c correlate.Chain) error {
		all[c.Time.Truncate(window)] += c.Version
		return nil
	})
	for at, sum := range all {
		if err == nil {
			err = yield(at, sum)
		}
	}
	return err
}

func (s *windowSink) WindowAlerts(_ context.Context, rule string, from, to time.Time, yield func(correlate.Alert) error) error {
	for _, a := range s.alerts {
		if a.Rule == rule && !a.Time.Before(from) && a.Time.Before(to) {
			if err := yield(a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *windowSink) OrphanAlerts(_ context.Context, rules []string, yield func(correlate.Alert) error) error {
	for _, a := range s.alerts {
		if a.State == correlate.AlertOpen && !slices.Contains(rules, a.Rule) {
			if err := yield(a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *windowSink) Judged(_ context.Context, rule, wording string, from, to time.Time, yield func(time.Time, uint64) error) error {
	for at, version := range s.judged[rule+wording] {
		if !at.Before(from) && at.Before(to) {
			if err := yield(at, version); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *windowSink) Judge(_ context.Context, rule, wording string, windows map[time.Time]uint64) error {
	if err := s.broken("judge"); err != nil {
		return err
	}
	if s.judged[rule+wording] == nil {
		s.judged[rule+wording] = map[time.Time]uint64{}
	}
	for at, version := range windows {
		s.judged[rule+wording][at] = version
	}
	return nil
}

const windowRule = `id: %s
title: t
severity: low
why: w
classes: [model]
when: requestor.id != ""
group: [requestor.id]
over:
%s
tests:
  - {name: n, chains: [{class: auth}], alerts: []}
`

func windowRules(t *testing.T, over map[string]string) *rules.Set {
	t.Helper()
	files := fstest.MapFS{}
	for name, text := range over {
		files[name+".yaml"] = &fstest.MapFile{Data: fmt.Appendf(nil, windowRule, name, text)}
	}
	s, err := rules.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// a wall that tests move.
type wall struct{ at time.Time }

func (w *wall) now() time.Time { return w.at }

func newTimekeeper(s *windowSink, set *rules.Set, w *wall) *timekeeper {
	r := &Repair{
		clock: correlate.NewMarks("g", 1, nil, w.now), history: s, sink: s, log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	r.judges.onError = func(string, bool, error) {}
	r.judges.use(set)
	return &timekeeper{Repair: r}
}

var errBroken = errors.New("broken")

// TestTimekeeper: chains come, improve and settle at any time, long after their windows
// too; owners change, fail and begin anew. What is open in the end is what one owner
// finds who knew everything from the start.
func TestTimekeeper(t *testing.T) {
	over := map[string]string{
		"count": "  window: 1h\n  more_than: 1\n",
		"first": "  window: 2h\n  first_seen: {of: context.region, past: 6h}\n",
		"usual": "  window: 1h\n  sum: usage.cost_usd\n  more_than: 0.1\n  usual: {past: 5h, times: 1.2}\n",
	}
	set := windowRules(t, over)
	start := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	broke, closed, open := 0, 0, 0
	for seed := range uint64(80) {
		dice := rand.New(rand.NewPCG(seed, 9))
		var chains []correlate.Chain
		for i := range 50 {
			c := correlate.Chain{Event: correlate.Event{
				ID: correlate.NewID("c", fmt.Sprint(i)), Class: correlate.Model, Primary: true,
				Time: start.Add(time.Duration(dice.IntN(14*3600)) * time.Second),
			}}
			c.Context.Region, c.Usage.CostUSD = fmt.Sprint("r", dice.IntN(3)), float64(dice.IntN(100))/300
			chains = append(chains, c)
		}
		improve := func(c *correlate.Chain, last bool) {
			c.Rank, c.Settled = c.Rank+1, last
			c.Requestor = correlate.Principal{ID: []string{"", "p1", "p2", "p3"}[dice.IntN(4)]}
			c.Seal(1)
		}
		s, w := newWindowSink(), &wall{at: start.Add(100 * 24 * time.Hour)}
		keeper := newTimekeeper(s, set, w)
		s.broken = func(string) error {
			if dice.IntN(6) == 0 {
				broke++
				return errBroken
			}
			return nil
		}
		for range 40 {
			for range 6 {
				c := &chains[dice.IntN(len(chains))]
				improve(c, false)
				if err := s.memSink.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{c.Clone()}}); err != nil {
					t.Fatal(err)
				}
			}
			if dice.IntN(4) == 0 {
				keeper = newTimekeeper(s, set, w)
			}
			w.at = w.at.Add(time.Duration(dice.IntN(40)) * time.Minute)
			if err := keeper.look(t.Context(), start.Add(time.Duration(dice.IntN(18))*time.Hour), new(Repaired)); err != nil && !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			for _, a := range s.alerts {
				if a.State == correlate.AlertClosed {
					closed++
				}
			}
		}
		s.broken = func(string) error { return nil }
		for i := range chains {
			improve(&chains[i], true)
			if err := s.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{chains[i].Clone()}}); err != nil {
				t.Fatal(err)
			}
		}
		end := start.Add(20 * time.Hour)
		w.at = w.at.Add(2 * time.Hour)
		if err := keeper.look(t.Context(), end, new(Repaired)); err != nil {
			t.Fatal(err)
		}
		calm := newWindowSink()
		for i := range chains {
			if err := calm.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{chains[i]}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := newTimekeeper(calm, set, w).look(t.Context(), end, new(Repaired)); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(openAlerts(calm), openAlerts(s)); d != "" {
			t.Fatalf("seed %d (-calm +disturbed):\n%s", seed, d)
		}
		open += len(openAlerts(calm))

		// Nothing is due any more.
		w.at = w.at.Add(2 * time.Hour)
		var done Repaired
		if err := keeper.look(t.Context(), end, &done); err != nil || done != (Repaired{}) {
			t.Fatalf("seed %d: again: %+v, %v", seed, done, err)
		}
	}
	if broke < 100 || closed < 100 || open < 100 {
		t.Errorf("%d failures, %d alerts closed and %d open: too few to tell anything", broke, closed, open)
	}
}

func openAlerts(s *windowSink) (open []correlate.Alert) {
	for _, a := range slices.SortedFunc(maps.Values(s.alerts), func(a, b correlate.Alert) int { return strings.Compare(a.ID.String(), b.ID.String()) }) {
		if a.State == correlate.AlertOpen {
			a.Update, a.Version = false, 0
			open = append(open, a)
		}
	}
	return open
}

// TestTimekeeperRules: a rule that changes is computed anew, and one that goes leaves no
// open alert.
func TestTimekeeperRules(t *testing.T) {
	start := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	s, w := newWindowSink(), &wall{at: start.Add(24 * time.Hour)}
	for i := range 5 {
		c := correlate.Chain{Event: correlate.Event{ID: correlate.NewID(fmt.Sprint(i)), Class: correlate.Model, Primary: true, Time: start}, Requestor: correlate.Principal{ID: "p"}}
		c.Seal(1)
		if err := s.Write(t.Context(), &sinks.Output{Chains: []correlate.Chain{c}}); err != nil {
			t.Fatal(err)
		}
	}
	keeper := newTimekeeper(s, windowRules(t, map[string]string{"a": "  window: 1h\n  more_than: 3\n", "b": "  window: 1h\n  more_than: 4\n"}), w)
	look := func() {
		t.Helper()
		w.at = w.at.Add(2 * time.Hour)
		if err := keeper.look(t.Context(), start.Add(2*time.Hour), new(Repaired)); err != nil {
			t.Fatal(err)
		}
	}
	if look(); len(openAlerts(s)) != 2 {
		t.Fatalf("%d alerts", len(openAlerts(s)))
	}
	keeper.judges.use(windowRules(t, map[string]string{"a": "  window: 1h\n  more_than: 5\n"}))
	if look(); len(openAlerts(s)) != 0 {
		t.Errorf("open: %+v", openAlerts(s))
	}
	keeper.judges.use(windowRules(t, map[string]string{"a": "  window: 1h\n  more_than: 2\n"}))
	if look(); len(openAlerts(s)) != 1 {
		t.Errorf("open: %+v", openAlerts(s))
	}
}
