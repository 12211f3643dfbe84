package correlate

import (
	"cmp"
	"math/rand/v2"
	"testing"
)

func TestRankIsTheNumberOfFacts(t *testing.T) {
	for _, n := range []int{0, 1, 7, 4000, 1 << 30} {
		if k := (knowledge{facts: n}); k.rank() != uint32(n) {
			t.Errorf("rank %d of %d facts", k.rank(), n)
		}
	}
}

// TestRankOrders compares ranks with what they stand for: ends told nearer to the event
// first, then further ends, then facts.
func TestRankOrders(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	some := func() (k knowledge) {
		for range rng.IntN(4) {
			if n := rng.IntN(1 << rng.IntN(19)); n > 0 {
				k.tell(rng.IntN(3), n)
			}
		}
		k.facts = rng.IntN(1 << rng.IntN(12))
		return k
	}
	order := func(a, b *knowledge) int {
		for i := range a.ended {
			if c := cmp.Compare(a.ended[i], b.ended[i]); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.facts, b.facts)
	}
	same := 0
	for range 200_000 {
		a, b := some(), some()
		if rng.IntN(2) == 0 { // alike, but for a little
			b = a
			if rng.IntN(2) == 0 {
				b.facts++
			} else {
				b.tell(rng.IntN(3), 1)
				b.facts = 0
			}
		}
		want, got := order(&a, &b), cmp.Compare(a.rank(), b.rank())
		if read := knowledgeOf(a.rank()); a.ended[2] == 0 && max(a.ended[0], a.ended[1]) < 100 && read.ended != a.ended {
			t.Fatalf("%v is read as %v", a.ended[:3], read.ended[:3])
		}
		x, y := Chain{Rank: a.rank()}, Chain{Rank: b.rank()}
		x.Seal(1)
		y.Seal(1)
		if brief := cmp.Compare(Order(x.Version), Order(y.Version)); brief != 0 && brief != got {
			t.Fatalf("%v has order %d, %v has %d", a.ended[:3], Order(x.Version), b.ended[:3], Order(y.Version))
		}
		if got == 0 && want != 0 {
			same++ // there is no room
		} else if got != want {
			t.Fatalf("%v has rank %d, %v has %d", a.ended[:3], a.rank(), b.ended[:3], b.rank())
		}
	}
	if same > 30_000 {
		t.Errorf("%d of 200,000 are not told apart", same)
	}
}

// TestRankTellsRealOnesApart: what a name of an organisation's main branch leads to in
// five weeks, and as many facts as there are runs at a time.
func TestRankTellsRealOnesApart(t *testing.T) {
	for _, c := range []struct{ near, further, facts int }{
		{0, 0, 1_000_000}, {1000, 0, 50_000}, {10_000, 0, 4000}, {100_000, 0, 250}, {0, 8000, 1000}, {0, 70_000, 60}, {3, 8000, 15}, {1_000_000, 0, 30},
	} {
		var a, b, more knowledge
		for _, k := range []*knowledge{&a, &b, &more} {
			k.facts = c.facts
			if c.near > 0 {
				k.tell(0, c.near)
			}
			if c.further > 0 {
				k.tell(1, c.further)
			}
		}
		b.facts--
		more.tell(0, 1)
		more.facts = 0
		if a.rank() <= b.rank() || more.rank() <= a.rank() {
			t.Errorf("%+v: ranks %d, %d and %d", c, b.rank(), a.rank(), more.rank())
		}
	}
}
