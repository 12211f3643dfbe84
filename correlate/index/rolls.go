package index

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"whence/correlate"
)

// rollFrom is how many facts of a name make it worth a roll. Others are entries of the
// hot table.
const rollFrom = 32

// rolls are those of the names in use, bounded in bytes: those that have not been asked
// for the longest make room. A nil rolls is off.
type rolls struct {
	*compact
	seed  maphash.Seed
	limit int64
	bytes atomic.Int64
	clock atomic.Uint64 // counts what is asked
	state atomic.Uint64 // the last that a roll had

	mu sync.RWMutex
	by map[correlate.Key]*roll
}

// rollShare is the part of the hot table's bytes that rolls may have beside it.
const rollShare = 8

func newRolls(hotBytes int64, c *compact) *rolls {
	if hotBytes == 0 {
		return nil
	}
	return &rolls{compact: c, seed: maphash.MakeSeed(), limit: hotBytes / rollShare, by: map[correlate.Key]*roll{}}
}

func (rs *rolls) get(k correlate.Key) *roll {
	rs.mu.RLock()
	defer rs.mu.RUnlock()
	return rs.by[k]
}

// at is what is known of k at a time, if a roll is here that can tell.
func (rs *rolls) at(k correlate.Key, at time.Time, mem *correlate.Memory) (correlate.Named, bool) {
	r := rs.get(k)
	if r == nil {
		return correlate.Named{}, false
	}
	r.used.Store(rs.clock.Add(1))
	return r.at(at, mem)
}

// empty returns an empty roll for times from some time before at on. It is not in
// the cache.
func (rs *rolls) empty(k correlate.Key, at time.Time, life time.Duration) *roll {
	return newRoll(rs.compact, owned(k), life, floorBefore(nanos(at), int64(life)), rs.seed)
}

// next is a state that no roll had before.
func (rs *rolls) next() uint64 { return rs.state.Add(1) }

// put puts a roll into the cache, if it fits.
func (rs *rolls) put(r *roll) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.remove(r.key)
	r.used.Store(rs.clock.Add(1))
	rs.by[r.key] = r
	rs.bytes.Add(int64(r.size))
	rs.fit()
}

// learn adds a fact that became known to the roll of its name, if there is one.
func (rs *rolls) learn(f *correlate.Fact) {
	if rs == nil {
		return
	}
	r := rs.get(f.Key)
	if r == nil {
		return
	}
	rs.bytes.Add(int64(r.add(f, rs.next())))
	if rs.bytes.Load() > rs.limit {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		rs.fit()
	}
}

// drop forgets what is held of k.
func (rs *rolls) drop(k correlate.Key) {
	if rs != nil {
		rs.mu.Lock()
		defer rs.mu.Unlock()
		rs.remove(k)
	}
}

// fit lets rolls go until the others fit. Of a few at random, that which was not asked
// for the longest goes. The caller holds mu.
func (rs *rolls) fit() {
	const few = 8
	for rs.bytes.Load() > rs.limit && len(rs.by) > 0 {
		var idle *roll
		n := 0
		for _, r := range rs.by {
			if idle == nil || r.used.Load() < idle.used.Load() {
				idle = r
			}
			if n++; n == few {
				break
			}
		}
		rs.remove(idle.key)
	}
}

// remove takes the roll of k out of the cache. The caller holds mu.
func (rs *rolls) remove(k correlate.Key) {
	r := rs.by[k]
	if r == nil {
		return
	}
	delete(rs.by, k)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.gone = true
	rs.bytes.Add(-int64(r.size))
}
