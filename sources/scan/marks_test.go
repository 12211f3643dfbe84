package scan

import (
	"math/rand/v2"
	"testing"
)

// TestMarks: what is noted ahead is what would be found, from everywhere, in bytes of all
// kinds and lines of any length.
func TestMarks(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	var room []uint64
	for round := range 600 {
		b := make([]byte, rnd.IntN(1000))
		if round%100 == 99 {
			b = make([]byte, (mostMarked+3)*markBytes+rnd.IntN(markBytes))
		}
		for i := range b {
			switch rnd.IntN(40) {
			case 0:
				b[i] = '"'
			case 1:
				b[i] = '\\'
			case 2:
				b[i] = byte(rnd.IntN(256))
			default:
				b[i] = ' ' + byte(rnd.IntN(95))
			}
		}
		if round%3 == 0 { // long stretches of nothing
			for range len(b) / 2 {
				b[rnd.IntN(len(b))] = 'a'
			}
		}
		r := reader{b: b}
		r.lookOver(&room)
		if marked && len(b) >= fewestMarked*markBytes && r.marks == nil {
			t.Fatal("nothing was noted")
		}
		for i := range len(b) + 1 {
			if len(b) > 1000 && i%97 > 0 {
				continue
			}
			if got, want := r.special(i), special(b, i); got != want {
				t.Fatalf("special from %d of %d bytes: %d, want %d", i, len(b), got, want)
			}
			if got, want := r.quote(i), quote(b, i); got != want {
				t.Fatalf("a quote from %d of %d bytes: %d, want %d", i, len(b), got, want)
			}
		}
	}
}
