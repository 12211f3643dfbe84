package correlate

import (
	"context"
	"slices"
	"testing"
)

// A later fact is matched against Walked alone, and so is a reader who looks for a
// key: whatever key a chain shows has been looked up. What is missing may be a name
// for the directory instead, of which there are no facts.
func TestWalkedHoldsEveryKeyOfAChain(t *testing.T) {
	shown := 0
	for seed := range uint64(40) {
		w := newWorld(seed)
		store := &simStore{facts: map[Key]Session{}}
		r := w.resolver(store)
		check := func() {
			for _, e := range slices.Concat(w.lines...) {
				c := must(r.Resolve(context.Background(), e))
				keys := []Key{e.Key()}
				for _, h := range c.Hops {
					keys = append(keys, h.Key)
				}
				for _, cand := range c.Candidates {
					keys = append(keys, cand.Key)
				}
				if _, minted := w.kinds[c.Missing.Kind]; minted {
					keys = append(keys, c.Missing)
				}
				for _, k := range keys {
					if k.IsZero() {
						continue
					}
					shown++
					if !slices.Contains(c.Walked, k) {
						t.Fatalf("world %d: chain %s shows %s and has walked %v", seed, c.ID, k, c.Walked)
					}
				}
			}
		}
		check() // nothing is known yet
		for i, e := range slices.Concat(w.lines...) {
			if i%2 == 0 {
				store.put(e.Mints)
			}
		}
		check()
		for _, e := range slices.Concat(w.lines...) {
			store.put(e.Mints)
		}
		check()
	}
	if shown < 10_000 {
		t.Errorf("only %d keys were shown", shown)
	}
}
