package index

import (
	"encoding/binary"
	"fmt"
	"sync/atomic"

	"github.com/dgraph-io/ristretto/v2"

	"whence/correlate"
)

const (
	// coldOverhead is what ristretto itself holds per entry, in bytes.
	coldOverhead  = 128
	coldTypical   = 250 // bytes of an entry and its overhead; sizes the counters
	minCacheBytes = 64 << 10
)

// cold holds sessions that have left the hot table: ristretto, which drops what
// it likes, but never keeps what it was told to drop. A nil cold is off.
//
// Ristretto queues what is set, and may lose it. A value that is set, then set
// anew, can keep the first one if the second is lost; so nothing is ever set
// over: a change deletes, and the next look-up fills again. And a value that is
// set, then deleted, can appear for a moment when the queue gets to it; so drop
// is followed by settle, before anyone may fill again.
//
// An entry begins with the epoch it was read in, and those of an older epoch are not
// there: see forget.
type cold struct {
	*compact
	cache *ristretto.Cache[uint64, []byte]
	epoch atomic.Uint32
}

func newCold(bytes int64, c *compact) (*cold, error) {
	if bytes == 0 {
		return nil, nil
	}
	cache, err := ristretto.NewCache(&ristretto.Config[uint64, []byte]{
		NumCounters: max(1000, 10*bytes/coldTypical),
		MaxCost:     bytes,
		BufferItems: 64,
		// Costs are bytes and have ristretto's own share in them already; left
		// to itself it adds 56 to every cost, whatever the unit.
		IgnoreInternalCost: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open cache: %w", err)
	}
	return &cold{compact: c, cache: cache}, nil
}

// get returns the session of k if it is here, in memory that mem lends or on the
// heap.
func (c *cold) get(hash uint64, k correlate.Key, mem *correlate.Memory) (correlate.Session, bool) {
	if c == nil {
		return correlate.Session{}, false
	}
	entry, ok := c.cache.Get(hash)
	if !ok || binary.BigEndian.Uint32(entry) != c.epoch.Load() || !c.isAbout(entry[epochBytes:], k) {
		return correlate.Session{}, false
	}
	s, _, ok := c.readEntry(entry[epochBytes:], k, whole, whole, mem)
	return s, ok
}

const epochBytes = 4

// now is the epoch, to be asked for before that is read which is filled in.
func (c *cold) now() uint32 {
	if c == nil {
		return 0
	}
	return c.epoch.Load()
}

// fill offers a whole session. Unknown keys must not be offered: an absence that
// is cached is a fact that is missed.
func (c *cold) fill(hash uint64, s correlate.Session, epoch uint32) {
	if c == nil {
		return
	}
	var room [1024]byte
	c.put(hash, c.appendEntry(room[:0], s, whole), epoch)
}

// put is fill of an entry, which it copies.
func (c *cold) put(hash uint64, entry []byte, epoch uint32) {
	if c == nil || len(entry) > maxEntryBytes {
		return
	}
	b := make([]byte, epochBytes, epochBytes+len(entry))
	binary.BigEndian.PutUint32(b, epoch)
	b = append(b, entry...)
	c.cache.Set(hash, b, int64(len(b))+coldOverhead)
}

// forget drops everything, and whatever is still being read to be filled in.
func (c *cold) forget() {
	if c != nil {
		c.epoch.Add(1)
	}
}

// drop forgets what is held under hash, once settle has returned.
func (c *cold) drop(hash uint64) {
	if c != nil {
		c.cache.Del(hash)
	}
}

// settle waits until everything asked for before has happened.
func (c *cold) settle() {
	if c != nil {
		c.cache.Wait()
	}
}

func (c *cold) size() int64 {
	if c == nil {
		return 0
	}
	return c.cache.MaxCost() - c.cache.RemainingCost()
}

func (c *cold) close() {
	if c != nil {
		c.cache.Close()
	}
}
