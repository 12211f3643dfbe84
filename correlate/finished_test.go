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
		again.Finished = NewFinished(1 << 20)
		again.Finished.eager = true
		w := again.NewWalker()
		w.Poison()
		turns := turnsOf(store, kinds, e)
		for step := range 300 {
			if rng.IntN(60) == 0 {
				store.put([]Fact{more(rng, store, step, e)})
				turns = turnsOf(store, kinds, e)
			}
			e.ID, e.EventID = NewID(fmt.Sprint(seed, step)), fmt.Sprintf("%c-%d", 'a'+rng.IntN(26), step)
			if e.Time = e.Time.Add(time.Duration(rng.IntN(1000))); rng.IntN(8) == 0 {
				e.Time = turns[rng.IntN(len(turns))].Add(time.Duration(rng.IntN(3)-1) * time.Duration([]int{1, 1e9, 60e9}[rng.IntN(3)]))
			} else if rng.IntN(8) == 0 {
				e.Time = turns[0].Add(turns[len(turns)-1].Sub(turns[0]) / 2)
			}
			want := must(plain.Resolve(context.Background(), e))
			var got Chain
			if err := w.Walk(context.Background(), &e, &got); err != nil {
				t.Fatal(err)
			}
			want.Seal(1)
			got.Seal(1)
			if d := cmp.Diff(whole(t, &want), whole(t, &got)); d != "" {
				return reused, fmt.Sprintf("seed %d, step %d, at %s (-walked +used again):\n%s", seed, step, e.Time, d)
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

func BenchmarkFinished(b *testing.B) {
	s, d, e := ladder(3)
	r := &Resolver{Index: s, Directory: d, Kinds: scenarioKinds(), Finished: NewFinished(1 << 20)}
	w := r.NewWalker()
	var c Chain
	b.ReportAllocs()
	for b.Loop() {
		if err := w.Walk(b.Context(), &e, &c); err != nil {
			b.Fatal(err)
		}
		w.Reset()
	}
}
