package correlate

import (
	"math/rand/v2"
	"testing"
)

// TestManySums: whatever the lengths, alone, beside others, and longer than is done at
// once.
func TestManySums(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	text := make([]byte, 5*mostSumBytes)
	for i := range text {
		text[i] = byte(rnd.Uint32())
	}
	var s ManySums
	check := func(lengths ...int) {
		t.Helper()
		var texts, hexes [][]byte
		for _, n := range lengths {
			from := rnd.IntN(len(text) - n + 1)
			texts, hexes = append(texts, text[from:from+n]), append(hexes, make([]byte, HexBytes))
		}
		s.Hex(hexes, texts)
		for i, text := range texts {
			if string(hexes[i]) != hexOf(text) {
				t.Fatalf("text %d of lengths %d: not its SHA-256", i, lengths)
			}
		}
	}
	check()
	for n := range 5 * blockBytes {
		check(n)
		check(n, rnd.IntN(5*blockBytes))
		check(rnd.IntN(5*blockBytes), n, 0)
	}
	check(len(text), 1500, 3*mostSumBytes-1, mostSumBytes, 7)
	for range 300 {
		lengths := make([]int, rnd.IntN(20))
		for i := range lengths {
			lengths[i] = rnd.IntN(3000)
		}
		check(lengths...)
	}
}

func TestManySumsAllocateNothing(t *testing.T) {
	hexes, lines := linesToSum()
	var s ManySums
	if n := testing.AllocsPerRun(100, func() { s.Hex(hexes, lines) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// linesToSum are 16 of lengths that lines have.
func linesToSum() (hexes, lines [][]byte) {
	rnd := rand.New(rand.NewPCG(9, 10))
	for range 16 {
		hexes, lines = append(hexes, make([]byte, HexBytes)), append(lines, make([]byte, 1300+rnd.IntN(300)))
	}
	return hexes, lines
}

func BenchmarkManySums(b *testing.B) {
	hexes, lines := linesToSum()
	b.Run("many", func(b *testing.B) {
		var s ManySums
		for b.Loop() {
			s.Hex(hexes, lines)
		}
	})
	b.Run("one", func(b *testing.B) {
		var s Sums
		for b.Loop() {
			for i, l := range lines {
				s.Hex(hexes[i], l)
			}
		}
	})
}
