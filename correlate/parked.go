package correlate

import (
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// A Ref is a chain in a window. It is good until that chain is parked again, released
// or let go.
type Ref struct {
	slot int32
	id   ID
}

// A Parked chain may still improve.
type Parked struct {
	// Offset is that of its record in the lane's partition. Several chains may
	// come from one record.
	Offset int64
	// Since is when it was parked, on the wall.
	Since time.Time
	// Chain is lent by the window until Reset.
	Chain *Chain
}

// A slot is where a chain is parked. All there is to scan for the collector is the
// address of packed, which holds no addresses itself.
type slot struct {
	id     ID
	offset int64
	// packed begins with the hashes of the keys that the chain waits for.
	packed []byte
	waits  int32
	// kinds is the number of the set of kinds that it waits for.
	kinds int32
	// passed is the second by which all it waits for has been read.
	passed int64
	since  time.Duration // after the window's first
	// older and newer are its neighbours by time of parking, and 0 at the ends: slot
	// 0 is none.
	older, newer int32
}

// slotBytes is what a chain takes beside its packed bytes: slot, its place by id, and
// the key it waits for.
const slotBytes = 256

// hash of a key, for finding who waits for it. Should two collide, a chain is woken
// for nothing.
func (w *Window) hash(k Key) uint64 { return maphash.Comparable(w.seed, k) }

// kindSets are the sets of kinds that parked chains wait for: there are few, and
// whether time has passed for one is asked once for all chains of a second.
type kindSets struct {
	ids  map[string]int32
	sets [][]Kind
	told []told // of each set
	room []Kind
	name []byte
}

// of returns the number of the set of the kinds of keys.
func (ks *kindSets) of(keys []Key) int32 {
	ks.room = ks.room[:0]
	for i := range keys {
		if k := keys[i].Kind; !slices.Contains(ks.room, k) {
			ks.room = append(ks.room, k)
		}
	}
	slices.Sort(ks.room)
	ks.name = ks.name[:0]
	for _, k := range ks.room {
		ks.name = append(append(ks.name, k...), 0)
	}
	if id, ok := ks.ids[string(ks.name)]; ok {
		clear(ks.room)
		return id
	}
	set := make([]Kind, len(ks.room))
	for i, k := range ks.room {
		set[i] = Kind(strings.Clone(string(k)))
	}
	id := int32(len(ks.sets))
	ks.ids[string(ks.name)] = id
	ks.sets = append(ks.sets, set)
	ks.told = append(ks.told, told{})
	clear(ks.room)
	return id
}

// told is what the clock has said of a set: that all of it has been read past some
// second, and that it has not been past another. Zero is not asked yet.
type told struct{ past, short int64 }

// forget makes passed ask anew.
func (ks *kindSets) forget() { clear(ks.told) }

// passed reports whether all kinds of a set have been read past a second.
func (ks *kindSets) passed(set int32, second int64, clock Clock) bool {
	t := &ks.told[set]
	switch {
	case t.past != 0 && second <= t.past:
		return true
	case t.short != 0 && second >= t.short:
		return false
	}
	at := time.Unix(second, 0).UTC()
	if slices.ContainsFunc(ks.sets[set], func(k Kind) bool { return !clock.Passed(k, at) }) {
		t.short = second
		return false
	}
	t.past = second
	return true
}

// rooms lends memory for packed chains, by classes of roomStep bytes, so that parking
// allocates nothing once as many have been parked before. What is given back is used
// again from the next Reset on: chains that were read lie in it.
type rooms struct {
	poison bool
	free   [roomClasses][][]byte
	idle   int // bytes in free
	back   [][]byte
}

const (
	roomStep    = 128
	roomClasses = 32
	// mostIdle bounds the bytes that are free; what is more goes to the collector.
	mostIdle = 2 << 20
)

// take returns n bytes of any content.
func (r *rooms) take(n int) []byte {
	class := (n + roomStep - 1) / roomStep
	if class >= roomClasses {
		return make([]byte, n)
	}
	free := &r.free[class]
	if last := len(*free) - 1; last >= 0 {
		b := (*free)[last]
		(*free)[last] = nil
		*free = (*free)[:last]
		r.idle -= cap(b)
		return b[:n]
	}
	return make([]byte, n, class*roomStep)
}

func (r *rooms) give(b []byte) { r.back = append(r.back, b) }

func (r *rooms) reset() {
	for i, b := range r.back {
		b = b[:cap(b)]
		if r.poison {
			for j := range b {
				b[j] = 0xDB
			}
		}
		if class := len(b) / roomStep; len(b)%roomStep == 0 && class < roomClasses && r.idle+len(b) <= mostIdle {
			r.free[class] = append(r.free[class], b)
			r.idle += len(b)
		}
		r.back[i] = nil
	}
	r.back = r.back[:0]
}
