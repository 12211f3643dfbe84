package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"whence/correlate"
)

// TestRepairWhileRunning closes the alert of a chain that has left every window,
// without anybody asking for it.
func TestRepairWhileRunning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.cfg.RepairEvery = 5 * time.Second
		happened := time.Now()
		b.send(0, deletes(1, keyOf(1), happened))
		in := b.start(nil)
		time.Sleep(5 * time.Minute)
		b.want(1, correlate.Unattributed, true)
		opened := b.alert(writeByNobody, 1, correlate.AlertOpen)

		b.send(1, issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		time.Sleep(20 * time.Second)
		b.want(1, correlate.Attributed, true)
		if closed := b.alert(writeByNobody, 1, correlate.AlertClosed); closed.ID != opened.ID {
			t.Errorf("alert %s was closed as %s", opened.ID, closed.ID)
		}
		if got := in.metric("whence_repair_total", "what=improved"); got != 1 {
			t.Errorf("%g chains count as improved by repair; want 1", got)
		}
		in.stop(t)

		// The place is kept: another instance has nothing to do.
		second := b.start(nil)
		time.Sleep(time.Minute)
		if got := second.metric("whence_repair_total", "what=chains"); got != 0 {
			t.Errorf("%g chains were walked again by the next owner; want none", got)
		}
		second.stop(t)
	})
}

// TestRepairOfWhatWasLetGo settles, while the instance runs, what a full window let
// go and no fact ever comes for.
func TestRepairOfWhatWasLetGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.cfg.WindowBytes, b.cfg.RepairEvery = 1<<10, 5*time.Second
		b.send(0, deletes(1, keyOf(1), time.Now()))
		in := b.start(nil)
		time.Sleep(10 * time.Second)
		b.want(1, correlate.Unattributed, false)
		if got := in.metric("whence_window_let_go_total"); got != 1 {
			t.Fatalf("%g chains were let go; want 1", got)
		}
		if got := b.alertsOf(writeByNobody); len(got) != 0 {
			t.Errorf("%d alerts before it settled", len(got))
		}
		time.Sleep(5 * time.Minute)
		b.want(1, correlate.Unattributed, true)
		b.alert(writeByNobody, 1, correlate.AlertOpen)
		in.stop(t)
	})
}

// TestRepairWaitsForRowsUnderWay: a chain was walked before its fact was known, has
// settled at first sight, and its row is on its way to a sink that hangs when repair
// comes to the fact. Were it looked for then, it would not be found, and never again.
func TestRepairWaitsForRowsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.cfg.RepairEvery = 5 * time.Second
		happened := time.Now().Add(-2 * time.Hour) // everything has been read up to now
		hung, release := make(chan struct{}), make(chan struct{})
		first := true
		b.sink.hold = func(ctx context.Context) error {
			b.sink.mu.Lock()
			mine := first
			first = false
			b.sink.mu.Unlock()
			if !mine {
				return nil
			}
			close(hung)
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		one, two := b.start(nil), b.start(nil)
		time.Sleep(20 * time.Second)
		b.send(0, deletes(1, keyOf(1), happened))
		<-hung
		b.send(1, issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		time.Sleep(30 * time.Second)
		b.want(2, correlate.Attributed, true) // the issuing line's own chain is there
		close(release)
		time.Sleep(30 * time.Second)
		b.want(1, correlate.Attributed, true)
		one.stop(t)
		two.stop(t)
	})
}
