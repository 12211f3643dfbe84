package index

import "sync/atomic"

// slots finds entries by the hash of their key: eight bytes each, in open
// addressing. It has no pointers, and may be read by many while nobody writes.
//
//	tag[31] used[1] place[32]
//
// The tag is the upper bits of the hash. That is all there is of it: who finds a
// slot compares the key. used says that it was asked for since it last was spared.
// A place is never zero.
type slots struct {
	at   []uint64
	full int // slots that are not empty, gone ones too
	live int
}

const (
	usedBit  = 1 << 32
	tagShift = 33
	// gone is a slot whose entry has left. Searches pass over it.
	gone     = 1<<64 - 1<<tagShift
	minSlots = 64
)

func tagOf(hash uint64) uint64 { return hash >> tagShift }

func place(slot uint64) uint32 { return uint32(slot) }

// first is where the search for a tag begins: tags spread evenly over any number
// of slots, so these need not be a power of two, and grow by a quarter.
func (s *slots) first(tag uint64) int { return int(tag * uint64(len(s.at)) >> (64 - tagShift)) }

// find returns the slot with a hash's tag whose place is right, or -1.
func (s *slots) find(hash uint64, right func(place uint32) bool) int {
	if len(s.at) == 0 {
		return -1
	}
	tag := tagOf(hash)
	for i := s.first(tag); ; {
		slot := atomic.LoadUint64(&s.at[i])
		if slot == 0 {
			return -1
		}
		if slot>>tagShift == tag && place(slot) != 0 && right(place(slot)) {
			return i
		}
		if i++; i == len(s.at) {
			i = 0
		}
	}
}

// tagged returns the first slot with a hash's tag, or -1, and its place. It may be
// another key's.
func (s *slots) tagged(hash uint64) (i int, at uint32) {
	if len(s.at) == 0 {
		return -1, 0
	}
	tag := tagOf(hash)
	for i := s.first(tag); ; {
		slot := atomic.LoadUint64(&s.at[i])
		if slot == 0 {
			return -1, 0
		}
		if slot>>tagShift == tag && place(slot) != 0 {
			return i, place(slot)
		}
		if i++; i == len(s.at) {
			i = 0
		}
	}
}

// placed returns the slot of an entry, or -1.
func (s *slots) placed(hash uint64, at uint32) int {
	return s.find(hash, func(p uint32) bool { return p == at })
}

// use marks a slot as asked for, and reports whether it was before. It may be called by
// many at once.
func (s *slots) use(i int) (again bool) {
	if again = atomic.LoadUint64(&s.at[i])&usedBit != 0; !again {
		atomic.OrUint64(&s.at[i], usedBit)
	}
	return again
}

// move gives a slot another place, and forgets that it was used.
func (s *slots) move(i int, to uint32) { s.at[i] = s.at[i]&^(1<<tagShift-1) | uint64(to) }

// add adds a slot. One with the same tag may be there: see find.
func (s *slots) add(hash uint64, to uint32) {
	if s.isFull() {
		s.grow()
	}
	s.put(tagOf(hash)<<tagShift | uint64(to))
}

func (s *slots) put(slot uint64) {
	i := s.first(slot >> tagShift)
	for s.at[i] != 0 {
		if i++; i == len(s.at) {
			i = 0
		}
	}
	s.at[i] = slot
	s.full++
	s.live++
}

// grow makes room, by a quarter or, if enough slots are of entries that have gone, by
// leaving those out.
func (s *slots) grow() {
	old := s.at
	*s = slots{at: make([]uint64, s.next())}
	for _, slot := range old {
		if place(slot) != 0 {
			s.put(slot)
		}
	}
}

// next is how many slots there are once they have grown.
func (s *slots) next() int {
	n := max(minSlots, len(s.at))
	if s.live > n/2 { // or those that have gone are many
		n += n / 4
	}
	return n
}

// isFull reports whether one more makes them grow.
func (s *slots) isFull() bool { return s.full+1 > len(s.at)*3/4 }

// removeIf empties the slots of all places for which gone is true.
func (s *slots) removeIf(gone func(place uint32) bool) {
	for i := range s.at {
		if at := place(s.at[i]); at != 0 && gone(at) {
			s.remove(i)
		}
	}
}

// remove empties a slot.
func (s *slots) remove(i int) {
	s.at[i] = gone
	s.live--
	if next := (i + 1) % len(s.at); s.at[next] != 0 {
		return
	}
	for s.at[i] == gone { // nothing comes after it that a search might look for
		s.at[i] = 0
		s.full--
		if i--; i < 0 {
			i = len(s.at) - 1
		}
	}
}

func (s *slots) bytes() int { return 8 * len(s.at) }
