package notice

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

var policies = map[string]Policy{
	"alone":   {},
	"burst":   {Group: []string{"requestor.id"}, Suppress: time.Hour},
	"worse":   {Group: []string{"requestor.id"}, Inhibits: []string{"burst", "alone"}},
	"short":   {Group: []string{"requestor.id"}, Suppress: time.Hour, Inhibits: []string{"plain"}},
	"plain":   {Group: []string{"requestor.id"}},
	"another": {Group: []string{"source"}},
}

// raised is the nth alert of a rule, in the nth minute.
func raised(rule, group string, n int, version uint64, state correlate.AlertState) correlate.Alert {
	return correlate.Alert{
		ID: correlate.NewID(rule, group, fmt.Sprint(n)), Version: version, State: state, Rule: rule, Severity: "high",
		Time: noon.Add(time.Duration(n) * time.Minute), Group: []string{group}, Requestor: correlate.Principal{Type: correlate.Human, ID: group},
		Executor: correlate.Principal{ID: "robot"},
	}
}

const (
	open   = correlate.AlertOpen
	closed = correlate.AlertClosed
)

// brief is what a notice says.
func brief(all []correlate.Notice) (out []string) {
	for _, n := range all {
		s := fmt.Sprintf("%s %s %s v%d", n.Kind, n.Alert.Rule, strings.Join(n.Alert.Group, "/"), n.Alert.Version)
		if n.Quiet > 0 {
			s += fmt.Sprintf(" +%d", n.Quiet)
		}
		out = append(out, s)
	}
	return out
}

func TestDesk(t *testing.T) {
	type step struct {
		hear []correlate.Alert
		at   time.Duration // after noon
		want []string
	}
	silences, err := ReadSilences([]byte(`
- {id: works, match: {rule: alone, requestor: "eve*"}, author: a, reason: r, from: 2026-03-02T11:00:00Z, until: 2026-03-02T13:00:00Z}
`))
	if err != nil {
		t.Fatal(err)
	}
	changed := raised("alone", "alice", 1, 2, open)
	changed.Status = correlate.Partial
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"a life", []step{
			{hear: []correlate.Alert{raised("alone", "alice", 1, 1, open)}, want: []string{"opened alone alice v1"}},
			{hear: []correlate.Alert{raised("alone", "alice", 1, 1, open)}}, // a repeat
			{hear: []correlate.Alert{changed}, want: []string{"changed alone alice v2"}},
			{hear: []correlate.Alert{raised("alone", "alice", 1, 1, open)}}, // an older version
			{hear: []correlate.Alert{raised("alone", "alice", 1, 3, closed)}, want: []string{"resolved alone alice v3"}},
			{hear: []correlate.Alert{raised("alone", "alice", 1, 2, open)}},
			{hear: []correlate.Alert{raised("alone", "alice", 1, 4, open)}, want: []string{"opened alone alice v4"}},
		}},
		{"a version that says nothing new", []step{
			{hear: []correlate.Alert{raised("alone", "alice", 1, 1, open)}, want: []string{"opened alone alice v1"}},
			{hear: []correlate.Alert{raised("alone", "alice", 1, 2, open)}},
			{hear: []correlate.Alert{raised("alone", "alice", 1, 2, closed)}, want: []string{"resolved alone alice v2"}}, // the rule has changed
		}},
		{"closed before anybody was told", []step{
			{hear: []correlate.Alert{raised("alone", "alice", 1, 1, open), raised("alone", "alice", 1, 2, closed)}},
		}},
		{"a burst", []step{
			{hear: []correlate.Alert{raised("burst", "alice", 30, 1, open)}, want: []string{"opened burst alice v1"}},
			{hear: []correlate.Alert{raised("burst", "alice", 31, 1, open), raised("burst", "bob", 31, 1, open)}, want: []string{"opened burst bob v1"}},
			{hear: []correlate.Alert{raised("burst", "alice", 5, 1, open)}}, // late
			{hear: []correlate.Alert{raised("burst", "alice", 90, 1, open)}, want: []string{"opened burst alice v1 +2"}},
		}},
		{"the one that stands for others is over", []step{
			{hear: []correlate.Alert{raised("burst", "alice", 1, 1, open)}, want: []string{"opened burst alice v1"}},
			{hear: []correlate.Alert{raised("burst", "alice", 3, 1, open), raised("burst", "alice", 2, 1, open)}},
			{hear: []correlate.Alert{raised("burst", "alice", 1, 2, closed)}, want: []string{"resolved burst alice v2", "opened burst alice v1 +1"}},
			{hear: []correlate.Alert{raised("burst", "alice", 3, 2, closed)}}, // of whom nobody was told
		}},
		{"silenced", []step{
			{hear: []correlate.Alert{raised("alone", "eve", 1, 1, open), raised("alone", "eve", 2, 1, open), raised("plain", "eve", 2, 1, open)}, want: []string{"opened plain eve v1"}},
			{hear: []correlate.Alert{raised("alone", "eve", 2, 2, closed)}, at: 59 * time.Minute},
			{at: time.Hour, want: []string{"opened alone eve v1"}},
		}},
		{"inhibited, by group and by requestor", []step{
			{hear: []correlate.Alert{raised("worse", "alice", 1, 1, open)}, want: []string{"opened worse alice v1"}},
			{hear: []correlate.Alert{raised("burst", "alice", 2, 1, open), raised("alone", "alice", 1, 1, open), raised("burst", "bob", 3, 1, open)}, want: []string{"opened burst bob v1"}},
			{hear: []correlate.Alert{raised("worse", "alice", 1, 2, closed)}, want: []string{"resolved worse alice v2", "opened alone alice v1", "opened burst alice v1"}},
		}},
		{"inhibited, for as long as the other's span is", []step{
			{hear: []correlate.Alert{raised("short", "alice", 60, 1, open)}, want: []string{"opened short alice v1"}},
			{hear: []correlate.Alert{raised("plain", "alice", 1, 1, open), raised("plain", "alice", 119, 1, open)}},
			{hear: []correlate.Alert{raised("plain", "alice", 0, 1, open), raised("plain", "alice", 120, 1, open)}, want: []string{"opened plain alice v1", "opened plain alice v1"}},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := NewDesk(nil, 100)
			d.Use(policies)
			d.Silence(silences)
			for i, s := range c.steps {
				for _, a := range s.hear {
					d.Hear(a)
				}
				got := d.Decide(noon.Add(s.at))
				if diff := cmp.Diff(s.want, brief(got)); diff != "" {
					t.Errorf("step %d (-want +got):\n%s", i, diff)
				}
				for _, n := range got {
					d.Sent(n.Alert.ID)
				}
				if more := d.Decide(noon.Add(s.at)); more != nil {
					t.Errorf("step %d: asked again, there is more: %q", i, brief(more))
				}
			}
		})
	}
}

// TestEveryOpenAlertIsAccountedFor: whatever the order, the repeats and the restarts, each
// open alert was told, or something that holds says why not; and nobody is told twice of
// the same.
func TestEveryOpenAlertIsAccountedFor(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 6))
		var all []correlate.Alert
		newest := map[correlate.ID]correlate.Alert{}
		for range 40 {
			rule := []string{"alone", "burst", "worse", "plain"}[r.IntN(4)]
			group, n := []string{"alice", "bob", "eve"}[r.IntN(3)], r.IntN(200)
			state := open
			for v := range uint64(1 + r.IntN(3)) {
				a := raised(rule, group, n, v+1, state)
				all = append(all, a)
				newest[a.ID] = a
				state = []correlate.AlertState{open, closed}[r.IntN(2)]
			}
		}
		all = append(all, all[:10]...)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for id := range newest { // of one version there is one state
			for _, a := range all {
				if a.ID == id && a.Version >= newest[id].Version {
					newest[id] = a
				}
			}
		}
		d, kept := NewDesk(nil, 1000), map[correlate.ID]Entry{}
		d.Use(policies)
		told := map[string]int{}
		for _, a := range all {
			d.Hear(a)
			if r.IntN(3) > 0 {
				continue
			}
			for _, n := range d.Decide(noon) {
				told[string(n.Kind)+n.Key()]++
				d.Sent(n.Alert.ID)
			}
			changed, _ := d.Changed()
			for _, e := range changed {
				kept[e.Alert.ID] = e
			}
			if r.IntN(5) == 0 { // a restart
				d = NewDesk(nil, 1000)
				d.Use(policies)
				for _, e := range kept {
					d.Restore(e)
				}
			}
		}
		d.Decide(noon)
		for key, n := range told {
			if n > 1 {
				t.Errorf("seed %d: %s was told %d times", seed, key, n)
			}
		}
		for id, a := range newest {
			e := d.entries[id]
			switch {
			case e == nil || e.Alert.Version != a.Version:
				t.Fatalf("seed %d: alert %s v%d is not there: %+v", seed, id, a.Version, e)
			case e.Alert.State == closed && e.open():
				t.Errorf("seed %d: nobody was told that %s is over", seed, id)
			case e.Alert.State == open && !e.open() && e.held == "":
				t.Errorf("seed %d: %s is open, nobody was told, and nothing says why", seed, id)
			case e.held == Suppressed && !slices.ContainsFunc(d.Open(), func(o correlate.Alert) bool {
				return o.Rule == a.Rule && slices.Equal(o.Group, a.Group) && near(o.Time, a.Time, time.Hour)
			}):
				t.Errorf("seed %d: %s is suppressed by nothing", seed, id)
			}
		}
	}
}

// TestDeskIsBounded: closed ones go first, then those that were told; one that waits is
// told instead.
func TestDeskIsBounded(t *testing.T) {
	d := NewDesk(nil, 10)
	silences, err := ReadSilences([]byte(`[{id: all, match: {rule: "*"}, author: a, reason: r, from: 2026-03-02T11:00:00Z, until: 2026-03-03T13:00:00Z}]`))
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	decide := func() {
		for _, n := range d.Decide(noon) {
			told++
			d.Sent(n.Alert.ID)
		}
	}
	for n := range 8 {
		d.Hear(raised("alone", "alice", n, 1, closed))
	}
	for n := range 8 {
		d.Hear(raised("alone", "bob", n, 1, open))
		decide()
	}
	if c := d.Counts(); c.Told != 8 || c.Forgotten != 0 || c.Alerts > 10 {
		t.Errorf("closed ones are to go first: %+v", c)
	}
	for n := range 8 {
		d.Hear(raised("plain", "bob", n, 1, open))
		decide()
	}
	if c := d.Counts(); told != 16 || c.Forgotten == 0 || c.Alerts > 10 {
		t.Errorf("%d were told, %+v", told, c)
	}
	d.Silence(silences)
	for n := range 40 {
		d.Hear(raised("alone", "carol", n, 1, open))
		decide()
	}
	if c := d.Counts(); told+c.Held[Silenced] != 56 || c.Alerts > 11 {
		t.Errorf("%d were told of 56, %+v", told, c)
	}
	if _, gone := d.Changed(); len(gone) == 0 {
		t.Error("nobody is told what is forgotten")
	}
}

func TestSilencesThatAreWrong(t *testing.T) {
	const good = "{id: x, match: {rule: r}, author: a, reason: r, from: 2026-03-02T11:00:00Z, until: 2026-03-03T13:00:00Z}"
	for text, want := range map[string]string{
		"[" + good + "]":              "",
		"":                            "",
		"[" + good + "," + good + "]": "there are two of that id",
		"- {id: x}":                   "x: author is missing",
		strings.Replace("["+good+"]", "rule: r", "ruel: r", 1):                       `match: there is no "ruel"`,
		strings.Replace("["+good+"]", "03-03", "03-01", 1):                           "until is not after from",
		strings.Replace("["+good+"]", "author: a", "owner: a", 1):                    "unknown field",
		strings.Replace("["+good+"]", "2026-03-03T13:00:00Z", "tomorrow", 1):         "x: from and until are wanted",
		strings.Replace("["+good+"]", "match: {rule: r}", "match: {}", 1):            "match is missing",
		strings.Replace("["+good+"]", "until: 2026-03-03T13:00:00Z", "until: ''", 1): "until",
	} {
		_, err := ReadSilences([]byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %q", text, err, want)
		}
	}
}
