package correlate

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
	"math/bits"
	"slices"

	"whence/correlate/arena"
)

// Sums makes IDs and takes SHA-256 sums in hex, as NewID and sha256.Sum256 do, one after
// another. Every event needs two of them, mostly of short text, of which a third is
// spent on things other than hashing: a new hash each time, and a copy of it that is
// padded piece by piece. So it pads what it hashes itself, and takes two sums at once
// where the processor can. Where it cannot, it uses one hash of crypto/sha256 again and
// reads the sum out of the hash's state. The zero Sums is ready for use. It is not safe
// for concurrent use.
type Sums struct {
	// Standard has crypto/sha256 take all sums: for whoever checks those of others.
	Standard bool

	hash  hash.Hash
	state encoding.BinaryAppender // the same hash
	out   [128]byte
	sumRoom
	other sumRoom // of a second one
}

type sumRoom struct {
	room [320]byte            // an ID's parts
	tail [2 * blockBytes]byte // what a text ends with
}

const (
	// blockBytes is what SHA-256 works on at a time. The last block ends with the
	// length in bits, after a byte of 0x80 at least.
	blockBytes = sha256.BlockSize
	padBytes   = 1 + 8
	// stateMagic is what a marshalled hash begins with; its sum so far comes next.
	stateMagic = "sha\x03"
	// lengthBytes are before each part of an ID.
	lengthBytes = 8
	// HexBytes is a SHA-256 in hex.
	HexBytes = 2 * sha256.Size
)

// sumState is a SHA-256 so far.
type sumState [8]uint32

// sumStart are the first bits of the square roots of the first eight primes.
var sumStart = sumState{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}

// ID is NewID.
func (s *Sums) ID(parts ...string) ID {
	n, ok := s.parts(parts)
	if !ok {
		return NewID(parts...)
	}
	return s.made(n)
}

// Hex writes the SHA-256 of b in lower-case hex to hex: HexBytes.
func (s *Sums) Hex(hex, b []byte) {
	sum := s.sum(b)
	sum.hex(hex)
}

// Named is Hex, and the ID of parts and what it wrote.
func (s *Sums) Named(hex, b []byte, parts ...string) ID {
	sum := s.sum(b)
	sum.hex(hex)
	n, ok := s.parts(parts)
	if !ok || n+lengthBytes+HexBytes > len(s.room)-blockBytes {
		return NewID(append(slices.Clone(parts), string(hex))...)
	}
	// Not copied from hex: what was just written in pieces takes long to read in others.
	binary.BigEndian.PutUint64(s.room[n:], HexBytes)
	n += lengthBytes
	sum.hex(s.room[n:])
	return s.made(n + HexBytes)
}

// Two is Named of two texts, in two thirds of the time.
func (s *Sums) Two(hexA, a, hexB, b []byte, parts ...string) (ID, ID) {
	n, ok := s.parts(parts)
	if !s.fast() || !ok || n+lengthBytes+HexBytes > len(s.room)-blockBytes {
		return s.Named(hexA, a, parts...), s.Named(hexB, b, parts...)
	}
	wholeA, tailA := s.text(a)
	wholeB, tailB := s.other.text(b)
	sumA, sumB := sumStart, sumStart
	sumTwo(&sumA, &sumB, wholeA, tailA, wholeB, tailB)
	sumA.hex(hexA)
	sumB.hex(hexB)
	binary.BigEndian.PutUint64(s.room[n:], HexBytes)
	n += lengthBytes
	copy(s.other.room[:], s.room[:n])
	sumA.hex(s.room[n:])
	sumB.hex(s.other.room[n:])
	n += HexBytes
	blocks := pad(s.room[:], n, n)
	pad(s.other.room[:], n, n)
	sumA, sumB = sumStart, sumStart
	sumBoth(&sumA, &sumB, &s.room[0], &s.other.room[0], blocks)
	return sumA.id(), sumB.id()
}

// Both is Hex, and ID of parts, in little more than the time of the longer one.
func (s *Sums) Both(hex, b []byte, parts ...string) ID {
	n, ok := s.parts(parts)
	if !s.fast() || !ok {
		s.Hex(hex, b)
		return s.ID(parts...)
	}
	whole, tail := s.text(b)
	blocks := pad(s.room[:], n, n)
	sum, id := sumStart, sumStart
	sumTwo(&sum, &id, whole, tail, s.room[:blocks*blockBytes], nil)
	sum.hex(hex)
	return id.id()
}

// sumTwo goes on with two sums, each by whole blocks and those after them.
func sumTwo(x, y *sumState, a, tailA, b, tailB []byte) {
	for {
		if len(a) == 0 {
			a, tailA = tailA, nil
		}
		if len(b) == 0 {
			b, tailB = tailB, nil
		}
		switch n := min(len(a), len(b)); {
		case n > 0:
			sumBoth(x, y, &a[0], &b[0], n/blockBytes)
			a, b = a[n:], b[n:]
		case len(a) > 0:
			sumBlocks(x, &a[0], len(a)/blockBytes)
			a = nil
		case len(b) > 0:
			sumBlocks(y, &b[0], len(b)/blockBytes)
			b = nil
		default:
			return
		}
	}
}

func (s *Sums) fast() bool { return sumFast && !s.Standard }

// sum is the sum of b.
func (s *Sums) sum(b []byte) sumState {
	whole, tail := s.text(b)
	if !s.fast() {
		return s.slow(whole, tail)
	}
	state := sumStart
	if len(whole) > 0 {
		sumBlocks(&state, &whole[0], len(whole)/blockBytes)
	}
	sumBlocks(&state, &tail[0], len(tail)/blockBytes)
	return state
}

// made is the ID of the first n bytes of room.
func (s *Sums) made(n int) ID {
	blocks := pad(s.room[:], n, n)
	state := sumStart
	if s.fast() {
		sumBlocks(&state, &s.room[0], blocks)
	} else {
		state = s.slow(nil, s.room[:blocks*blockBytes])
	}
	return state.id()
}

// parts writes what an ID of parts is the hash of to room, if it fits there with its
// padding.
func (s *sumRoom) parts(parts []string) (n int, ok bool) {
	for _, p := range parts {
		n += lengthBytes + len(p)
	}
	if n > len(s.room)-blockBytes {
		return 0, false
	}
	at := 0
	for _, p := range parts {
		binary.BigEndian.PutUint64(s.room[at:], uint64(len(p)))
		at += lengthBytes + copy(s.room[at+lengthBytes:], p)
	}
	return n, true
}

// text is the whole blocks of b, and what is left of it, padded, in tail.
func (s *sumRoom) text(b []byte) (whole, last []byte) {
	n := len(b) / blockBytes * blockBytes
	blocks := pad(s.tail[:], copy(s.tail[:], b[n:]), len(b))
	return b[:n], s.tail[:blocks*blockBytes]
}

// pad completes what is hashed last, n bytes of room: length bytes in all. It returns how
// many blocks that is.
func pad(room []byte, n, length int) (blocks int) {
	blocks = (n + padBytes + blockBytes - 1) / blockBytes
	end := blocks * blockBytes
	clear(room[n:end])
	room[n] = 0x80
	binary.BigEndian.PutUint64(room[end-8:], uint64(length)*8)
	return blocks
}

func (s *sumState) hex(out []byte) {
	out = out[:HexBytes]
	for i, word := range s {
		binary.LittleEndian.PutUint64(out[8*i:], arena.HexOf(bits.ReverseBytes32(word)))
	}
}

func (s *sumState) id() (id ID) {
	for i := range len(id) / 4 {
		binary.BigEndian.PutUint32(id[4*i:], s[i])
	}
	return id
}

// slow is the sum of whole blocks and those after it, by crypto/sha256.
func (s *Sums) slow(whole, last []byte) (sum sumState) {
	if s.hash == nil {
		s.hash = sha256.New()
		s.state = s.hash.(encoding.BinaryAppender) // as its documentation has it
	}
	s.hash.Reset()
	if len(whole) > 0 {
		s.hash.Write(whole) // never fails
	}
	s.hash.Write(last)
	state, err := s.state.AppendBinary(s.out[:0])
	if err != nil || len(state) < len(stateMagic)+sha256.Size || string(state[:len(stateMagic)]) != stateMagic {
		panic("correlate: crypto/sha256 has another state than it is documented to have")
	}
	for i := range sum {
		sum[i] = binary.BigEndian.Uint32(state[len(stateMagic)+4*i:])
	}
	return sum
}
