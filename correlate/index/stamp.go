package index

import (
	"sync/atomic"

	"whence/correlate"
)

// stampCount is how many stamps all keys share: half a megabyte of them.
const stampCount = 1 << 16

// stamps tell whether anything has become known of a key. The upper half of a stamp
// is its value, the lower half how many changes to its keys are under way.
type stamps struct{ at [stampCount]atomic.Uint64 }

const stampStep = 1 << 32

// begin comes before a change can be seen, end after it can be seen by all.
func (s *stamps) begin(place uint32) { s.at[place].Add(stampStep + 1) }
func (s *stamps) end(place uint32)   { s.at[place].Add(stampStep - 1) }

// read returns a value that it returned before only if no change has begun since
// then, and none was under way then.
//
// A change is seen by some between its begin and its end, at a moment nobody knows.
// Two reads in between must differ, or the one before that moment would vouch for
// what was looked up after it. So while a change is under way every read is a step.
func (s *stamps) read(place uint32) uint32 {
	a := &s.at[place]
	v := a.Load()
	if uint32(v) != 0 {
		v = a.Add(stampStep)
	}
	return uint32(v >> 32)
}

// of is where the stamp of a hash is. It takes other bits of it than the locks and
// shards do.
func (s *stamps) of(hash uint64) uint32 { return uint32(hash >> 16 % stampCount) }

// Stamp implements correlate.Stamper. It changes before a new fact of k can first be
// seen and again after all can see it, and at every call in between; and, as keys share
// 64 Ki stamps, now and then for no reason. It says nothing about facts that Sweep
// deletes, which can matter to nobody. After 2^32 changes it may come back to what it
// was.
func (t *Table) Stamp(k correlate.Key) correlate.Stamp {
	place := t.stamps.of(t.hash(k))
	return correlate.Stamp{Place: place, Value: t.stamps.read(place)}
}

// Holds implements correlate.Stamper.
func (t *Table) Holds(stamps []correlate.Stamp) bool {
	for _, s := range stamps {
		if t.stamps.read(s.Place) != s.Value {
			return false
		}
	}
	return true
}
