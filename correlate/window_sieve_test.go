package correlate

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// TestSieve: it never says of an id in the set that it is not, however many share a
// place, and of few others that they may be.
func TestSieve(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	id := func() (id ID) {
		binary.LittleEndian.PutUint64(id[:], rng.Uint64())
		if rng.IntN(4) == 0 {
			binary.LittleEndian.PutUint32(id[:], 7) // a place that overflows
		}
		return id
	}
	var s sieve
	set := map[ID]struct{}{}
	if i := id(); s.may(&i) {
		t.Error("an empty sieve lets an id through")
	}
	for range 5000 {
		if i := id(); len(set) < 1500 || rng.IntN(2) == 0 {
			set[i] = struct{}{}
			s.add(&i)
			continue
		}
		for i := range set {
			delete(set, i)
			s.remove(&i)
			break
		}
	}
	for i := range set {
		if !s.may(&i) {
			t.Fatalf("%s is in the set, and the sieve says that it is not", i)
		}
	}
	through := 0
	for range 10_000 {
		var i ID
		binary.LittleEndian.PutUint64(i[:], rng.Uint64())
		if s.may(&i) {
			through++
		}
	}
	if through > 1000 {
		t.Errorf("%d of 10000 ids that are not in the set get through", through)
	}
}
