package pipeline

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestFirstMarkSilencesTheFormerOwner: the new owner has nothing to say yet, since it
// never gets past its first batch, and a former one that slept goes on announcing how
// long it has been idle. It must not be heard: nothing counts as read.
func TestFirstMarkSilencesTheFormerOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		sleeper := b.start(nil)
		<-sleeper.Ready
		b.deceive(b.member(), true)
		time.Sleep(2 * b.cfg.SessionTimeout)
		old := time.Now().Add(-2 * time.Hour)
		b.send(0, deletes(1, keyOf(1), old))
		b.send(1, deletes(2, keyOf(2), old))
		owner := b.start(func(_ *instance, point string) error {
			if point == "judge" {
				<-t.Context().Done()
			}
			return nil
		})
		time.Sleep(2 * b.cfg.SessionTimeout)
		b.member()
		announced := sleeper.table.Stats().Announced
		time.Sleep(10 * time.Minute)
		if n := sleeper.table.Stats().Announced - announced; n < 100 {
			t.Fatalf("the sleeper announced %d marks; the test wants it to go on", n)
		}
		for name, in := range map[string]*instance{"the new owner": owner, "the sleeper": sleeper} {
			if got := in.clock.ReadUpTo(trailTopic); !got.IsZero() {
				t.Errorf("for %s the topic counts as read up to %s; want not at all", name, got)
			}
		}
	})
}
