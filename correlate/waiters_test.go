package correlate

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWaiters compares them with a set for each key.
func TestWaiters(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	ws, plain := newWaiters(), map[uint64]map[int32]struct{}{}
	for range 5000 {
		k, slot := dice.Uint64N(3), int32(dice.IntN(4))
		if dice.IntN(2) == 0 {
			ws.add(k, slot)
			if plain[k] == nil {
				plain[k] = map[int32]struct{}{}
			}
			plain[k][slot] = struct{}{}
		} else {
			ws.remove(k, slot)
			if delete(plain[k], slot); len(plain[k]) == 0 {
				delete(plain, k)
			}
		}
		if n := len(ws.one) + len(ws.more); n != len(plain) || ws.empty() != (n == 0) {
			t.Fatalf("%d keys are waited for; want %d", n, len(plain))
		}
		for k := range uint64(3) {
			got, want := map[int32]struct{}{}, map[int32]struct{}{}
			ws.of(k, got)
			for s := range plain[k] {
				want[s] = struct{}{}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("who waits for %v (-want +got):\n%s", k, d)
			}
		}
	}
}
