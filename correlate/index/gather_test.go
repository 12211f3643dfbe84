package index

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// manyBindings are n bindings of one name in the order of their times, as stores give
// them.
func manyBindings(n int) []correlate.Fact {
	facts := make([]correlate.Fact, n)
	for i := range facts {
		at := day.Add(time.Duration(i) * time.Second)
		facts[i] = correlate.Fact{
			Kind: correlate.Binding, Key: correlate.Key{Kind: "name", Value: "n"}, Target: key(i * 7919 % n),
			Origin: correlate.NewID(fmt.Sprint(i)), Source: "s", EventID: fmt.Sprint(i), Time: at, Start: at, Proof: correlate.Inferred,
		}
	}
	return facts
}

// TestGather compares it with merging one fact after the other.
func TestGather(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		facts := manyBindings(n + 1)
		for range dice.IntN(20) { // the same fact, told by a line that knew more
			f := facts[dice.IntN(len(facts))]
			f.Proof, f.Method = correlate.Proof(1+dice.IntN(4)), fmt.Sprint(dice.IntN(3))
			facts = append(facts, f)
		}
		dice.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		k := facts[0].Key
		var want correlate.Session
		for i := range facts {
			want = want.Merge(correlate.Session{Facts: facts[i : i+1 : i+1]})
		}
		want.Key = k
		if d := cmp.Diff(want, gather(k, facts)); d != "" {
			t.Fatalf("%d facts (-want +got):\n%s", len(facts), d)
		}
	}
}

func BenchmarkGather(b *testing.B) {
	facts := manyBindings(2000)
	b.ReportAllocs()
	for b.Loop() {
		gather(facts[0].Key, facts)
	}
}
