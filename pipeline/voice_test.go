package pipeline

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"whence/correlate"
	"whence/correlate/index"
)

// forget deletes the group, as somebody does with Kafka's tools, or Kafka itself
// when the group has had no members for days.
func (b *bench) forget() {
	b.t.Helper()
	client := b.client()
	defer client.Close()
	if _, err := kadm.NewClient(client).DeleteGroup(b.t.Context(), b.cfg.Group); err != nil {
		b.t.Fatal(err)
	}
}

// marked writes marks of every raw partition into the sessions topic.
func (b *bench) marked(generation int32, at time.Time) {
	b.t.Helper()
	in := b.build()
	defer in.table.Close()
	for p := range int32(rawPartitions) {
		m := correlate.Mark{Group: b.cfg.Group, Topic: trailTopic, Partition: p, Generation: generation, Time: at}
		if err := in.table.Announce(b.t.Context(), []index.Report{{Mark: m}}); err != nil {
			b.t.Fatal(err)
		}
	}
}

// settles sends a line to each partition and checks that their chains settle by what
// has been read, and not by MaxWait.
func (b *bench) settles(n int) {
	b.t.Helper()
	at := time.Now()
	b.send(0, deletes(n, keyOf(n), at))
	b.send(1, deletes(n+1, keyOf(n+1), at))
	time.Sleep(30 * time.Second)
	b.want(n, correlate.Unattributed, false)
	time.Sleep(2 * time.Minute)
	b.want(n, correlate.Unattributed, true)
	b.want(n+1, correlate.Unattributed, true)
}

// TestGroupThatWasDeleted begins its generations at 1 again. The marks of before
// must not drown those of the new ones, whatever generation they come to.
func TestGroupThatWasDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		for range 3 {
			in := b.start(nil)
			b.ready(in)
			time.Sleep(10 * time.Second)
			in.stop(t)
		}
		for life := range 2 {
			b.forget()
			in := b.start(nil)
			b.ready(in)
			time.Sleep(10 * time.Second)
			b.settles(4*life + 1)
			other := b.start(nil) // and another generation
			b.until("both have a partition", func() bool { return in.owns() == 1 && other.owns() == 1 })
			b.settles(4*life + 3)
			if a, b := in.clock.ReadUpTo(trailTopic), other.clock.ReadUpTo(trailTopic); !a.Equal(b) {
				t.Errorf("one has read up to %s, the other up to %s", a, b)
			}
			in.stop(t)
			other.stop(t)
		}
	})
}

// TestDeletedGroupOnADisk: whoever has the facts on disk reads the sessions topic from
// where it stopped, and must all the same hear the marks before that. Another, with
// an empty disk, hears them.
func TestDeletedGroupOnADisk(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		disk := func() index.Store {
			p, err := index.OpenPebble(dir, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		b.store = disk
		for n := range 3 {
			in := b.start(nil)
			b.ready(in)
			b.send(0, issues(n, keyOf(n), "alice@example.com", time.Now()))
			time.Sleep(10 * time.Second)
			in.stop(t)
		}
		time.Sleep(time.Hour)
		b.forget()
		in := b.start(nil)
		b.ready(in)
		time.Sleep(10 * time.Second)
		b.store = nil
		other := b.start(nil)
		b.until("both have a partition", func() bool { return in.owns() == 1 && other.owns() == 1 })
		time.Sleep(10 * time.Second)
		b.settles(10)
		in.stop(t)
		other.stop(t)
	})
}

// TestPlaceIsKeptAsTheVoiceIsRaised: what is committed to find out whether the
// partition is still ours has the bookmarks of what is parked.
func TestPlaceIsKeptAsTheVoiceIsRaised(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		old := time.Now().Add(-2 * time.Hour)
		b.send(0, deletes(1, keyOf(1), old), issues(2, keyOf(2), "alice@example.com", old))
		first := b.start(nil)
		b.until("the lines are in", b.read)
		first.stop(t)
		before, _ := b.offsets().Lookup(trailTopic, 0)
		b.marked(50, old)
		second := b.start(nil)
		b.ready(second)
		b.until("it speaks for generation 51", func() bool { return second.generations()[trailTopic+"/0"] == 51 })
		after, _ := b.offsets().Lookup(trailTopic, 0)
		p, err := decodePlace(after.At, after.Metadata)
		if err != nil || len(p.bookmarks) != 1 || p.bookmarks[0] != 0 || after.At != before.At {
			t.Errorf("committed are %d with bookmarks %d, %v; want %d with [0]", after.At, p.bookmarks, err, before.At)
		}
		second.kill()
		<-second.closed
		b.finish()
		b.want(1, correlate.Unattributed, true)
	})
}

// TestVoiceOfOneThatSlept falls asleep at each moment of raising its voice, and wakes
// up when the partitions are somebody else's. It has idle time to tell by then, and
// must not get a voice to tell it with, nor silence the new owner. Partitions are
// empty: it would commit what it reads, be refused, and know.
func TestVoiceOfOneThatSlept(t *testing.T) {
	for moment, want := range map[string]int32{"first commit": 51, "claim": 51, "second commit": 52} {
		t.Run(moment, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := trailBench(t)
				b.marked(50, time.Now())
				woken, asleep := make(chan struct{}), make(chan struct{})
				sleeps := sync.OnceFunc(func() { close(asleep); <-woken })
				sleeper := b.start(func(_ *instance, point string) error {
					if point == moment {
						sleeps()
					}
					return nil
				})
				<-asleep
				b.deceive(b.member(), false)
				time.Sleep(2 * b.cfg.SessionTimeout)
				owner := b.start(nil)
				time.Sleep(2 * b.cfg.SessionTimeout)
				b.member()
				for name, voice := range owner.generations() {
					if voice != want {
						t.Errorf("the owner of %s speaks for generation %d; want %d", name, voice, want)
					}
				}
				close(woken)
				for range 60 {
					time.Sleep(10 * time.Second)
					owner.readUpTo(t, time.Now())
				}
				if mark := sleeper.lane(0).reading().Time; mark.Before(time.Now().Add(-time.Minute)) {
					t.Errorf("the sleeper would say %s; the test wants its idle time", mark)
				}
				for name, voice := range sleeper.generations() {
					if voice != 0 {
						t.Errorf("the sleeper speaks for generation %d of %s; want none", voice, name)
					}
				}
				sleeper.kill()
				<-sleeper.closed
				b.settles(1)
				owner.stop(t)
			})
		})
	}
}
