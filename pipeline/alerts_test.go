package pipeline

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

const writeByNobody = "unattributed-write"

// alertsOf returns the alerts of one rule, by their ids.
func (b *bench) alertsOf(rule string) map[correlate.ID]correlate.Alert {
	b.sink.mu.Lock()
	defer b.sink.mu.Unlock()
	out := map[correlate.ID]correlate.Alert{}
	for id, a := range b.sink.alerts {
		if a.Rule == rule {
			out[id] = a
		}
	}
	return out
}

// alert checks that there is one alert of the rule, on the nth line, and returns
// it.
func (b *bench) alert(rule string, n int, state correlate.AlertState) correlate.Alert {
	b.t.Helper()
	c := b.chain(n)
	all := b.alertsOf(rule)
	if len(all) != 1 {
		b.t.Fatalf("%d alerts of %s; want 1", len(all), rule)
	}
	for _, a := range all {
		if a.State != state || a.ChainID != c.ID {
			b.t.Errorf("the alert is %s, on %s; want %s, on %s", a.State, a.ChainID, state, c.ID)
		}
		return a
	}
	panic("unreachable")
}

// TestAbsenceIsToldOnceSettled holds an alert on absence back while a line that
// was late could still tell who it was.
func TestAbsenceIsToldOnceSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.send(0, deletes(1, keyOf(1), time.Now()), deletes(2, keyOf(2), time.Now()))
		in := b.start(nil)
		time.Sleep(30 * time.Second)
		b.want(1, correlate.Unattributed, false)
		b.want(2, correlate.Unattributed, false)
		if all := b.alertsOf(writeByNobody); len(all) > 0 {
			t.Errorf("alerts before the chains are settled: %v", all)
		}
		b.send(1, issues(3, keyOf(2), "alice@example.com", time.Now().Add(-time.Minute))) // late, and in time
		time.Sleep(5 * time.Minute)
		b.want(1, correlate.Unattributed, true)
		b.want(2, correlate.Attributed, true)
		b.alert(writeByNobody, 1, correlate.AlertOpen)
		if got := in.metric("whence_alerts_total", "rule="+writeByNobody, "state=open"); got != 1 {
			t.Errorf("%g alerts are counted; want 1", got)
		}
		in.stop(t)
	})
}

// TestLateParentClosesTheAlert under its id, through repair: the chain has left
// the window.
func TestLateParentClosesTheAlert(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		happened := time.Now()
		b.send(0, deletes(1, keyOf(1), happened))
		in := b.start(nil)
		time.Sleep(5 * time.Minute)
		opened := b.alert(writeByNobody, 1, correlate.AlertOpen)

		b.send(1, issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		time.Sleep(5 * time.Minute)
		in.stop(t)
		b.want(1, correlate.Unattributed, true)
		b.repair()
		b.want(1, correlate.Attributed, true)
		if d := cmp.Diff(Repaired{Facts: 2, Chains: 1, Improved: 1, Alerts: 1}, b.repaired); d != "" {
			t.Errorf("repaired (-want +got):\n%s", d)
		}
		closed := b.alert(writeByNobody, 1, correlate.AlertClosed)
		if closed.ID != opened.ID || closed.Version <= opened.Version {
			t.Errorf("alert %s, version %d, was closed as %s, version %d", opened.ID, opened.Version, closed.ID, closed.Version)
		}
		if want := "the chain is attributed to alice@example.com (attested) since a later fact"; closed.Reason != want {
			t.Errorf("closed because %q; want %q", closed.Reason, want)
		}
		b.repair()
		if d := cmp.Diff(Repaired{}, b.repaired); d != "" {
			t.Errorf("another repair found something to do (-want +got):\n%s", d)
		}
	})
}

// TestAlertOfACrash is written and not committed: the process dies in between.
// While nobody runs, the missing fact arrives, so that the next owner of the
// partition finds the chain complete and knows of no alert. It must not stay open.
func TestAlertOfACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		happened := time.Now()
		b.send(0, deletes(1, keyOf(1), happened))
		first := b.start(func(in *instance, point string) error {
			if point != "sinks" || len(b.alertsOf(writeByNobody)) == 0 {
				return nil
			}
			in.kill()
			return errCrash
		})
		<-first.closed
		opened := b.alert(writeByNobody, 1, correlate.AlertOpen)
		if d := cmp.Diff(place{head: 1, bookmarks: []int64{0}}, b.committed(0), samePlaces); d != "" {
			t.Fatalf("committed before the crash (-want +got):\n%s", d)
		}

		b.send(0, issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		second := b.start(nil)
		time.Sleep(5 * time.Minute)
		second.stop(t)
		b.want(1, correlate.Attributed, true)
		b.alert(writeByNobody, 1, correlate.AlertOpen) // nobody who runs knows of it

		b.repair()
		if d := cmp.Diff(Repaired{Facts: 2, Chains: 1, Alerts: 1}, b.repaired); d != "" {
			t.Errorf("repaired (-want +got):\n%s", d)
		}
		if closed := b.alert(writeByNobody, 1, correlate.AlertClosed); closed.ID != opened.ID {
			t.Errorf("alert %s was closed as %s", opened.ID, closed.ID)
		}
	})
}

// TestAlertOfARepeat is written twice, by two owners, and is one alert.
func TestAlertOfARepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.send(0, deletes(1, keyOf(1), time.Now()))
		first := b.start(func(in *instance, point string) error {
			if point != "sinks" || len(b.alertsOf(writeByNobody)) == 0 {
				return nil
			}
			in.kill()
			return errCrash
		})
		<-first.closed
		opened := b.alert(writeByNobody, 1, correlate.AlertOpen)
		b.finish()
		if d := cmp.Diff(opened, b.alert(writeByNobody, 1, correlate.AlertOpen)); d != "" {
			t.Errorf("the alert (-first +second):\n%s", d)
		}
	})
}
