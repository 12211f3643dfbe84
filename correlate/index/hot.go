package index

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"whence/correlate"
)

const (
	// maxEntryBytes is the largest session that is cached; larger ones, such as
	// aliases with hundreds of bindings, are read from the store every time.
	maxEntryBytes = 16 << 10
	chunkBytes    = 64 << 10
	hotShards     = 64
	minHotBytes   = 4 * chunkBytes
	// maxChunks is how many chunks of a shard can have numbers at once.
	maxChunks = 1<<16 - 2
)

// hot is the exact table of the newest and the busiest sessions: what was set is
// there, at once, until it is dropped or has grown old. A nil hot is off.
//
// A shard is a queue of chunks that entries are appended to. When it has its share
// of bytes, the oldest chunk leaves memory, for the overflow if there is one; entries in
// it that were asked for since they were written are written again at the end of the
// queue. Chunks are only ever appended to and then left to the collector, so bytes
// handed out stay as they are.
//
// Per session that is its entry, some 80 to 100 bytes, and 12 for its slot.
type hot struct {
	*compact
	hash     func(correlate.Key) uint64
	shards   []hotShard
	limit    int // bytes of memory per shard
	overflow *overflow
	mostAway int       // chunks per shard
	leaves   sync.Pool // of *paper
}

type hotShard struct {
	mu       sync.RWMutex
	slots    slots
	away     []awayChunk // in the overflow, oldest first
	farthest uint16      // number of away[0]; they wrap
	chunks   [][]byte    // those after them, oldest first; the last one is appended to
	oldest   uint16      // number of chunks[0]
	hits     atomic.Uint64
	fetched  atomic.Uint64 // likewise, of what was away
	_        [64]byte      // keeps the counters of two shards off one cache line
}

func newHot(bytes int64, c *compact, hash func(correlate.Key) uint64) *hot {
	if bytes == 0 {
		return nil
	}
	shards := max(1, min(hotShards, bytes/minHotBytes))
	t := &hot{
		compact: c, hash: hash, shards: make([]hotShard, shards),
		limit: int(min(bytes/shards, maxChunks*chunkBytes)),
	}
	t.leaves.New = func() any { return new(paper) }
	return t
}

// spill lets chunks that leave memory go to o.
func (t *hot) spill(o *overflow) {
	if t != nil && o != nil {
		t.overflow, t.mostAway = o, o.limit/len(t.shards)
	}
}

func (t *hot) shard(hash uint64) *hotShard { return &t.shards[hash%uint64(len(t.shards))] }

// get returns the session of k if an entry is here that reaches back to reach,
// without the facts told before floor, and how far the entry reaches. The lists in
// it are lent by mem, or on the heap if mem is nil.
func (t *hot) get(hash uint64, k correlate.Key, reach, floor int64, mem *correlate.Memory) (s correlate.Session, from int64, ok bool) {
	at, ok := t.seat(hash, k)
	if !ok {
		return correlate.Session{}, 0, false
	}
	return t.open(hash, &at, k, reach, floor, mem)
}

// seat finds the entry of k, which is asked for.
func (t *hot) seat(hash uint64, k correlate.Key) (at seat, ok bool) {
	if t == nil {
		return seat{}, false
	}
	sh := t.shard(hash)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	i := sh.slots.find(hash, func(place uint32) bool {
		if sh.isAway(place) {
			at = seat{place: place, chunk: sh.awayAt(place)}
			return true
		}
		at = seat{entry: sh.entry(place)}
		return t.isAbout(at.entry, k)
	})
	if i < 0 {
		return seat{}, false
	}
	at.busy = sh.slots.use(i)
	return at, true
}

// take has the entry of a seat in memory that nobody writes again, and reports whether it
// is there and k's.
func (t *hot) take(hash uint64, at *seat, k correlate.Key) bool {
	if at.entry != nil {
		return true // see seat
	}
	b := t.fetch(hash, at)
	if b == nil || !t.isAbout(inside(b), k) {
		return false
	}
	at.entry, at.fetched = inside(b), true
	return true
}

// open reads the entry that seat has found, as get does.
func (t *hot) open(hash uint64, at *seat, k correlate.Key, reach, floor int64, mem *correlate.Memory) (s correlate.Session, from int64, ok bool) {
	if !t.take(hash, at, k) {
		return correlate.Session{}, 0, false
	}
	if s, from, ok = t.readEntry(at.entry, k, reach, floor, mem); !ok {
		return s, from, false
	}
	if sh := t.shard(hash); at.fetched {
		sh.fetched.Add(1)
	} else {
		sh.hits.Add(1)
	}
	return s, from, true
}

// set replaces the entry of s.Key; one that is too large is dropped instead.
func (t *hot) set(hash uint64, s correlate.Session, floor int64) {
	if t == nil {
		return
	}
	var room [1024]byte
	entry := t.appendEntry(room[:0], s, floor)
	if len(entry) > maxEntryBytes {
		t.drop(hash, s.Key)
		return
	}
	sh := t.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	place := sh.write(entry)
	if i := t.only(sh, hash, s.Key); i >= 0 {
		sh.slots.move(i, place)
	} else {
		t.makeRoom(sh)
		sh.slots.add(hash, place)
	}
	for sh.bytes() > t.limit && len(sh.chunks) > 1 {
		t.retire(sh)
	}
}

// drop forgets what is held of k.
func (t *hot) drop(hash uint64, k correlate.Key) {
	if t == nil {
		return
	}
	sh := t.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if i := t.only(sh, hash, k); i >= 0 {
		sh.slots.remove(i)
	}
}

// only returns the slot of k, or -1, and sees to it that there is one at most: slots
// that may be k's, as they have its tag and are of entries that are away, are removed.
// The caller holds the shard's lock.
func (t *hot) only(sh *hotShard, hash uint64, k correlate.Key) int {
	for {
		isAway := false
		i := sh.slots.find(hash, func(place uint32) bool {
			isAway = sh.isAway(place)
			return isAway || t.isAbout(sh.entry(place), k)
		})
		if !isAway {
			return i
		}
		sh.slots.remove(i)
	}
}

// stats returns the entries held, the bytes of memory, and how many look-ups were
// answered so far from there and from the overflow.
func (t *hot) stats() (entries int, bytes int64, hits, fetched uint64) {
	if t == nil {
		return 0, 0, 0, 0
	}
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.RLock()
		entries += sh.slots.live
		bytes += int64(sh.bytes())
		sh.mu.RUnlock()
		hits += sh.hits.Load()
		fetched += sh.fetched.Load()
	}
	return entries, bytes, hits, fetched
}

// retire has the oldest chunk leave memory. Of its entries those that were used are
// spared, but no more than half a chunk of them: whoever sets a session must not pay for
// a table in which everything was used.
func (t *hot) retire(sh *hotShard) {
	chunk, number := sh.chunks[0], sh.oldest
	isAway := t.moveAway(sh, chunk)
	spare := chunkBytes / 2
	t.each(chunk, number, func(place uint32, kind, value []byte) {
		i := sh.slots.placed(t.hash(keyView(kind, value)), place)
		if i < 0 {
			return // set anew or dropped since
		}
		entry := sh.from(place)
		n, w := binary.Uvarint(entry)
		switch entry = entry[w : w+int(n)]; {
		case sh.slots.at[i]&usedBit != 0 && spare >= len(entry):
			spare -= len(entry)
			sh.slots.move(i, sh.write(entry))
		case !isAway:
			sh.slots.remove(i)
		}
	})
	sh.chunks[0] = nil
	sh.chunks = sh.chunks[1:]
	sh.oldest++
}

// write appends an entry, with its length before it, and returns its place: the
// number of its chunk and where in that it begins.
func (sh *hotShard) write(entry []byte) (place uint32) {
	last := len(sh.chunks) - 1
	if last < 0 || len(sh.chunks[last])+binary.MaxVarintLen32+len(entry) > chunkBytes {
		chunk := make([]byte, 1, chunkBytes) // no place is zero
		sh.chunks = append(sh.chunks, chunk)
		last++
	}
	c := sh.chunks[last]
	place = uint32(sh.oldest+uint16(last))<<16 | uint32(len(c))
	sh.chunks[last] = append(binary.AppendUvarint(c, uint64(len(entry))), entry...)
	return place
}

func (sh *hotShard) entry(place uint32) []byte { return inside(sh.from(place)) }

// from is the chunk from the length of an entry on, of which nothing is read.
func (sh *hotShard) from(place uint32) []byte {
	return sh.chunks[uint16(place>>16)-sh.oldest][place&(1<<16-1):]
}

func (sh *hotShard) bytes() int { return len(sh.chunks)*chunkBytes + sh.slots.bytes() }
