package correlate

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

// Sums makes IDs and takes SHA-256 sums, as NewID and sha256.Sum256 do, one after
// another. Every event needs two of them, mostly of short text, of which a third is
// spent on things other than hashing: a new hash each time, and a copy of it that is
// padded piece by piece. So it uses one hash again, pads what it hashes itself, and
// reads the sum out of the hash's state. The zero Sums is ready for use. It is not
// safe for concurrent use.
type Sums struct {
	hash  hash.Hash
	state encoding.BinaryAppender // the same hash
	room  [320]byte
	out   [128]byte
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
)

// ID is NewID.
func (s *Sums) ID(parts ...string) ID {
	n := 0
	for _, p := range parts {
		n += lengthBytes + len(p)
	}
	if n > len(s.room)-blockBytes {
		return NewID(parts...)
	}
	b := s.room[:0]
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	sum := s.finish(nil, n, n)
	return ID(sum[:16])
}

// SHA256 is sha256.Sum256.
func (s *Sums) SHA256(b []byte) [sha256.Size]byte {
	whole := len(b) / blockBytes * blockBytes
	return s.finish(b[:whole], copy(s.room[:], b[whole:]), len(b))
}

// finish is the sum of what is in whole blocks, and the first rest bytes of room after
// that: length bytes in all.
func (s *Sums) finish(whole []byte, rest, length int) (sum [sha256.Size]byte) {
	end := (rest + padBytes + blockBytes - 1) / blockBytes * blockBytes
	pad := s.room[rest:end]
	clear(pad)
	pad[0] = 0x80
	binary.BigEndian.PutUint64(pad[len(pad)-8:], uint64(length)*8)
	if s.hash == nil {
		s.hash = sha256.New()
		s.state = s.hash.(encoding.BinaryAppender) // as its documentation has it
	}
	s.hash.Reset()
	if len(whole) > 0 {
		s.hash.Write(whole) // never fails
	}
	s.hash.Write(s.room[:end])
	state, err := s.state.AppendBinary(s.out[:0])
	if err != nil || len(state) < len(stateMagic)+len(sum) || string(state[:len(stateMagic)]) != stateMagic {
		panic("correlate: crypto/sha256 has another state than it is documented to have")
	}
	copy(sum[:], state[len(stateMagic):])
	return sum
}
