package index

import "sync/atomic"

// stampCount is how many stamps all keys share: half a megabyte of them.
const stampCount = 1 << 16

// stamps tell whether anything has become known of a key. The upper half of a stamp
// is its value, the lower half how many changes to its keys are under way.
type stamps struct{ at [stampCount]atomic.Uint64 }

const stampStep = 1 << 32

// begin comes before a change can be seen, end after it can be seen by all.
func (s *stamps) begin(hash uint64) { s.of(hash).Add(stampStep + 1) }
func (s *stamps) end(hash uint64)   { s.of(hash).Add(stampStep - 1) }

// read returns a value that it returned before only if no change has begun since
// then, and none was under way then.
//
// A change is seen by some between its begin and its end, at a moment nobody knows.
// Two reads in between must differ, or the one before that moment would vouch for
// what was looked up after it. So while a change is under way every read is a step.
func (s *stamps) read(hash uint64) uint32 {
	a := s.of(hash)
	v := a.Load()
	if uint32(v) != 0 {
		v = a.Add(stampStep)
	}
	return uint32(v >> 32)
}

// of takes other bits of the hash than the locks and shards do.
func (s *stamps) of(hash uint64) *atomic.Uint64 { return &s.at[hash>>16%stampCount] }
