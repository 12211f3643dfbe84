package index

import (
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
	// slotBytes is what the index of a shard costs per entry, all in.
	slotBytes   = 24
	minHotBytes = 4 * chunkBytes
)

// hot is the exact table of the newest sessions: what was set is there, at once,
// until it is dropped or has grown old. A nil hot is off.
//
// Each shard has two generations. New entries go into the young one; when that
// has its share of bytes, the old one is let go whole and the young one becomes
// old. Chunks are only ever appended to, so bytes handed out stay as they are.
type hot struct {
	shards []hotShard
	limit  int // bytes per generation and shard
}

type hotShard struct {
	mu         sync.RWMutex
	young, old generation
	hits       atomic.Uint64 // look-ups answered
	_          [64]byte      // keeps the counters of two shards off one cache line
}

type generation struct {
	at     map[uint64]uint32 // hash of key to chunk index and offset
	chunks [][]byte
	bytes  int
}

func newHot(bytes int64) *hot {
	if bytes == 0 {
		return nil
	}
	shards := max(1, min(hotShards, bytes/minHotBytes))
	return &hot{shards: make([]hotShard, shards), limit: int(bytes / shards / 2)}
}

func (t *hot) shard(hash uint64) *hotShard { return &t.shards[hash>>32%uint64(len(t.shards))] }

// get returns the session of k if an entry is here that reaches back to floor,
// and how far it reaches.
func (t *hot) get(hash uint64, k correlate.Key, floor int64) (s correlate.Session, from int64, ok bool) {
	if t == nil {
		return correlate.Session{}, 0, false
	}
	sh := t.shard(hash)
	sh.mu.RLock()
	entry := sh.young.entry(hash)
	if entry == nil {
		entry = sh.old.entry(hash)
	}
	sh.mu.RUnlock()
	if entry == nil {
		return correlate.Session{}, 0, false
	}
	return readEntry(entry, k, floor)
}

// set replaces the entry of s.Key; one that is too large is dropped instead. Two
// keys with one hash push each other out: this is a cache.
func (t *hot) set(hash uint64, s correlate.Session, floor int64) {
	if t == nil {
		return
	}
	var buf [1024]byte
	entry := appendEntry(buf[:0], s, floor)
	if len(entry) > maxEntryBytes {
		t.drop(hash)
		return
	}
	sh := t.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.young.bytes+sh.young.cost(entry) > t.limit {
		sh.old, sh.young = sh.young, generation{}
	}
	delete(sh.old.at, hash)
	sh.young.add(hash, entry)
}

// drop forgets what is held under hash.
func (t *hot) drop(hash uint64) {
	if t == nil {
		return
	}
	sh := t.shard(hash)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	delete(sh.young.at, hash)
	delete(sh.old.at, hash)
}

// stats returns the entries and bytes held and the hits so far.
func (t *hot) stats() (entries int, bytes int64, hits uint64) {
	if t == nil {
		return 0, 0, 0
	}
	for i := range t.shards {
		sh := &t.shards[i]
		sh.mu.RLock()
		entries += len(sh.young.at) + len(sh.old.at)
		bytes += int64(sh.young.bytes + sh.old.bytes)
		sh.mu.RUnlock()
		hits += sh.hits.Load()
	}
	return entries, bytes, hits
}

// cost is how much larger g becomes with entry: its slot, and a chunk if the last
// one is full.
func (g *generation) cost(entry []byte) int {
	if last := len(g.chunks) - 1; last >= 0 && len(g.chunks[last])+2+len(entry) <= chunkBytes {
		return slotBytes
	}
	return slotBytes + chunkBytes
}

// add appends an entry with its length before it.
func (g *generation) add(hash uint64, entry []byte) {
	if g.at == nil {
		g.at = map[uint64]uint32{}
	}
	cost := g.cost(entry)
	if cost > slotBytes {
		g.chunks = append(g.chunks, make([]byte, 0, chunkBytes))
	}
	g.bytes += cost
	last := len(g.chunks) - 1
	c := g.chunks[last]
	g.at[hash] = uint32(last*chunkBytes + len(c))
	g.chunks[last] = append(append(c, byte(len(entry)>>8), byte(len(entry))), entry...)
}

func (g *generation) entry(hash uint64) []byte {
	at, ok := g.at[hash]
	if !ok {
		return nil
	}
	c := g.chunks[at/chunkBytes][at%chunkBytes:]
	n := int(c[0])<<8 | int(c[1])
	return c[2 : 2+n : 2+n]
}
