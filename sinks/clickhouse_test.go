package sinks_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"whence/correlate"
	"whence/sinks"
)

// A chain that was stored must be the chain that was written, or repair would
// walk something else.
func TestChainRoundTrip(t *testing.T) {
	c := clickHouse(t)
	odd := fullChain(2)
	odd.Missing = correlate.Key{Value: "nobody: knows the issuer"}
	odd.Time = time.Date(1950, 1, 2, 3, 4, 5, 6, time.UTC)
	odd.Hops[0].Time = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	odd.Approvers[0].Time = time.Unix(0, 0).UTC()
	odd.Usage.CostKnown = false
	odd.Seal(1)
	epoch := bareChain(2)
	epoch.Time = time.Unix(0, 0).UTC()
	epoch.Seal(1)
	chains := []correlate.Chain{fullChain(1), bareChain(1), odd, epoch}
	if err := c.Write(t.Context(), &sinks.Output{Chains: chains}); err != nil {
		t.Fatal(err)
	}
	for _, want := range chains {
		want = stored(want)
		got, ok, err := c.Chain(t.Context(), want.ID)
		if err != nil || !ok {
			t.Fatalf("chain %s: got %v, %v", want.ID, ok, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("chain %s (-written +read):\n%s", want.ID, diff)
		}
		if got, want := got.ContentHash(), want.ContentHash(); got != want {
			t.Errorf("content hash: got %x, want %x", got, want)
		}
	}
	if _, ok, err := c.Chain(t.Context(), correlate.NewID("nothing")); ok || err != nil {
		t.Errorf("a chain that is not there: got %v, %v", ok, err)
	}
}

func TestNaming(t *testing.T) {
	c := clickHouse(t)
	key, another := correlate.Key{Kind: "k", Value: "it's"}, correlate.Key{Kind: "k", Value: "other"}
	first, second, third, other := bareChain(1), bareChain(2), bareChain(3), bareChain(5)
	first.Walked = []correlate.Key{key}
	second.Walked = []correlate.Key{another, key}
	third.Walked = []correlate.Key{key, accessKey(9999)}
	other.Walked = []correlate.Key{another}
	// Only its first version names the key.
	stale := bareChain(6)
	stale.Walked = []correlate.Key{key}
	stale.Seal(1)
	fresh := stale
	fresh.Walked = nil
	fresh = improved(fresh)
	write(t, c, stale)
	write(t, c, fresh, first, second, third, other)

	find := func(from, to time.Time, keys ...correlate.Key) []string {
		return collect(t, func(yield func(correlate.Chain) error) error {
			return c.Naming(t.Context(), keys, from, to, yield)
		})
	}
	if got, want := find(time.Time{}, time.Time{}, key), ids(first, second, third); !slices.Equal(got, want) {
		t.Errorf("any time: got %v, want %v", got, want)
	}
	if got, want := find(second.Time, third.Time, key), ids(second, third); !slices.Equal(got, want) {
		t.Errorf("between: got %v, want %v", got, want)
	}
	if got := find(time.Time{}, time.Time{}); len(got) != 0 {
		t.Errorf("no keys: got %v", got)
	}
	many := make([]correlate.Key, 2500)
	for i := range many {
		many[i] = accessKey(i)
	}
	if got, want := find(time.Time{}, time.Time{}, append(many, another)...), ids(second, other); !slices.Equal(got, want) {
		t.Errorf("many keys: got %v, want %v", got, want)
	}
}

// Two versions that come in one insert are one row to whoever reads.
func TestTwoVersionsInOneInsert(t *testing.T) {
	c := clickHouse(t)
	old := bareChain(1)
	old.Walked = []correlate.Key{accessKey(1)}
	old.Seal(1)
	better := old
	better.Settled = true
	better = improved(better)
	write(t, c, better, old)
	var got []correlate.Chain
	keep := func(ch correlate.Chain) error { got = append(got, ch); return nil }
	if err := c.Naming(t.Context(), old.Walked, time.Time{}, time.Time{}, keep); err != nil {
		t.Fatal(err)
	}
	if err := c.Between(t.Context(), time.Time{}, time.Time{}, keep); err != nil {
		t.Fatal(err)
	}
	if err := c.Unsettled(t.Context(), old.Time.Add(time.Hour), keep); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Version != better.Version || got[1].Version != better.Version {
		t.Errorf("got %d chains, want the better version from Naming and Between alone: %v", len(got), got)
	}
	if chains, unsettled, err := c.Counts(t.Context()); chains != 1 || unsettled != 0 || err != nil {
		t.Errorf("got %d chains, %d not settled, %v", chains, unsettled, err)
	}
}

func TestUnsettled(t *testing.T) {
	c := clickHouse(t)
	open, late, done := bareChain(1), bareChain(100), bareChain(2)
	write(t, c, open, late, done)
	done.Settled = true
	write(t, c, improved(done))
	got := collect(t, func(yield func(correlate.Chain) error) error {
		return c.Unsettled(t.Context(), late.Time, yield)
	})
	if want := ids(open); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestStaleAlerts(t *testing.T) {
	c := clickHouse(t)
	same, moved, closed, reworded, gone := fullChain(1), fullChain(2), fullChain(3), fullChain(4), fullChain(5)
	better, over := improved(moved), improved(closed)
	other, removed := alertOn(&reworded, correlate.AlertOpen), alertOn(&gone, correlate.AlertOpen)
	other.RuleVersion, removed.Rule = "000000000000", "there-is-none"
	err := c.Write(t.Context(), &sinks.Output{
		Chains: []correlate.Chain{same, moved, better, closed, over, reworded, gone},
		Alerts: []correlate.Alert{
			alertOn(&same, correlate.AlertOpen), alertOn(&moved, correlate.AlertOpen), alertOn(&closed, correlate.AlertOpen), alertOn(&over, correlate.AlertClosed), other, removed,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	current := alertOn(&same, correlate.AlertOpen)
	type stale struct {
		Alert correlate.Alert
		Chain correlate.Chain
	}
	found := map[correlate.ID]stale{}
	err = c.StaleAlerts(t.Context(), map[string]string{current.Rule: current.RuleVersion}, func(a correlate.Alert, ch correlate.Chain) error {
		found[ch.ID] = stale{a, ch}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[correlate.ID]stale{
		moved.ID: {alertOn(&moved, correlate.AlertOpen), stored(better)}, reworded.ID: {other, stored(reworded)}, gone.ID: {removed, stored(gone)},
	}
	if diff := cmp.Diff(want, found, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

// TestAlerts lists the current version of each alert.
func TestAlerts(t *testing.T) {
	c := clickHouse(t)
	one, two, three := fullChain(1), fullChain(2), fullChain(3)
	two.Time, three.Time = one.Time.Add(time.Hour), one.Time.Add(2*time.Hour)
	better := improved(two)
	open, over := alertOn(&one, correlate.AlertOpen), alertOn(&better, correlate.AlertClosed)
	last := alertOn(&three, correlate.AlertOpen)
	last.Rule, last.Group = "another", []string{"alice@example.com"}
	err := c.Write(t.Context(), &sinks.Output{Alerts: []correlate.Alert{open, alertOn(&two, correlate.AlertOpen), over, last}})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []struct {
		want sinks.AlertQuery
		ids  []correlate.ID
	}{
		{sinks.AlertQuery{}, []correlate.ID{last.ID, over.ID, open.ID}},
		{sinks.AlertQuery{Limit: 2}, []correlate.ID{last.ID, over.ID}},
		{sinks.AlertQuery{Open: true}, []correlate.ID{last.ID, open.ID}},
		{sinks.AlertQuery{Open: true, Since: three.Time}, []correlate.ID{last.ID}},
		{sinks.AlertQuery{Rule: open.Rule}, []correlate.ID{over.ID, open.ID}},
	} {
		var got []correlate.ID
		err := c.Alerts(t.Context(), q.want, func(a correlate.Alert) error { got = append(got, a.ID); return nil })
		if err != nil || !slices.Equal(got, q.ids) {
			t.Errorf("%+v: got %v, want %v; %v", q.want, got, q.ids, err)
		}
	}
	got, ok, err := c.Alert(t.Context(), last.ID)
	if diff := cmp.Diff(last, got, cmpopts.EquateEmpty()); diff != "" || !ok || err != nil {
		t.Errorf("%t, %v\n%s", ok, err, diff)
	}
	if _, ok, err := c.Alert(t.Context(), correlate.NewID("none")); ok || err != nil {
		t.Errorf("an alert that is not there: %t, %v", ok, err)
	}
}

func TestFacts(t *testing.T) {
	c := clickHouse(t)
	mint := fullChain(1).Mints[0]
	stronger := mint
	stronger.End = mint.End.Add(time.Hour) // a second telling of the same fact
	alias := correlate.Fact{
		Kind: correlate.Binding, Key: correlate.Key{Kind: "github.sub", Value: "repo:example/shop"}, Target: deployRun(),
		Origin: correlate.NewID("b"), Source: "github.webhook", EventID: "b", Time: day, Proof: correlate.Attested, Method: "m", Start: day,
	}
	end := correlate.Fact{Kind: correlate.Ending, Key: mint.Key, Origin: correlate.NewID("e"), Source: "vault.audit", EventID: "e", Time: day, Start: day, Reason: "revoked"}
	for range 2 {
		if err := c.Write(t.Context(), &sinks.Output{Facts: []correlate.Fact{stronger, end, mint, alias}}); err != nil {
			t.Fatal(err)
		}
	}
	got, err := c.Facts(t.Context(), []correlate.Key{mint.Key, alias.Key, accessKey(99)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]correlate.Fact{stronger, end, alias}, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
}

func TestYieldErrorEndsTheRead(t *testing.T) {
	c := clickHouse(t)
	write(t, c, bareChain(1), bareChain(2))
	n := 0
	err := c.Unsettled(t.Context(), day.AddDate(1, 0, 0), func(correlate.Chain) error { n++; return errEnough })
	if n != 1 || !cmp.Equal(err, errEnough, cmpopts.EquateErrors()) {
		t.Errorf("got %d rows and %v", n, err)
	}
}
