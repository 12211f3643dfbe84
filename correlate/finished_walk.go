package correlate

import (
	"math"
	"time"
	"unsafe"
)

// A finished walk. It does not change. It is the beginning of one piece of memory, in
// which the stamps of the keys that it looked at and all that it gave follow: one
// piece without pointers costs the collector nothing, and is read in one go.
type finished struct {
	start start
	// It holds for events from this time on, and before that one, in Unix
	// nanoseconds. It is not for earlier events, for which the index may know more
	// than it told.
	from, until int64
	found       digest
	rank        uint32
	stamped     uint32 // stamps
	size        uint32 // bytes of what it gave
	proof       Proof
	automated   bool // or attributed
}

const (
	finishedHead = int(unsafe.Sizeof(finished{}))
	stampSize    = int(unsafe.Sizeof(Stamp{}))
	// mostFinished bounds one walk, so that sizes and numbers of stamps fit. A name
	// that thousands carry is walked anew.
	mostFinished = 1 << 20
)

// newFinished returns a copy of head with what follows it, or nil if that is too much.
func newFinished(head finished, stamps []Stamp, packed []byte) *finished {
	head.stamped, head.size = uint32(len(stamps)), uint32(len(packed))
	n := finishedHead + len(stamps)*stampSize + len(packed)
	if n > mostFinished {
		return nil
	}
	memory := make([]uint64, (n+7)/8) // of words, to be aligned for the head
	w := (*finished)(unsafe.Pointer(unsafe.SliceData(memory)))
	*w = head
	copy(w.stamps(), stamps)
	copy(w.packed(), packed)
	return w
}

func (w *finished) bytes() int { return finishedHead + int(w.stamped)*stampSize + int(w.size) }

// stamps are those of the keys it looked at, from before it did.
func (w *finished) stamps() []Stamp {
	return unsafe.Slice((*Stamp)(unsafe.Add(unsafe.Pointer(w), finishedHead)), w.stamped)
}

// packed is what it gave: see pack.
func (w *finished) packed() []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(w), finishedHead+int(w.stamped)*stampSize)), w.size)
}

func (w *finished) holdsAt(t int64) bool { return w.from <= t && t < w.until }

func (w *finished) status() Status {
	if w.automated {
		return Automated
	}
	return Attributed
}

// nanosOf is t in Unix nanoseconds; ok is false if they do not fit.
func nanosOf(t time.Time) (n int64, ok bool) {
	const most = math.MaxInt64/int64(time.Second) - 1
	if s := t.Unix(); s < -most || s > most {
		return 0, false
	}
	return t.UnixNano(), true
}
