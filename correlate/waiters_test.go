package correlate

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWaiters compares them with a set for each key.
func TestWaiters(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	keys := []Key{{Kind: "a", Value: "1"}, {Kind: "a", Value: "2"}, {Kind: "b", Value: "1"}}
	ws, plain := waiters{}, map[Key]map[ID]struct{}{}
	for range 5000 {
		k, id := keys[dice.IntN(len(keys))], ID{byte(dice.IntN(4))}
		if dice.IntN(2) == 0 {
			ws.add(k, id)
			if plain[k] == nil {
				plain[k] = map[ID]struct{}{}
			}
			plain[k][id] = struct{}{}
		} else {
			ws.remove(k, id)
			if delete(plain[k], id); len(plain[k]) == 0 {
				delete(plain, k)
			}
		}
		if len(ws) != len(plain) {
			t.Fatalf("%d keys are waited for; want %d", len(ws), len(plain))
		}
		for _, k := range keys {
			got, want := map[ID]struct{}{}, map[ID]struct{}{}
			ws.of(k, got)
			for id := range plain[k] {
				want[id] = struct{}{}
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("who waits for %v (-want +got):\n%s", k, d)
			}
		}
	}
}
