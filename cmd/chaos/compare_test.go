package main

import (
	"encoding/json"
	"slices"
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
		id, version, content := cored(ch)
		c.add(id, line(ch.Source, ch.EventID), version, content)
	}
	if alerts != nil {
		c.alerts = alerts
	}
	return c
}

func cored(c *correlate.Chain) (correlate.ID, uint64, digest) {
	b, err := c.MarshalJSON()
	if err != nil {
		panic(err)
	}
	id, version, content, err := core(b)
	if err != nil {
		panic(err)
	}
	return id, version, content
}

func TestCompare(t *testing.T) {
	one, two := line("okta.system_log", "1"), line("okta.system_log", "2")
	expected := map[correlate.ID]struct{}{one: {}, two: {}}
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
		{"lost by the killed", holding(nil, chain("1", "")), holding(nil, chain("1", ""), chain("2", "")), differences{lost: []correlate.ID{two}}},
		{"lost by both", holding(nil, chain("1", "")), holding(nil, chain("1", "")), differences{lost: []correlate.ID{two}}},
		{"everything lost", holding(nil), holding(nil), differences{lost: sorted(one, two)}},
		{
			"one id twice", holding(nil, chain("1", ""), chain("2", ""), chain("2", "")), holding(nil, chain("1", ""), chain("2", "")),
			differences{duplicated: []correlate.ID{two}},
		},
		{
			"one event under two ids", holding(nil, chain("1", ""), chain("2", ""), other), holding(nil, chain("1", ""), chain("2", ""), other),
			differences{duplicated: []correlate.ID{two}},
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
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(differences{})); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func sorted(ids ...correlate.ID) []correlate.ID {
	slices.SortFunc(ids, byBytes)
	return ids
}

func TestCore(t *testing.T) {
	c := chain("1", `a text with "},"evidence":{ and ,"names":["x"] in it`)
	c.Hops = []correlate.Hop{{Principal: correlate.Principal{Type: correlate.Human, ID: "alice", Names: []string{`a"],`, `\`}}, Method: "m"}}
	c.Version, c.Evidence = 7, correlate.Evidence{Topic: "raw", Partition: 1, Offset: 5, SHA256: "ab"}
	id, version, content := cored(c)
	if id != c.ID || version != 7 {
		t.Errorf("got %s version %d", id, version)
	}
	for name, change := range map[string]func(*correlate.Chain){
		"reason":   func(c *correlate.Chain) { c.Reason += "." },
		"settled":  func(c *correlate.Chain) { c.Settled = false },
		"raw line": func(c *correlate.Chain) { c.Evidence.SHA256 = "ac" },
		"action":   func(c *correlate.Chain) { c.ActionID[3]++ },
		"hop":      func(c *correlate.Chain) { c.Hops = []correlate.Hop{{Principal: c.Hops[0].Principal, Method: "n"}} },
		"actor":    func(c *correlate.Chain) { c.Actor.Names = []string{"x"} },
	} {
		other := *c
		if change(&other); content == third(cored(&other)) {
			t.Errorf("another %s is no other content", name)
		}
	}
	again := *c
	again.Version, again.Evidence.Topic, again.Evidence.Partition, again.Evidence.Offset = 8, "", 2, 6
	again.Hops = []correlate.Hop{{Principal: correlate.Principal{Type: correlate.Human, ID: "alice"}, Method: "m"}}
	if content != third(cored(&again)) {
		t.Error("another version, the line at another place, or a hop without its names, is another content")
	}
	whole, err := c.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for n := range whole {
		if _, _, _, err := core(whole[:n]); err == nil {
			t.Fatalf("%d of %d bytes were taken for a chain", n, len(whole))
		}
	}
}

func third(_ correlate.ID, _ uint64, content digest) digest { return content }

func TestMatch(t *testing.T) {
	text := func(reason string, version uint64) []byte {
		c := chain("1", reason)
		c.Version = version
		b, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	stored := chain("1", "new")
	stored.Version = 5
	alert := correlate.Alert{ID: correlate.NewID("x"), Version: 5, State: correlate.AlertOpen, Rule: "r", ChainID: stored.ID}
	open := map[correlate.ID]openAlert{alert.ID: {version: 5, open: true, rule: "r", chain: stored.ID}}
	changed := func(change func(*correlate.Alert)) correlate.Alert {
		a := alert
		change(&a)
		return a
	}
	old := changed(func(a *correlate.Alert) { a.Version, a.State = 4, correlate.AlertClosed })
	for _, tt := range []struct {
		name   string
		chains [][]byte
		alerts []correlate.Alert
		want   int
	}{
		{"the same, in any order", [][]byte{text("new", 5), text("old", 4), text("new", 5)}, []correlate.Alert{alert, old, alert}, 0},
		{"nothing", nil, nil, 2},
		{"an old version alone", [][]byte{text("old", 4)}, []correlate.Alert{old}, 2},
		{"a version that is not stored", [][]byte{text("new", 6)}, []correlate.Alert{alert}, 1},
		{"another content", [][]byte{text("other", 5)}, []correlate.Alert{alert}, 1},
		{"one version, two contents", [][]byte{text("new", 5), text("other", 5)}, []correlate.Alert{alert}, 1},
		{
			"an alert of another chain", [][]byte{text("new", 5)},
			[]correlate.Alert{alert, changed(func(a *correlate.Alert) { a.Version, a.ChainID = 4, correlate.NewID("2") })}, 1,
		},
		{
			"open and closed at once", [][]byte{text("new", 5)},
			[]correlate.Alert{alert, changed(func(a *correlate.Alert) { a.State = correlate.AlertClosed })}, 1,
		},
		{
			"open in the topic alone", [][]byte{text("new", 5)},
			[]correlate.Alert{alert, changed(func(a *correlate.Alert) { a.ID = correlate.NewID("y") })}, 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &announced{chains: map[correlate.ID]told{}, alerts: map[correlate.ID]openAlert{}}
			for _, b := range tt.chains {
				if err := a.addChain(b); err != nil {
					t.Fatal(err)
				}
			}
			for _, al := range tt.alerts {
				b, err := json.Marshal(al)
				if err == nil {
					err = a.addAlert(b)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if m := match(holding(nil, stored), open, a); m.count() != tt.want {
				t.Errorf("%d mismatches, want %d: %+v", m.count(), tt.want, m)
			}
		})
	}
}

// TestEarlyAlerts: one on absence is raised when its chain has settled, under one id.
func TestEarlyAlerts(t *testing.T) {
	version := func(rank uint32, settled bool) uint64 {
		c := correlate.Chain{Rank: rank, Settled: settled}
		c.Seal(0)
		return c.Version
	}
	settled, unsettled := version(1, true), version(1, false)
	chain := correlate.NewID("c")
	alert := correlate.Alert{ID: correlate.NewID("alert", "r", chain.String()), ChainID: chain, Rule: "r", State: correlate.AlertOpen, Version: settled}
	with := func(change func(*correlate.Alert)) correlate.Alert {
		a := alert
		change(&a)
		return a
	}
	early := with(func(a *correlate.Alert) { a.Version = unsettled })
	for _, c := range []struct {
		name   string
		alerts []correlate.Alert
		wrong  int
	}{
		{"settled", []correlate.Alert{alert, alert}, 0},
		{"an older version comes later", []correlate.Alert{alert, early}, 0},
		{"too early", []correlate.Alert{early, alert}, 1},
		{"closed, of whatever was before", []correlate.Alert{with(func(a *correlate.Alert) { a.Version, a.State = unsettled, correlate.AlertClosed })}, 0},
		{"another id", []correlate.Alert{with(func(a *correlate.Alert) { a.ID = correlate.NewID("x") })}, 1},
		{"a rule that does not wait", []correlate.Alert{with(func(a *correlate.Alert) { a.Rule, a.Version = "at once", unsettled })}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &announced{alerts: map[correlate.ID]openAlert{}, absence: map[string]bool{"r": true}}
			for _, al := range c.alerts {
				b, err := json.Marshal(al)
				if err == nil {
					err = a.addAlert(b)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if a.wrong != c.wrong {
				t.Errorf("%d wrong, want %d", a.wrong, c.wrong)
			}
		})
	}
	if !absences()["unattributed-write"] {
		t.Error("no rule of the library waits")
	}
}

// TestDeck: a long run meets every fault.
func TestDeck(t *testing.T) {
	d := &disturbance{trial: newTrial(options{seed: 1})}
	met := map[string]int{}
	for _, f := range d.shuffled() {
		met[f.name]++
	}
	for _, f := range faults {
		if met[f.name] != f.cards || f.cards == 0 {
			t.Errorf("%s comes %d times in a deck, want %d", f.name, met[f.name], f.cards)
		}
	}
}

func TestResult(t *testing.T) {
	r := result{events: 200, done: map[string]int{"kill": 20, "long pause": 10}}
	if !r.clean() {
		t.Error("no differences, and not clean")
	}
	want := "faults: kill=20 long_pause=10\nchaos: events=200 faults=30 lost=0 duplicated=0 different=0 siem_different=0 verify_findings=0"
	if got := r.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, r := range []result{{lost: 1}, {duplicated: 1}, {different: 1}, {siem: 1}, {findings: 1}} {
		if r.clean() {
			t.Errorf("%s counts as clean", r)
		}
	}
}
