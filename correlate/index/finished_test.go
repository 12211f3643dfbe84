package index

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// TestFinishedIsShared: lanes use each other's finished walks while these push one
// another out and facts arrive, and find what walking finds.
func TestFinishedIsShared(t *testing.T) {
	const sessions, lanes, rounds = 60, 3, 20
	table := local(t, 1<<20, 0, NewMemory())
	facts := make([]correlate.Fact, sessions)
	for i := range facts {
		facts[i] = signedIn(i * benchSessions / sessions)
	}
	for i := range facts { // parents that are there
		if l := &facts[i].Parents[0]; !l.Key.IsZero() {
			l.Key = facts[i%10].Key
		}
	}
	if _, err := table.apply(facts, nil); err != nil {
		t.Fatal(err)
	}
	plain := &correlate.Resolver{Index: table, Kinds: kinds(), Epoch: 1}
	events := make([]correlate.Event, sessions)
	want := make([]correlate.Chain, sessions)
	for i := range events {
		events[i].Uses = make([]correlate.Link, 1)
		act(&events[i], &facts[i])
		c, err := plain.Resolve(t.Context(), events[i])
		if err != nil {
			t.Fatal(err)
		}
		plain.Settle(&c, correlate.FileClock{})
		want[i] = c
	}
	shared := *plain
	shared.Finished = correlate.NewFinished(sessions * 400) // not all fit
	var done atomic.Bool
	var reused atomic.Int64
	var walkers, writer sync.WaitGroup
	writer.Go(func() {
		for i := 0; !done.Load(); i++ {
			if _, err := table.apply([]correlate.Fact{signedIn(1_000_000 + i%1000)}, nil); err != nil {
				t.Error(err)
			}
		}
	})
	for range lanes {
		walkers.Go(func() {
			w := shared.NewWalker()
			w.Poison()
			for range rounds {
				w.Ahead(events)
				for i := range events {
					var c correlate.Chain
					if err := w.Walk(t.Context(), &events[i], &c); err != nil {
						t.Error(err)
					}
					w.Settle(&c, correlate.FileClock{})
					if c.Version != want[i].Version || !slices.Equal(c.Walked, want[i].Walked) || c.Requestor.ID != want[i].Requestor.ID {
						t.Errorf("chain %d (-walked +used again):\n%s", i, cmp.Diff(want[i], c))
						return
					}
				}
				reused.Add(int64(w.Reused()))
				w.Reset()
			}
		})
	}
	walkers.Wait()
	done.Store(true)
	writer.Wait()
	if n := reused.Load(); n < lanes*rounds || n == lanes*rounds*sessions {
		t.Errorf("%d of %d walks were used again", n, lanes*rounds*sessions)
	}
}
