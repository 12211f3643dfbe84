// Package arena lends memory to whoever works on one batch of events and takes all
// of it back at once, so that in steady state an event allocates nothing.
//
// The one rule, for text and slabs alike: what was lent is good until the next
// Reset of the arena it came from. Whoever keeps a value longer copies it first.
// docs/DESIGN.md says who may keep what; Poison makes a breach of it visible.
package arena

import (
	"encoding/binary"
	"encoding/hex"
	"unsafe"
)

const (
	// A text lends from chunks of chunkBytes, of which the first is small: many texts
	// serve one line and no more.
	firstChunkBytes = 1 << 10
	chunkBytes      = 64 << 10
	// keepChunks bounds what an arena holds on to between batches, so that one
	// odd batch does not set its size for good.
	keepChunks = 256
)

// Text lends memory for strings that are made, not merely found, while an event is
// worked on. The zero Text is ready for use. It is not safe for concurrent use.
type Text struct {
	// Poison makes Reset overwrite all it lent, for tests.
	Poison bool

	chunks [][]byte // in use or to be used again
	at     int      // the chunk that is being filled
	used   int      // of that chunk
	large  [][]byte // strings that need more than a quarter of a chunk
}

// Bytes lends n bytes of any content.
func (t *Text) Bytes(n int) []byte {
	if n > chunkBytes/4 {
		b := make([]byte, n)
		if t.Poison {
			t.large = append(t.large, b)
		}
		return b
	}
	for len(t.chunks) == 0 || t.used+n > len(t.chunks[t.at]) {
		t.next()
	}
	b := t.chunks[t.at][t.used : t.used+n : t.used+n]
	t.used += n
	return b
}

func (t *Text) next() {
	if len(t.chunks) > 0 {
		t.at++
	}
	switch {
	case len(t.chunks) == 0:
		t.chunks = append(t.chunks, make([]byte, firstChunkBytes))
	case t.at == len(t.chunks):
		t.chunks = append(t.chunks, make([]byte, chunkBytes))
	}
	t.used = 0
}

// Join returns its parts as one string.
func (t *Text) Join(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	b := t.Bytes(n)[:0]
	for _, p := range parts {
		b = append(b, p...)
	}
	return View(b)
}

// Hex returns b in lower-case hex.
func (t *Text) Hex(b []byte) string {
	out := t.Bytes(hex.EncodedLen(len(b)))
	i := 0
	for ; len(b)-i >= 4; i += 4 {
		binary.LittleEndian.PutUint64(out[2*i:], HexOf(binary.LittleEndian.Uint32(b[i:])))
	}
	if i < len(b) {
		hex.Encode(out[2*i:], b[i:])
	}
	return View(out)
}

// HexOf is four bytes in lower-case hex, with the lowest one first. Every event has a hash
// or two in hex.
func HexOf(four uint32) uint64 {
	const ones, low = 0x0101010101010101, 0x000F000F000F000F
	x := uint64(four)
	x = (x | x<<16) & 0x0000FFFF0000FFFF
	x = (x | x<<8) & 0x00FF00FF00FF00FF
	x = x>>4&low | x&low<<8 // a digit in each byte
	letters := (x + 6*ones) >> 4 & ones
	return x + '0'*ones + letters*('a'-'0'-10)
}

// Unused gives back the last n bytes of what was lent last.
func (t *Text) Unused(n int) {
	if n <= t.used {
		t.used -= n
	}
}

// Reset takes back everything that was lent.
func (t *Text) Reset() {
	if t.Poison {
		for _, c := range t.chunks {
			poison(c)
		}
		for _, b := range t.large {
			poison(b)
		}
		t.large = t.large[:0]
	}
	if len(t.chunks) > keepChunks {
		clear(t.chunks[keepChunks:])
		t.chunks = t.chunks[:keepChunks]
	}
	t.at, t.used = 0, 0
}

func poison(b []byte) {
	for i := range b {
		b[i] = 0xDB
	}
}

// View returns b as a string without copying it. The string changes when b does.
func View(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
