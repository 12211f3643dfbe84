package sinks

import (
	"math/bits"
	"unsafe"
)

// Words are the different texts of a strip that has few of them: sources, methods,
// regions. Over the wire they go as LowCardinality(String) does, each once and then
// a number for each value, and the server makes of it what the table has. A row of
// chains is 1,359 bytes so instead of 1,744, from when it is encoded until it is
// compressed, and the server reads it in 6 % less of its time.
//
// It is a hint, not a promise: a column may have as many different texts as it
// likes, and goes as plain texts where there are too many to gain by it.
type words struct {
	spans []span // of each word in cells
	// codes say which word of its chapter each value is. A chapter has no more words
	// than a byte can count; nearly always there is one.
	codes    []byte
	chapters []chapter // but for the first
	// seen has the places of words in the chapter, one more than that, one for each
	// hash. What another word has pushed out is written again when it comes back: the
	// server does not mind. So a look-up is one comparison, whatever comes.
	seen []uint16
	// found has the codes of texts by where they lie: what is encoded stays there, and
	// stays as it is, until the block is made. So most are known without a look at
	// them, as names are mostly shared. It has one place for each hash of an address.
	found []found
}

// found is the code of the text that lies at an address, and its place among the seen,
// where another word may be by now.
type found struct {
	at   address
	seen uint16
	code byte
}

// address is where a text lies, not a pointer to it: nothing of a row is kept.
type address struct {
	at uintptr
	n  int
}

func addressOf(v string) address {
	return address{uintptr(unsafe.Pointer(unsafe.StringData(v))), len(v)}
}

// span is a text in cells; its length is before it.
type span struct{ from, to uint32 }

// chapter is where a chapter begins: its first value and its first word.
type chapter struct{ value, word int }

const (
	chapterWords = 1 << 8
	// seenBits: twice as many places as a chapter has words.
	seenBits  = 9
	foundBits = 6
)

// size is the memory that w holds.
func (w *words) size() int {
	return 8*cap(w.spans) + cap(w.codes) + 16*cap(w.chapters) + 2*cap(w.seen) + 24*cap(w.found)
}

func (w *words) reset() {
	if len(w.spans) > 0 {
		clear(w.seen)
		clear(w.found)
	}
	w.spans, w.codes, w.chapters = w.spans[:0], w.codes[:0], w.chapters[:0]
}

// codeAt is code of a text that lies at an address until the block is made.
func (s *strip) codeAt(a address, v string) byte {
	if s.found == nil {
		s.found = make([]found, 1<<foundBits)
	}
	f := &s.found[(uint64(a.at)^uint64(a.n)<<32)*0x9E3779B97F4A7C15>>(64-foundBits)]
	if a.n == 0 || f.at != a || s.seen[f.seen] != uint16(f.code)+1 { // or it was pushed out
		code, seen := s.look(v)
		*f = found{a, seen, code}
	}
	return f.code
}

// code is the number of the next value's word, which is written if it is new. It is
// good until the next call.
func (s *strip) code(v string) byte {
	code, _ := s.look(v)
	return code
}

// look is code, and the word's place among the seen.
func (s *strip) look(v string) (code byte, place uint16) {
	first := 0
	if n := len(s.chapters); n > 0 {
		first = s.chapters[n-1].word
	}
	if s.seen == nil {
		s.seen = make([]uint16, 1<<seenBits)
	}
	hash := uint16(glance(v) >> (64 - seenBits))
	if n := int(s.seen[hash]); n > 0 {
		if at := s.spans[first+n-1]; string(s.cells[at.from:at.to]) == v {
			return byte(n - 1), hash
		}
	}
	if len(s.spans)-first == chapterWords {
		first = len(s.spans)
		s.chapters = append(s.chapters, chapter{len(s.codes), first})
		clear(s.seen)
		clear(s.found)
	}
	s.used = s.used || v != ""
	s.cells = appendText(s.cells, v)
	to := uint32(len(s.cells))
	s.spans = append(s.spans, span{to - uint32(len(v)), to})
	n := len(s.spans) - first
	s.seen[hash] = uint16(n)
	return byte(n - 1), hash
}

// glance is a hash in its highest bits. It need not be a good one: texts of one hash
// are told apart when they are compared.
func glance(s string) uint64 {
	const k = 0x9E3779B97F4A7C15
	n := len(s)
	h := uint64(n)
	for ; len(s) > 16; s = s[8:] {
		h = (bits.RotateLeft64(h, 23) ^ eight(s)) * k
	}
	switch {
	case n >= 8: // the two may overlap
		h = (bits.RotateLeft64(h, 23) ^ eight(s)) * k
		h ^= eight(s[len(s)-8:])
	case n > 0:
		h ^= uint64(s[0])<<8 ^ uint64(s[n/2])<<16 ^ uint64(s[n-1])<<24
	}
	return h * k
}

func eight(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// chapter returns chapter i: the codes of its values and its first word.
func (w *words) chapter(i int) (codes []byte, first int) {
	from, to := chapter{}, len(w.codes)
	if i > 0 {
		from = w.chapters[i-1]
	}
	if i < len(w.chapters) {
		to = w.chapters[i].value
	}
	return w.codes[from.value:to], from.word
}

// spell appends the values as plain texts.
func (s *strip) spell(b []byte) []byte {
	for i := range len(s.chapters) + 1 {
		codes, first := s.chapter(i)
		for _, c := range codes {
			b = append(b, s.word(first+int(c))...)
		}
	}
	return b
}

// value is value i as a plain text.
func (s *strip) value(i int) []byte {
	first := 0
	for n := len(s.chapters); n > 0; n-- {
		if c := s.chapters[n-1]; c.value <= i {
			first = c.word
			break
		}
	}
	return s.word(first + int(s.codes[i]))
}

// word is a word in the protocol's bytes: its length comes first.
func (s *strip) word(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = s.spans[i-1].to
	}
	return s.cells[from:s.spans[i].to]
}
