package correlate

import "encoding/binary"

// A sieve tells of most ids that they are not in a set, in one read of memory that is
// in the processor's cache. A map of many costs two reads of memory that is not, and
// every chain is looked for in its window. The zero value is that of an empty set.
type sieve struct {
	counts []uint8 // of the ids of each place
}

// sieveSize is a power of two: with a thousand ids in the set, one in thirty that are
// not gets through.
const sieveSize = 1 << 15

func sievePlace(id *ID) uint32 { return binary.LittleEndian.Uint32(id[:]) % sieveSize } // an id is a hash

// may reports whether id may be in the set.
func (s *sieve) may(id *ID) bool { return s.counts != nil && s.counts[sievePlace(id)] > 0 }

func (s *sieve) add(id *ID) {
	if s.counts == nil {
		s.counts = make([]uint8, sieveSize)
	}
	if n := &s.counts[sievePlace(id)]; *n < 255 {
		*n++
	}
}

// remove takes out what was added. A place that has been full stays so.
func (s *sieve) remove(id *ID) {
	if n := &s.counts[sievePlace(id)]; *n < 255 {
		*n--
	}
}
