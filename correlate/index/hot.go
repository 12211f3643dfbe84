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
// of bytes, the oldest chunk is let go; entries in it that were asked for since they
// were written are written again at the end of the queue. Chunks are only ever
// appended to and then left to the collector, so bytes handed out stay as they are.
//
// Per session that is its entry, some 80 to 100 bytes, and 12 for its slot.
type hot struct {
	*compact
	hash   func(correlate.Key) uint64
	shards []hotShard
	limit  int // bytes per shard
}

type hotShard struct {
	mu     sync.RWMutex
	slots  slots
	chunks [][]byte // oldest first; the last one is appended to
	oldest uint16   // number of chunks[0]; they wrap
	hits   atomic.Uint64
	_      [64]byte // keeps the counters of two shards off one cache line
}

func newHot(bytes int64, c *compact, hash func(correlate.Key) uint64) *hot {
	if bytes == 0 {
		return nil
	}
	shards := max(1, min(hotShards, bytes/minHotBytes))
	return &hot{
		compact: c, hash: hash, shards: make([]hotShard, shards),
		limit: int(min(bytes/shards, maxChunks*chunkBytes)),
	}
}

func (t *hot) shard(hash uint64) *hotShard { return &t.shards[hash%uint64(len(t.shards))] }

// get returns the session of k if an entry is here that reaches back to reach,
// without the facts told before floor, and how far the entry reaches. The lists in
// it are lent by mem, or on the heap if mem is nil.
func (t *hot) get(hash uint64, k correlate.Key, reach, floor int64, mem *correlate.Memory) (s correlate.Session, from int64, ok bool) {
	if t == nil {
		return correlate.Session{}, 0, false
	}
	sh := t.shard(hash)
	sh.mu.RLock()
	i, entry := t.find(sh, hash, k)
	if i >= 0 {
		sh.slots.use(i)
	}
	sh.mu.RUnlock()
	if i < 0 {
		return correlate.Session{}, 0, false
	}
	if s, from, ok = t.readEntry(entry, k, reach, floor, mem); ok {
		sh.hits.Add(1)
	}
	return s, from, ok
}

// find returns the slot and the entry of k. The caller holds the shard's lock.
func (t *hot) find(sh *hotShard, hash uint64, k correlate.Key) (slot int, entry []byte) {
	slot = sh.slots.find(hash, func(place uint32) bool {
		entry = sh.entry(place)
		return t.isAbout(entry, k)
	})
	return slot, entry
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
	if i, _ := t.find(sh, hash, s.Key); i >= 0 {
		sh.slots.move(i, place)
	} else {
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
	if i, _ := t.find(sh, hash, k); i >= 0 {
		sh.slots.remove(i)
	}
}

// stats returns the entries and bytes held and the hits so far.
func (t *hot) stats() (entries int, bytes int64, hits uint64) {
	if t == nil {
		return 0, 0, 0
	}
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.RLock()
		entries += sh.slots.live
		bytes += int64(sh.bytes())
		sh.mu.RUnlock()
		hits += sh.hits.Load()
	}
	return entries, bytes, hits
}

// retire lets the oldest chunk go. Of its entries those that were used are spared,
// but no more than half a chunk of them: whoever sets a session must not pay for a
// table in which everything was used.
func (t *hot) retire(sh *hotShard) {
	chunk, number := sh.chunks[0], sh.oldest
	spare := chunkBytes / 2
	var room [1024]byte
	for at := 1; at < len(chunk); {
		place := uint32(number)<<16 | uint32(at)
		n, w := binary.Uvarint(chunk[at:])
		entry := chunk[at+w : at+w+int(n)]
		at += w + int(n)
		kind, value := t.key(entry, room[:])
		i := sh.slots.find(t.hash(keyView(kind, value)), func(p uint32) bool { return p == place })
		if i < 0 {
			continue // set anew or dropped since
		}
		if sh.slots.at[i]&usedBit != 0 && spare >= len(entry) {
			spare -= len(entry)
			sh.slots.move(i, sh.write(entry))
		} else {
			sh.slots.remove(i)
		}
	}
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

func (sh *hotShard) entry(place uint32) []byte {
	c := sh.from(place)
	n, w := binary.Uvarint(c)
	return c[w : w+int(n) : w+int(n)]
}

// from is the chunk from the length of an entry on, of which nothing is read.
func (sh *hotShard) from(place uint32) []byte {
	return sh.chunks[uint16(place>>16)-sh.oldest][place&(1<<16-1):]
}

func (sh *hotShard) bytes() int { return len(sh.chunks)*chunkBytes + sh.slots.bytes() }
