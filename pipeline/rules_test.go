package pipeline

import (
	"maps"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"whence/correlate"
	"whence/rules"
)

// TestOtherRules: the rules of a running group are replaced, here sooner and there
// later, while lines come in and an instance dies. Once all have them, every alert that
// is open is one that these rules open, of their version; those of a rule that is gone
// or matches no more are closed under their ids.
func TestOtherRules(t *testing.T) {
	var want map[string]string
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, testEvents)
		b.finish()
		want = alertsIn(b.sink.contents(t))
	})
	former := otherRules(t)
	latter := rules.Library()
	synctest.Test(t, func(t *testing.T) {
		b := emptyBench(t)
		b.open(testEvents)
		b.cfg.RepairEvery = 5 * time.Second
		all, client := lines(testEvents), b.client()
		defer client.Close()
		send := func(from, to int) {
			t.Helper()
			if err := client.ProduceSync(t.Context(), all[from:to]...).FirstErr(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
		}
		third := len(all) / 3
		one, two := b.build(), b.build()
		for _, in := range []*instance{one, two} {
			in.UseRules(former)
			b.launch(in)
		}
		send(0, third)
		before := b.sink.opened()
		one.UseRules(latter)
		send(third, 2*third)
		one.kill() // two takes over what one has written, and still has the former rules
		<-one.closed
		time.Sleep(time.Minute)
		send(2*third, len(all))
		two.UseRules(latter)
		time.Sleep(time.Minute)
		two.stop(t)
		b.finish()
		got := alertsIn(b.sink.contents(t))
		for id, rule := range got {
			if want[id] != rule {
				t.Errorf("%s: %q is open, and these rules alone would open %q", id, rule, want[id])
			}
		}
		if len(got) < len(want)/3 {
			t.Errorf("%d alerts are open, of %d: the test shows little", len(got), len(want))
		}
		versions, closed := latter.Versions(), 0
		for id, a := range b.sink.all() {
			switch {
			case a.State == correlate.AlertOpen && a.RuleVersion != versions[a.Rule]:
				t.Errorf("alert %s is open, of version %s of %s", id, a.RuleVersion, a.Rule)
			case a.State == correlate.AlertClosed && before[id]:
				closed++
			}
		}
		if closed == 0 {
			t.Error("nothing was closed: the test shows nothing")
		}
	})
}

// otherRules are the library's but for one that is gone, with one that asks for more
// and one of another severity.
func otherRules(t *testing.T) *rules.Set {
	t.Helper()
	s, err := rules.Open(rules.Config{
		Library: true, Disabled: []string{"unattributed-secret-access"}, Severity: map[string]rules.Severity{"unattributed-write": rules.Low},
		Folders: []rules.Folder{{Name: "own", FS: fstest.MapFS{"more.yaml": {Data: []byte(
			"{id: more, title: t, severity: low, why: w, when: 'class == \"write\"', tests: [{name: n, match: true, chain: {class: write}}]}")}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func alertsIn(contents map[string]string) map[string]string {
	out := maps.Clone(contents)
	maps.DeleteFunc(out, func(id, _ string) bool { return len(id) < 6 || id[:6] != "alert " })
	return out
}

// opened are the alerts that are open.
func (s *memSink) opened() map[correlate.ID]bool {
	out := map[correlate.ID]bool{}
	for id, a := range s.all() {
		if a.State == correlate.AlertOpen {
			out[id] = true
		}
	}
	return out
}

func (s *memSink) all() map[correlate.ID]correlate.Alert {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.alerts)
}
