package pipeline

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// TestSleeperAnnouncesWhatItStores: a process falls asleep, another takes its lanes
// over, settles what is parked there with what is known, and commits. Then a fact
// comes late, and the sleeper wakes up, knows it, and writes what it has parked, once
// more and better, until somebody ends it: before or after any of its writes. Nobody
// reads these records again, and repair passes over a chain that is stored as well as
// it can be: had the sleeper stored it without announcing it, nobody ever would.
//
// With somebody who has left, the fact raises an alert, too, and otherwise it closes
// one.
func TestSleeperAnnouncesWhatItStores(t *testing.T) {
	const atLeast = 4 // moments
	for _, left := range []bool{false, true} {
		for _, slow := range []bool{false, true} {
			for n, ended := 1, true; ended; n++ {
				ended = false // also where it is left out
				t.Run(fmt.Sprintf("of one who left %t, slow archive %t, moment %d", left, slow, n), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { ended = sleepUntil(t, n, left, slow) })
				})
				if t.Failed() {
					return
				}
				if !ended && n < atLeast {
					t.Errorf("there were %d moments; the test wants %d", n, atLeast)
				}
			}
		}
	}
}

// sleepUntil ends the sleeper at its nth moment after it woke up, and compares.
func sleepUntil(t *testing.T, n int, left, slow bool) (ended bool) {
	b := trailBench(t)
	b.cfg.RepairEvery = 5 * time.Second
	told := newMemSink()
	happened := time.Now()
	if left {
		var err error
		b.directory, err = correlate.NewDirectory(1, []correlate.Entry{{Type: correlate.Human, ID: "alice@example.com", Until: happened.AddDate(0, -1, 0)}})
		if err != nil {
			t.Fatal(err)
		}
		b.epoch = b.directory.Version
	}
	b.send(0, deletes(1, keyOf(1), happened))

	sleeper, fate := b.mortal(told, slow)
	sleeper.repairing = nil // it is the lane that is tried
	var asleep atomic.Bool
	woken := make(chan struct{})
	sleeper.at = func(point string) error {
		if point == "decode" && asleep.Load() {
			<-woken
		}
		return nil
	}
	b.launch(sleeper)
	time.Sleep(10 * time.Second)
	b.want(1, correlate.Unattributed, false)
	asleep.Store(true)
	b.deceive(b.member(), true)
	time.Sleep(2 * b.cfg.SessionTimeout)

	owner, _ := b.mortal(told, slow)
	b.launch(owner)
	time.Sleep(5 * time.Minute)
	b.want(1, correlate.Unattributed, true)
	b.alert(writeByNobody, 1, correlate.AlertOpen)
	b.publish(issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
	synctest.Wait() // and the sleeper knows it
	fate.endsAt(n)
	close(woken)
	select {
	case <-sleeper.closed:
		ended = true
	case <-time.After(time.Minute):
		sleeper.kill()
		<-sleeper.closed
	}
	time.Sleep(5 * time.Minute)
	owner.stop(t)
	b.want(1, correlate.Attributed, true)
	if d := cmp.Diff(b.sink.versions(), told.versions()); d != "" {
		t.Errorf("chains (-stored +announced):\n%s", d)
	}
	if d := cmp.Diff(b.sink.openAlerts(), told.openAlerts()); d != "" {
		t.Errorf("open alerts (-stored +announced):\n%s", d)
	}
	if open := len(b.sink.openAlerts()); open != 1 && left || open != 0 && !left {
		t.Errorf("%d alerts are open", open)
	}
	return ended
}
