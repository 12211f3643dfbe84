package correlate

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestFinished: a walker that uses finished walks again finds what walking finds, at
// any time and whatever becomes known in between.
func TestFinished(t *testing.T) {
	reused, different := againAndAgain(t, false)
	if different != "" {
		t.Error(different)
	}
	if reused < 4000 {
		t.Errorf("only %d walks of 45000 were used again", reused)
	}
	if _, different := againAndAgain(t, true); different == "" {
		t.Error("nothing went wrong although nobody told of new facts: the test does not test it")
	}
}

// againAndAgain compares walks that are used again with walks, and returns how many
// were and the first difference. If silent, the index does not tell of new facts.
func againAndAgain(t *testing.T, silent bool) (reused int, different string) {
	t.Helper()
	for seed := range uint64(150) {
		rng := rand.New(rand.NewPCG(seed, 7))
		store, _, e := ladder(1 + rng.IntN(4))
		directory := must(NewDirectory(1, []Entry{{ID: "alice@example.com", Type: Human, Until: e.Time.Add(-leftAfter + 30*time.Minute)}}))
		kinds := NewKinds(
			KindInfo{Kind: "aws.access_key", Best: Issued, Life: time.Duration(1+rng.IntN(6)) * time.Hour},
			KindInfo{Kind: "aws.role_session", Alias: true, Best: Issued, Life: time.Duration(rng.IntN(3)) * time.Hour})
		plain := &Resolver{Index: store, Kinds: kinds, Directory: directory, Epoch: 1}
		store.silent = silent
		again := *plain
		if seed%2 == 0 {
			again.Index = naming{store, &kinds}
		}
		again.Finished = NewFinished(1 << 20)
		again.Finished.eager = true
		w := again.NewWalker()
		w.Poison()
		for step := 0; step < 300; {
			events := make([]Event, 1+rng.IntN(2*lookAhead))
			turns := turnsOf(store, kinds, e)
			for i := range events {
				e.ID, e.EventID = NewID(fmt.Sprint(seed, step+i)), fmt.Sprintf("%c-%d", 'a'+rng.IntN(26), step+i)
				if e.Time = e.Time.Add(time.Duration(rng.IntN(1000))); rng.IntN(8) == 0 {
					e.Time = turns[rng.IntN(len(turns))].Add(time.Duration(rng.IntN(3)-1) * time.Duration([]int{1, 1e9, 60e9}[rng.IntN(3)]))
				} else if rng.IntN(8) == 0 {
					e.Time = turns[0].Add(turns[len(turns)-1].Sub(turns[0]) / 2)
				}
				events[i] = e
			}
			if rng.IntN(3) > 0 {
				w.Ahead(events)
			}
			for i := range events {
				step++
				if rng.IntN(60) == 0 {
					store.put([]Fact{more(rng, store, step, e)})
				}
				one := &events[i]
				switch rng.IntN(60) {
				case 0:
					continue // not walked, though it was told
				case 1:
					other := events[i] // walked, though it was not told
					one = &other
				}
				want := must(plain.Resolve(context.Background(), *one))
				plain.Settle(&want, FileClock{})
				var got Chain
				if err := w.Walk(context.Background(), one, &got); err != nil {
					t.Fatal(err)
				}
				w.Settle(&got, FileClock{})
				if d := cmp.Diff(whole(t, &want), whole(t, &got)); d != "" {
					return reused, fmt.Sprintf("seed %d, step %d, at %s (-walked +used again):\n%s", seed, step, one.Time, d)
				}
			}
			reused += w.Reused()
			w.Reset()
		}
	}
	return reused, ""
}

// whole is all of a chain, beyond its JSON.
func whole(t *testing.T, c *Chain) string {
	t.Helper()
	b, err := json.MarshalIndent(struct {
		Chain         *Chain
		Walked, Waits []Key
		Version       uint64
	}{c, slices.Clip(c.Walked), c.Waits, c.Version}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// turnsOf are the times at which the walk of e may turn out otherwise.
func turnsOf(s *simStore, kinds Kinds, e Event) []time.Time {
	turns := []time.Time{e.Time}
	for k, session := range s.facts {
		life := kinds[k.Kind].Life
		for _, f := range session.Facts {
			for _, t := range []time.Time{f.Time, f.Start, f.End} {
				if t.IsZero() {
					continue
				}
				for _, d := range []time.Duration{0, Skew, -Skew, EarlySkew, -EarlySkew, life, -life} {
					turns = append(turns, t.Add(d))
				}
			}
		}
	}
	slices.SortFunc(turns, time.Time.Compare)
	return turns
}

// more is one more fact about a key that the walk may come by.
func more(rng *rand.Rand, s *simStore, n int, e Event) Fact {
	keys := make([]Key, 0, len(s.facts))
	for k := range s.facts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, Key.Compare)
	at := e.Time.Add(time.Duration(rng.IntN(240)-120) * time.Minute)
	f := Fact{
		Kind: []FactKind{Account, Account, Binding, Ending, Approval}[rng.IntN(5)], Key: keys[rng.IntN(len(keys))], Origin: NewID("more", fmt.Sprint(n)),
		Source: "more", EventID: fmt.Sprint("more-", n), Time: at, Start: at, Proof: Proof(1 + rng.IntN(4)), Method: "more",
	}
	switch f.Kind {
	case Binding:
		f.Target = keys[rng.IntN(len(keys))]
		if rng.IntN(2) == 0 { // the end of one that is there
			for range 10 {
				if known := s.facts[keys[rng.IntN(len(keys))]].Facts; len(known) > 0 && known[0].Kind == Binding {
					f.Key, f.Target = known[0].Key, known[0].Target
				}
			}
			f.End, f.Reason = f.Start.Add(time.Duration(rng.IntN(60))*time.Minute), "completed"
			f.Start = f.Start.Add(-time.Hour)
		}
	case Account, Approval:
		f.Principal = Principal{Type: Human, ID: []string{"alice@example.com", "bob@example.com"}[rng.IntN(2)], Issuer: "aws"}
	case Ending:
		f.Reason = "revoked"
	}
	if f.Kind == Account && rng.IntN(2) == 0 {
		f.Principal.Type = RoleType
		f.Parents = []Link{{Role: Requestor, Key: keys[rng.IntN(len(keys))], Proof: Issued, Method: "more"}}
	}
	return f
}

func TestUsingAWalkAgainAllocatesNothing(t *testing.T) {
	store, directory, e := ladder(4)
	w := (&Resolver{Index: store, Directory: directory, Kinds: scenarioKinds(), Finished: NewFinished(1 << 20)}).NewWalker()
	events := slices.Repeat([]Event{e}, 3)
	var c Chain
	walk := func() {
		w.Ahead(events)
		for i := range events {
			if err := w.Walk(context.Background(), &events[i], &c); err != nil {
				t.Fatal(err)
			}
			w.Settle(&c, FileClock{})
		}
	}
	if n := testing.AllocsPerRun(100, func() { walk(); w.Reset() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if walk(); w.Reused() != len(events) {
		t.Errorf("%d walks of %d were used again", w.Reused(), len(events))
	}
}

// TestFinishedKeepsToItsBytes: whatever is kept, and whoever made it large.
func TestFinishedKeepsToItsBytes(t *testing.T) {
	const size = 1 << 20
	f := NewFinished(size)
	f.eager = true
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		s := start{rng.Uint64(), rng.Uint64()}
		if i := f.place(s); i >= 0 {
			f.keep(i, newFinished(finished{start: s}, &rest{text: make([]byte, rng.IntN(4000))}))
		}
	}
	held := int64(0)
	for i := range f.sets {
		for j := range f.sets[i].walks {
			if w := f.sets[i].walks[j].Load(); w != nil {
				held += int64(w.taken())
				if f.find(w.start) != w {
					t.Errorf("walk %d of set %d is not found", j, i)
				}
			}
		}
	}
	if held != f.held.Load() || held > size || held < size*9/10 {
		t.Errorf("%d bytes are held, %d counted, of %d", held, f.held.Load(), size)
	}
	if newFinished(finished{}, &rest{text: make([]byte, mostFinished)}) != nil {
		t.Error("a walk without bounds is kept")
	}
}
