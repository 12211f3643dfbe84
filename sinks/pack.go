package sinks

import "unsafe"

// packedBytes is how much memory b takes when it is packed.
func (b *block) packedBytes() (n int) {
	if b.rows == 0 {
		return 0
	}
	for i := range b.strips {
		s := &b.strips[i]
		n += bytesOf(s.ends) + bytesOf(s.spans) + bytesOf(s.chapters) + len(s.cells) + len(s.codes)
	}
	return aligned(n)
}

// packInto makes to the same block as b, in memory that is cut off the beginning of
// room. It returns what is left. All of it is where words of eight bytes may be.
func (b *block) packInto(to *block, room []byte) []byte {
	if to.rows = b.rows; b.rows == 0 {
		return room
	}
	if to.strips == nil {
		to.strips = make([]strip, len(b.strips))
	}
	before := len(room)
	for i := range b.strips {
		from, s := &b.strips[i], &to.strips[i]
		s.used = from.used
		s.ends, room = cut(room, from.ends)
		s.spans, room = cut(room, from.spans)
		s.chapters, room = cut(room, from.chapters)
	}
	for i := range b.strips {
		from, s := &b.strips[i], &to.strips[i]
		s.cells, room = cut(room, from.cells)
		s.codes, room = cut(room, from.codes)
	}
	return room[aligned(before-len(room))-(before-len(room)):]
}

// unpack lets go of what packInto cut.
func (b *block) unpack() {
	b.rows = 0
	for i := range b.strips {
		s := &b.strips[i]
		s.cells, s.ends, s.spans, s.chapters, s.codes = nil, nil, nil, nil, nil
	}
}

// cut returns a copy of from at the beginning of room, which has enough and is aligned
// for it, and the rest of room.
func cut[T byte | uint64 | span | chapter](room []byte, from []T) (to []T, rest []byte) {
	if len(from) == 0 {
		return nil, room
	}
	n := bytesOf(from)
	to = unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(room[:n]))), len(from))
	copy(to, from)
	return to, room[n:]
}

func bytesOf[T any](s []T) int { return len(s) * int(unsafe.Sizeof(*new(T))) }

// aligned is n, and up to seven more to be a multiple of eight.
func aligned(n int) int { return (n + 7) &^ 7 }
