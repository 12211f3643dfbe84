package sources

import (
	"math/bits"
	"strings"
)

// words remembers what follows from the words that a log repeats, such as its
// event types. It takes up a bounded number of short ones; what follows from any
// other is worked out every time. Every line asks for a word or two, so it is a table
// of few steps in place of a map, and costs half as much.
type words[V any] struct {
	slots []wordSlot[V] // a power of two of them, at most half of them taken
	taken int
}

type wordSlot[V any] struct {
	word  string
	taken bool
	value V
}

const (
	maxWords     = 4096
	maxWordBytes = 192 // ids of resources, too
	// firstWords is how many slots there are to begin with.
	firstWords = 32
	// wordTries is how many slots are looked at for a word. Words of one hash, which
	// whoever writes a log can make up, find no place, and cost no more than that.
	wordTries = 8
)

// of returns what follows from word. work must depend on nothing else and return
// memory of its own.
func (w *words[V]) of(word string, work func(word string) V) V {
	if n := len(w.slots); n > 0 {
		for i, at := 0, wordHash(word); i < wordTries; i, at = i+1, at+1 {
			s := &w.slots[at&uint64(n-1)]
			if !s.taken {
				break
			}
			if s.word == word {
				return s.value
			}
		}
	}
	v := work(word)
	if w.taken < maxWords && len(word) <= maxWordBytes {
		w.grow()
		if s := w.take(wordSlot[V]{word, true, v}); s != nil {
			s.word = strings.Clone(word)
		}
	}
	return v
}

// grow makes room for one more.
func (w *words[V]) grow() {
	if 2*(w.taken+1) <= len(w.slots) {
		return
	}
	old := w.slots
	w.slots, w.taken = make([]wordSlot[V], max(firstWords, 2*len(old))), 0
	for i := range old {
		if old[i].taken {
			w.take(old[i])
		}
	}
}

// take gives a word that is not there a place, if there is one for it, or returns nil.
func (w *words[V]) take(s wordSlot[V]) *wordSlot[V] {
	for i, at := 0, wordHash(s.word); i < wordTries; i, at = i+1, at+1 {
		if to := &w.slots[at&uint64(len(w.slots)-1)]; !to.taken {
			*to = s
			w.taken++
			return to
		}
	}
	return nil
}

// wordHash goes by the length and the first and last eight bytes of a word.
func wordHash(s string) uint64 {
	const spread = 0x9E3779B97F4A7C15
	var first, last uint64
	switch n := len(s); {
	case n >= 8:
		first, last = word64(s), word64(s[n-8:])
	case n >= 4:
		first, last = word32(s), word32(s[n-4:])
	case n > 0:
		first, last = uint64(s[0]), uint64(s[n/2])<<8|uint64(s[n-1])
	}
	hi, lo := bits.Mul64(first^spread, last^bits.RotateLeft64(spread, 32)^uint64(len(s)))
	return hi ^ lo
}

func word64(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func word32(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}
