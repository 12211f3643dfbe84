package pipeline

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"whence/correlate"
)

// readUpTo checks what the marks say of the raw topic, within the few seconds
// that commits and idleness take to be noticed.
func (in *instance) readUpTo(t *testing.T, want time.Time) {
	t.Helper()
	const noticed = 5 * time.Second
	if got := in.clock.ReadUpTo(trailTopic); got.After(want) || got.Before(want.Add(-noticed)) {
		t.Errorf("the topic counts as read up to %s; want %s", got, want)
	}
}

// TestIdleLane announces the last event's time plus the time idle: lines that are
// two hours old do not settle as if two hours had passed since they were read.
func TestIdleLane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		old := time.Now().Add(-2 * time.Hour)
		b.send(0, deletes(1, keyOf(1), old))
		b.send(1, deletes(2, keyOf(2), old.Add(time.Minute)))
		in := b.start(nil)
		<-in.Ready
		began := time.Now()
		time.Sleep(10 * time.Second)
		in.readUpTo(t, old.Add(time.Since(began)))
		b.want(1, correlate.Unattributed, false)
		time.Sleep(20 * time.Minute)
		in.readUpTo(t, old.Add(time.Since(began)))
		b.want(1, correlate.Unattributed, true)

		again := old.Add(30 * time.Minute)
		b.send(0, deletes(3, keyOf(3), again))
		b.send(1, deletes(4, keyOf(4), again))
		time.Sleep(10 * time.Second)
		in.readUpTo(t, again.Add(10*time.Second))
		in.stop(t)
	})
}

// TestIdleTimeSurvivesAStop goes on from the last event, which the next owner
// does not read.
func TestIdleTimeSurvivesAStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		old := time.Now().Add(-2 * time.Hour)
		b.send(0, issues(1, keyOf(1), "alice@example.com", old))
		first := b.start(nil)
		time.Sleep(10 * time.Second)
		first.stop(t)
		second := b.start(nil)
		<-second.Ready
		began := time.Now()
		time.Sleep(10 * time.Minute)
		second.readUpTo(t, old.Add(time.Since(began)))
		if events := second.metric("whence_events_total"); events != 0 {
			t.Errorf("the next owner decoded %g lines; want none", events)
		}
		second.stop(t)
	})
}

// TestEmptyPartition counts from when it was assigned: of what came before, there
// is nothing.
func TestEmptyPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		in := b.start(nil)
		<-in.Ready
		assigned := time.Now()
		time.Sleep(10 * time.Minute)
		in.readUpTo(t, time.Now())
		if mark := in.lane(0).assigned; mark.After(assigned) || assigned.Sub(mark) > time.Minute {
			t.Errorf("assigned at %s, by the lane %s", assigned, mark)
		}
		in.stop(t)
	})
}

// TestExpiredPartition held records once, which nobody in the group has read. It
// is as good as empty.
func TestExpiredPartition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.send(1, deletes(1, keyOf(1), time.Now()), deletes(2, keyOf(2), time.Now()))
		if err := b.cluster.DeleteRecords(trailTopic, 1, 2); err != nil {
			t.Fatal(err)
		}
		in := b.start(nil)
		time.Sleep(10 * time.Minute)
		in.readUpTo(t, time.Now())
		in.stop(t)
	})
}

// TestPartitionThatIsHeldBack is not idle: there may be anything in it.
func TestPartitionThatIsHeldBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.cfg.QueueRecords = 1
		old := time.Now().Add(-2 * time.Hour)
		b.send(0, deletes(1, keyOf(1), old))
		b.send(1, deletes(2, keyOf(2), old))
		in := b.start(nil)
		time.Sleep(10 * time.Second)
		answer := b.sink.blocks()
		before := in.clock.ReadUpTo(trailTopic)
		for n := 3; n < 6; n++ {
			b.send(0, deletes(n, keyOf(n), old))
			time.Sleep(time.Second)
		}
		time.Sleep(10 * time.Minute)
		if in.metric("whence_partition_paused", "partition=0") != 1 {
			t.Error("the partition is not held back; the test wants it to be")
		}
		if got := in.clock.ReadUpTo(trailTopic); got.After(before.Add(5 * time.Second)) {
			t.Errorf("while the partition was held back the time moved from %s to %s", before, got)
		}
		answer()
		in.stop(t)
	})
}

// TestOnlyTheIdleCountTimeIdle tries one lane in every state.
func TestOnlyTheIdleCountTimeIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		event := time.Now().Add(-2 * time.Hour)
		for _, c := range []struct {
			name   string
			change func(l *lane)
			idle   bool
		}{
			{"at the end for a minute", func(*lane) {}, true},
			{"paused by us", func(l *lane) { l.paused = true }, false},
			{"with records in its queue", func(l *lane) { l.queue = append(l.queue, nil) }, false},
			{"before the end", func(l *lane) { l.end++ }, false},
			{"of unknown end", func(l *lane) { l.end = -1 }, false},
			{"fed just now", func(l *lane) { l.fed = time.Now() }, false},
		} {
			l := lonelyLane(t)
			l.next, l.end, l.place.seen = 7, 7, event
			l.note(event)
			l.publish()
			time.Sleep(time.Minute)
			c.change(l)
			l.idle()
			want := event
			if c.idle {
				want = event.Add(time.Minute)
			}
			if mark := l.reading().Time; !mark.Equal(want) {
				t.Errorf("%s: the mark is %s; want %s", c.name, mark, want)
			}
		}
	})
}

// TestFutureTimestamp moves no mark past the wall, and stays as it is in the
// chain.
func TestFutureTimestamp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		future := time.Now().AddDate(1, 0, 0)
		b.send(0, deletes(1, keyOf(1), future))
		b.send(1, deletes(2, keyOf(2), future))
		in := b.start(nil)
		for range 60 {
			time.Sleep(10 * time.Second)
			if got := in.clock.ReadUpTo(trailTopic); got.After(time.Now()) {
				t.Fatalf("at %s the topic counts as read up to %s", time.Now(), got)
			}
		}
		in.readUpTo(t, time.Now())
		c := b.chain(1)
		if !c.Time.Equal(future) || c.Settled {
			t.Errorf("the chain is at %s, settled %t; want %s, not settled", c.Time, c.Settled, future)
		}
		in.stop(t)
		if p := in.group.lanes; len(p) > 0 {
			t.Errorf("%d lanes are left after a stop", len(p))
		}
	})
}

// deceive answers the heartbeats of a member as if all were well, and its commits
// too if commits is set, so that it does not notice when the group gives it up.
// That is how a process sees the world that has slept and just woken up.
func (b *bench) deceive(member string, commits bool) {
	b.cluster.ControlKey(int16(kmsg.Heartbeat), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		r := req.(*kmsg.HeartbeatRequest)
		return r.ResponseKind(), nil, r.MemberID == member
	})
	b.cluster.ControlKey(int16(kmsg.OffsetCommit), func(req kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		return answerCommit(req, 0), nil, commits && req.(*kmsg.OffsetCommitRequest).MemberID == member
	})
}

// member is the id of the only member of the group.
func (b *bench) member() string {
	b.t.Helper()
	g := b.cluster.GroupInfo(b.cfg.Group)
	if len(g.Members) != 1 || g.NumAssigned() != rawPartitions {
		b.t.Fatalf("the group is %+v; want one member with everything", g)
	}
	return g.Members[0].MemberID
}

// TestProcessThatSlept loses its partitions without noticing, and goes on reading
// them and announcing how long it has been idle. Time must not move past what the
// new owner has read, for anybody.
func TestProcessThatSlept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		old := time.Now().Add(-2 * time.Hour)
		b.send(0, issues(1, keyOf(1), "alice@example.com", old))
		b.send(1, issues(2, keyOf(2), "alice@example.com", old))
		sleeper := b.start(nil)
		time.Sleep(10 * time.Second)
		b.deceive(b.member(), true)
		time.Sleep(2 * b.cfg.SessionTimeout)

		// The new owner is slow: it never gets past its first batch.
		back := make(chan struct{})
		owner := b.start(func(_ *instance, point string) error {
			if point == "judge" {
				select {
				case <-back:
				case <-t.Context().Done():
				}
			}
			return nil
		})
		time.Sleep(2 * b.cfg.SessionTimeout)
		b.member()
		unread := old.Add(time.Minute)
		b.send(0, deletes(3, keyOf(3), unread))
		b.send(1, deletes(4, keyOf(4), unread))
		time.Sleep(10 * time.Second)
		announced, before := sleeper.table.Stats().Announced, owner.clock.ReadUpTo(trailTopic)
		time.Sleep(30 * time.Minute)

		if n := sleeper.table.Stats().Announced - announced; n < 1000 {
			t.Fatalf("the sleeper announced %d marks; the test wants it to go on", n)
		}
		if mark := sleeper.lane(0).reading().Time; mark.Before(unread.Add(29 * time.Minute)) {
			t.Fatalf("the sleeper announces %s; the test wants its idle time", mark)
		}
		for name, in := range map[string]*instance{"the new owner": owner, "the sleeper": sleeper} {
			if got := in.clock.ReadUpTo(trailTopic); !got.Equal(before) {
				t.Errorf("for %s time moved from %s to %s", name, before, got)
			}
		}
		b.want(3, correlate.Unattributed, false)
		close(back)
		time.Sleep(10 * time.Second)
		b.want(3, correlate.Unattributed, false)
		owner.stop(t)
		sleeper.kill()
		<-sleeper.closed
		b.finish()
		b.want(3, correlate.Unattributed, true)
	})
}

// TestSleeperThatIsNeededAgain finds that the owner in between is gone. The group
// lets it keep its partitions, in a new generation: its marks must count again,
// after those that the owner in between has announced.
func TestSleeperThatIsNeededAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		old := time.Now().Add(-2 * time.Hour)
		b.send(0, issues(1, keyOf(1), "alice@example.com", old))
		b.send(1, issues(2, keyOf(2), "alice@example.com", old))
		sleeper := b.start(nil)
		time.Sleep(10 * time.Second)
		b.deceive(b.member(), false)
		time.Sleep(2 * b.cfg.SessionTimeout)
		between := b.start(nil)
		time.Sleep(2 * b.cfg.SessionTimeout)
		b.member()
		between.kill()
		time.Sleep(2 * b.cfg.SessionTimeout)

		b.send(0, deletes(3, keyOf(3), old))
		b.send(1, deletes(4, keyOf(4), old))
		idle := time.Now()
		time.Sleep(10 * time.Minute)
		b.member()
		sleeper.readUpTo(t, old.Add(time.Since(idle)))
		b.want(3, correlate.Unattributed, true)
		sleeper.stop(t)
	})
}
