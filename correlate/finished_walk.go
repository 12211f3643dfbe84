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
	// How many of each follow, in this order.
	stamps, hops, candidates, walked, waits, names, text uint32

	requestor keptPrincipal
	missing   keptKey // of a walk in vain
	reason    place
	proof     Proof
	automated bool // or attributed
	vain      bool // or neither: see Walker.vain
}

// What is kept of a chain. Names of principals are all together, in the order of who
// has them.
type (
	keptKey       struct{ kind, value place }
	keptPrincipal struct {
		typ, id, name, issuer, unit, owner place
		names                              uint16
		proof                              Proof // of a hop or a candidate; here it takes no room
	}
	keptHop struct {
		sec                            int64
		nsec                           uint32
		principal                      keptPrincipal
		key                            keptKey
		method, eventID, source, state place
	}
	keptCandidate struct {
		principal            keptPrincipal
		key                  keptKey
		method, eventID, why place
	}
)

// A rest is what follows a finished walk. The last is text.
type rest struct {
	stamps     []Stamp
	hops       []keptHop
	candidates []keptCandidate
	walked     []keptKey
	waits      []keptKey
	names      []place
	text       []byte
}

const (
	finishedHead = int(unsafe.Sizeof(finished{}))
	// mostFinished bounds one walk. A name that thousands carry is walked anew.
	mostFinished = 1 << 20
)

// newFinished returns a copy of head with what follows it, or nil if that is too much.
func newFinished(head finished, r *rest) *finished {
	head.stamps, head.hops, head.candidates = uint32(len(r.stamps)), uint32(len(r.hops)), uint32(len(r.candidates))
	head.walked, head.waits = uint32(len(r.walked)), uint32(len(r.waits))
	head.names, head.text = uint32(len(r.names)), uint32(len(r.text))
	n := head.bytes()
	if n > mostFinished {
		return nil
	}
	// Of words, to be aligned for the head, and one byte more: what would come after
	// the last is in the same memory too.
	memory := make([]uint64, n/8+1)
	w := (*finished)(unsafe.Pointer(unsafe.SliceData(memory)))
	*w = head
	to := w.rest()
	copy(to.stamps, r.stamps)
	copy(to.hops, r.hops)
	copy(to.candidates, r.candidates)
	copy(to.walked, r.walked)
	copy(to.waits, r.waits)
	copy(to.names, r.names)
	copy(to.text, r.text)
	return w
}

func (w *finished) bytes() int {
	return finishedHead + size[Stamp](w.stamps) + size[keptHop](w.hops) + size[keptCandidate](w.candidates) +
		size[keptKey](w.walked) + size[keptKey](w.waits) + size[place](w.names) + size[byte](w.text)
}

// taken is how much memory it takes: pieces come in sizes a good tenth apart.
func (w *finished) taken() int {
	const small, step = 768, 64
	n := w.bytes() + 1
	if n > small {
		return (n + 2*step - 1) / (2 * step) * (2 * step)
	}
	return (n + step - 1) / step * step
}

func (w *finished) rest() (r rest) {
	at := unsafe.Add(unsafe.Pointer(w), finishedHead)
	r.stamps, at = list[Stamp](at, w.stamps)
	r.hops, at = list[keptHop](at, w.hops)
	r.candidates, at = list[keptCandidate](at, w.candidates)
	r.walked, at = list[keptKey](at, w.walked)
	r.waits, at = list[keptKey](at, w.waits)
	r.names, at = list[place](at, w.names)
	r.text, _ = list[byte](at, w.text)
	return r
}

// stamped are the stamps of the keys it looked at, from before it did.
func (w *finished) stamped() []Stamp {
	stamps, _ := list[Stamp](unsafe.Add(unsafe.Pointer(w), finishedHead), w.stamps)
	return stamps
}

// list is that of n things at a place in memory, and what comes after it.
func list[T any](at unsafe.Pointer, n uint32) ([]T, unsafe.Pointer) {
	if n == 0 {
		return nil, at
	}
	return unsafe.Slice((*T)(at), n), unsafe.Add(at, size[T](n))
}

func size[T any](n uint32) int {
	var one T
	return int(n) * int(unsafe.Sizeof(one))
}

func (w *finished) holdsAt(t int64) bool { return w.from <= t && t < w.until }

func (w *finished) status() Status {
	switch {
	case w.vain:
		return Unattributed
	case w.automated:
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
