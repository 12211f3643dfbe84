package index

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

var _ correlate.ForeseeingIndex = (*Table)(nil)

// What was foreseen is what a look-up gives, or nothing: also of aliases, of keys that
// lead to others, of what changed since, and while others bind.
func TestForeseenIsWhatIsLookedUp(t *testing.T) {
	table := local(t, 1<<20, 0, openPebble(t, t.TempDir()))
	r := newRandom(11)
	for range 200 {
		if _, err := table.apply(r.facts(5), nil); err != nil {
			t.Fatal(err)
		}
	}
	f := table.NewForeseer()
	var mem correlate.Memory
	events, skip := make([]correlate.Event, mostForeseen), make([]bool, mostForeseen)
	looked, seen := 0, 0
	for round := range 300 {
		for i := range events {
			events[i].Uses = []correlate.Link{{Key: r.key()}, {}, {Key: r.key()}}
			skip[i] = r.IntN(8) == 0
		}
		f.Foresee(events, skip)
		if round%2 == 0 {
			if _, err := table.apply(r.facts(3), nil); err != nil {
				t.Fatal(err)
			}
		}
		for i := range events {
			keys := []correlate.Key{events[i].Uses[0].Key, events[i].Uses[2].Key}
			for n := 0; n < len(keys) && n < 10; n++ {
				k, at := keys[n], r.time()
				want := lookup(t, table, k, at)
				for j := range want.Facts {
					for _, l := range want.Facts[j].Parents {
						keys = append(keys, l.Key)
					}
				}
				got, stamp, ok := f.Look(i, k, at, &mem)
				if looked++; !ok {
					continue
				}
				seen++
				if skip[i] {
					t.Fatal("an event was passed over, and yet something was foreseen for it")
				}
				diff(t, fmt.Sprintf("round %d, %v", round, k), got, want)
				if now := table.Stamp(k); now != stamp {
					t.Fatalf("stamp %v, now %v", stamp, now)
				}
				mem.Reset()
			}
		}
	}
	if seen < looked/10 {
		t.Errorf("%d of %d were foreseen", seen, looked)
	}
}

// A walk that was foreseen needs no look-up by itself, unless its keys are not in
// memory; and it comes out the same.
func TestForeseenWalksAreTheSame(t *testing.T) {
	const sessions = 2000
	s := site{sessions}
	table := local(t, 64<<20, 0, NewMemory())
	s.settle(t, table)
	d := s.directory(t)
	walker := func() *correlate.Walker {
		return (&correlate.Resolver{Index: table, Kinds: kinds(), Directory: d, Finished: correlate.NewFinished(1 << 20)}).NewWalker()
	}
	ahead, alone := walker(), walker()
	events := make([]correlate.Event, 100)
	for i := range events {
		s.act(&events[i], i*17)
	}
	before := table.Stats().HotHits
	ahead.Ahead(events)
	for i := range events {
		var got, want correlate.Chain
		if err := ahead.Walk(t.Context(), &events[i], &got); err != nil {
			t.Fatal(err)
		}
		if err := alone.Walk(t.Context(), &events[i], &want); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" || len(got.Hops) < 2 {
			t.Fatalf("event %d: %s", i, d)
		}
	}
	if table.Stats().HotHits == before {
		t.Error("nothing was found in memory")
	}
}

// Foreseeing beside those who bind is safe; run with -race.
func TestForeseeingBesideBinding(t *testing.T) {
	table := local(t, minHotBytes, 0, NewMemory()) // small: chunks come and go
	var all sync.WaitGroup
	for n := range 2 {
		all.Go(func() {
			r := newRandom(uint64(n))
			for range 200 {
				if _, err := table.apply(r.facts(20), nil); err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			r, f := newRandom(uint64(10+n)), table.NewForeseer()
			var mem correlate.Memory
			events := make([]correlate.Event, mostForeseen)
			for range 400 {
				for i := range events {
					events[i].Uses = []correlate.Link{{Key: r.key()}}
				}
				f.Foresee(events, make([]bool, len(events)))
				for i := range events {
					s, _, ok := f.Look(i, events[i].Uses[0].Key, day, &mem)
					if ok && s.Key != events[i].Uses[0].Key {
						t.Errorf("got %v", s.Key)
					}
				}
				mem.Reset()
			}
		})
	}
	all.Wait()
}
