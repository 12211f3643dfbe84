package twin

import (
	"crypto/sha256"
	"math/rand/v2"
	"testing"
)

// TestSums: whatever the lengths, alone, beside others, and longer than is done at once.
func TestSums(t *testing.T) {
	rnd := rand.New(rand.NewPCG(7, 8))
	text := make([]byte, 5*mostBytes)
	for i := range text {
		text[i] = byte(rnd.Uint32())
	}
	var h Hasher
	check := func(lengths ...int) {
		t.Helper()
		var messages [][]byte
		for _, n := range lengths {
			from := rnd.IntN(len(text) - n + 1)
			messages = append(messages, text[from:from+n])
		}
		sums := make([][sha256.Size]byte, len(messages))
		h.Sums(messages, sums)
		for i, m := range messages {
			if sums[i] != sha256.Sum256(m) {
				t.Fatalf("message %d of lengths %d: not its SHA-256", i, lengths)
			}
		}
	}
	check()
	for n := range 5 * blockBytes {
		check(n)
		check(n, rnd.IntN(5*blockBytes))
		check(rnd.IntN(5*blockBytes), n, 0)
	}
	check(len(text), 1500, 3*mostBytes-1, mostBytes, 7)
	for range 300 {
		lengths := make([]int, rnd.IntN(20))
		for i := range lengths {
			lengths[i] = rnd.IntN(3000)
		}
		check(lengths...)
	}
}

func TestSumsAllocateNothing(t *testing.T) {
	messages, sums := lines(), make([][sha256.Size]byte, 16)
	var h Hasher
	if n := testing.AllocsPerRun(100, func() { h.Sums(messages, sums) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// lines are of lengths that lines have.
func lines() [][]byte {
	rnd := rand.New(rand.NewPCG(9, 10))
	lines := make([][]byte, 16)
	for i := range lines {
		lines[i] = make([]byte, 1300+rnd.IntN(300))
	}
	return lines
}

func BenchmarkSums(b *testing.B) {
	messages, sums := lines(), make([][sha256.Size]byte, 16)
	b.Run("twin", func(b *testing.B) {
		var h Hasher
		for b.Loop() {
			h.Sums(messages, sums)
		}
	})
	b.Run("sha256", func(b *testing.B) {
		for b.Loop() {
			for i, m := range messages {
				sums[i] = sha256.Sum256(m)
			}
		}
	})
}
