package correlate

import "unsafe"

// The texts of a finished walk. Where each is is written down in four bytes of their
// own, apart from the text: so they are read without asking what comes next and where
// that begins, which a processor cannot foretell. There are some sixty in a walk, and
// with a number of variable length before each of them BenchmarkGive takes three times
// as long.

// A place is where a text is: in which memory, at which byte, and how many there are.
// The zero place is that of the empty text.
//
//	length[10] byte[21] memory[1]
type place uint32

// The memories that a text may be in.
const (
	ownText    = iota // that of the walk
	sharedText        // that of the names that walks share
)

const (
	placeBits = 21
	// A walk with more text, or with a longer one, is not kept.
	maxPlace     = 1<<placeBits - 1
	maxPlaceText = 1<<10 - 1
)

func placeOf(at, length int, memory place) place {
	return place(length)<<(placeBits+1) | place(at)<<1 | memory
}

// texts are the memories.
type texts [2]unsafe.Pointer

// at returns a view of a text: neither memory is ever written again.
func (t *texts) at(p place) string {
	return unsafe.String((*byte)(unsafe.Add(t[p&1], p>>1&maxPlace)), p>>(placeBits+1))
}
