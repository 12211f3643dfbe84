package index

import (
	"encoding/binary"
	"math"
)

// What the exact table does with chunks that are not in memory any more, but away: in
// its overflow. Their entries keep their slots, and with them all that can be told
// without reading: so what was set is there until it is dropped or has grown old, as
// before, and whoever sets or drops a key reads nothing. A slot whose tag is right is
// taken to be the key's then. Where it is not, for one key in ten thousand of ten
// million, that costs the other one its entry, which is read from the store.

// An awayChunk is where in the overflow a chunk is, and how long.
type awayChunk struct{ at, size uint32 }

// A seat is where the entry of a key is: in memory, or away.
type seat struct {
	entry   []byte // nil while it is away
	place   uint32
	chunk   awayChunk
	busy    bool // it was asked for before
	fetched bool // entry was away
}

func (sh *hotShard) isAway(place uint32) bool {
	return int(uint16(place>>16)-sh.farthest) < len(sh.away)
}

func (sh *hotShard) awayAt(place uint32) awayChunk { return sh.away[uint16(place>>16)-sh.farthest] }

// moveAway moves a chunk that leaves memory to the overflow. It reports false if it is
// not taken there.
func (t *hot) moveAway(sh *hotShard, chunk []byte) bool {
	for len(sh.away) > 0 && (len(sh.away)+len(sh.chunks) >= maxChunks || len(sh.away) >= t.mostAway) {
		t.forget(sh)
	}
	at, ok := uint32(0), false
	if t.mostAway > 0 {
		at, ok = t.overflow.put(chunk)
	}
	switch {
	case ok:
		sh.away = append(sh.away, awayChunk{at, uint32(len(chunk))})
	case len(sh.away) > 0:
		sh.away = append(sh.away, awayChunk{}) // its number is taken, and nothing is in it
	default:
		sh.farthest++
	}
	return ok
}

// forget lets the chunk go that has been away longest.
func (t *hot) forget(sh *hotShard) {
	c, number := sh.away[0], sh.farthest
	sh.away = sh.away[1:]
	sh.farthest++
	if c.size == 0 {
		return
	}
	chunk := make([]byte, c.size)
	if t.overflow.read(chunk, c.at, 0) {
		t.each(chunk, number, func(place uint32, kind, value []byte) {
			if i := sh.slots.placed(t.hash(keyView(kind, value)), place); i >= 0 {
				sh.slots.remove(i)
			}
		})
	} else {
		sh.slots.removeIf(func(place uint32) bool { return uint16(place>>16) == number })
	}
	t.overflow.letGo(c.at)
}

// makeRoom sees to it that slots take half of the shard's bytes at most: the oldest
// chunks that are away go, many at once and not one for each entry that comes.
func (t *hot) makeRoom(sh *hotShard) {
	s := &sh.slots
	if !s.isFull() || 8*s.next() <= t.limit/2 {
		return
	}
	for len(sh.away) > 0 && s.live > len(s.at)/2 {
		t.forget(sh)
	}
}

// fetch reads an entry that is away, into memory that nobody writes again.
//
// Its chunk may be let go while it is read, and another one put in its place. So it
// counts only if the chunk is still there afterwards.
func (t *hot) fetch(hash uint64, s *seat) []byte {
	b := t.leaf(s)
	if b == nil {
		return nil
	}
	sh := t.shard(hash)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	if !sh.isAway(s.place) || sh.awayAt(s.place) != s.chunk {
		return nil
	}
	return b
}

const (
	// leafBytes is how much of a chunk is read for an entry; few are longer.
	leafBytes = 192
	// leavesBytes is how much of what is read lies together. A text that is kept keeps
	// all of it.
	leavesBytes = 16 << 10
)

// leaf reads an entry, with its length before it, or nil.
func (t *hot) leaf(s *seat) []byte {
	from := int(s.place & math.MaxUint16)
	n := min(leafBytes, int(s.chunk.size)-from)
	sheet := t.leaves.Get().(*paper)
	defer t.leaves.Put(sheet)
	if cap(sheet.rest) < n {
		sheet.rest = make([]byte, 0, leavesBytes)
	}
	b := sheet.rest[:n]
	if !t.overflow.read(b, s.chunk.at, from) {
		return nil
	}
	size, w := binary.Uvarint(b)
	if w <= 0 || size > uint64(int(s.chunk.size)-from-w) {
		return nil // another chunk is there by now
	}
	if whole := w + int(size); whole <= n {
		sheet.rest = sheet.rest[whole:whole:cap(sheet.rest)]
		return b[:whole:whole]
	}
	b = make([]byte, w+int(size))
	if !t.overflow.read(b, s.chunk.at, from) {
		return nil
	}
	return b
}

// inside is an entry without its length.
func inside(b []byte) []byte {
	n, w := binary.Uvarint(b)
	return b[w : w+int(n) : w+int(n)]
}

// each calls f with the place and the key of every entry of a chunk.
func (c *compact) each(chunk []byte, number uint16, f func(place uint32, kind, value []byte)) {
	var room [1024]byte
	for at := 1; at < len(chunk); {
		place := uint32(number)<<16 | uint32(at)
		n, w := binary.Uvarint(chunk[at:])
		kind, value := c.key(chunk[at+w:at+w+int(n)], room[:])
		at += w + int(n)
		f(place, kind, value)
	}
}
