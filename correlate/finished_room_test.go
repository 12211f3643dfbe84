package correlate

import (
	"math/rand/v2"
	"testing"
)

// A walk for which there are no bytes is not packed in vain: it makes room only for
// itself, when it comes twice in a row.
func TestFinishedWithoutRoom(t *testing.T) {
	f := NewFinished(share * finishedBytes) // one set
	kept := newFinished(finished{start: start{1, 1 << 60}}, &rest{})
	f.keep(f.place(kept.start), kept)
	f.held.Store(f.limit)
	other := start{1, 2 << 60}
	if i := f.place(other); i >= 0 {
		t.Errorf("there is room for a walk that comes once, in slot %d", i)
	}
	i := f.place(other)
	if i < 0 || f.sets[0].walks[i].Load() != kept {
		t.Errorf("a walk that comes twice goes to slot %d, where there is nothing to make room", i)
	}
	f.sets[0].tags[i].Store(0)
	if f.place(start{1, 3 << 60}); f.place(start{1, 3 << 60}) >= 0 {
		t.Error("there is room where there is nothing to let go")
	}
}

// A walk whose set has nothing in it makes room in another one: all bytes may be there.
func TestFinishedMakesRoomElsewhere(t *testing.T) {
	f := NewFinished(2 * share * finishedBytes) // two sets
	kept := newFinished(finished{start: start{1, 1 << 60}}, &rest{text: make([]byte, finishedBytes)})
	f.keep(f.place(kept.start), kept)
	f.held.Store(f.limit)
	other := newFinished(finished{start: start{1 << 63, 2 << 60}}, &rest{})
	if f.set(kept.start) == f.set(other.start) {
		t.Fatal("they are of one set")
	}
	f.place(other.start)
	i := f.place(other.start)
	if i < 0 || f.find(kept.start) != nil {
		t.Fatalf("slot %d, and what was there before is kept", i)
	}
	if f.keep(i, other); f.find(other.start) != other {
		t.Error("it is not found")
	}
}

// Sessions that act several times in a row are walked little more than once for each
// time, though there is room for one in twenty; and where any session acts at any time,
// what is found is not paid for by keeping walks that never are.
func TestFinishedKeepsWhatIsWorthIt(t *testing.T) {
	const sessions, events, burst, busy = 20_000, 200_000, 10, 50
	starts := make([]start, sessions)
	rng := rand.New(rand.NewPCG(3, 1))
	for i := range starts {
		starts[i] = start{rng.Uint64(), rng.Uint64()}
	}
	f := NewFinished(1000 * finishedBytes)
	// act returns how many of all events are walked, and how many walks are kept.
	act := func(next func() int) (walked, kept float64) {
		for range events {
			s := starts[next()]
			if f.find(s) != nil {
				f.foundAgain(s)
				continue
			}
			walked++
			if i := f.place(s); i >= 0 {
				kept++
				f.keep(i, newFinished(finished{start: s}, &rest{text: make([]byte, rng.IntN(2*(finishedBytes-finishedHead)))}))
			}
		}
		return walked / events, kept / events
	}
	at := make([]int, busy)
	inBursts := func() int {
		i := rng.IntN(busy)
		if rng.IntN(burst) == 0 {
			at[i] = rng.IntN(sessions)
		}
		return at[i]
	}
	any := func() int { return rng.IntN(sessions) }
	for range 2 { // one after the other, each finds what the other one has left
		if walked, _ := act(inBursts); walked > 1.3/burst {
			t.Errorf("in bursts of %d one event in %.1f is walked", burst, 1/walked)
		}
		if walked, kept := act(any); walked > 0.96 || kept > 0.1 {
			t.Errorf("of any sessions %.3f of the events are walked, and %.3f are kept", walked, kept)
		}
	}
}
