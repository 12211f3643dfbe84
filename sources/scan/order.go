package scan

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// Order is, as a field without a tag of the struct that a table is of, what it
// remembers from one Read to the next: which member came after which, there and in
// all structs inside of it. A log writes its members in few orders, so most names
// are known by comparing them with the one that is expected, without looking for
// their ends and looking them up. It changes nothing in what is read. A struct that
// is made anew for every line has no use for it.
type Order struct {
	habits []habit  // by number of the object
	marks  []uint64 // of the line that is read
}

// A habit is in which order the members of one object come. Its first step is the
// start of the object, then there is one for each field, and the rest is for names
// that are not wanted.
type habit struct {
	steps   []step
	places  uint8 // for names that are not wanted, as a power of two
	refused uint  // names that found no place among those
}

const (
	// unwanted is how many names without a field are remembered at once, at first and at
	// most, as a power of two: GitLab counts 70 things of each request.
	firstUnwanted, mostUnwanted = 5, 7
	// patience is how many of them must find no place for there to be more places, or
	// for one to take another's: an object of more names, or whose names are data,
	// would only drive them round.
	patience = 16
)

// A step is a name, and which one came after it. It holds no more of a line than
// the name.
type step struct {
	token  token
	bytes  int // of the token
	wanted *field

	// What came after it: last, and before that. Nil if nothing did.
	next, other *step
}

// start returns the first step of o, or nil if there is no Order.
func (r *reader) start(o *object) *step {
	if o.number >= len(r.habits) {
		return nil
	}
	h := &r.habits[o.number]
	if h.steps == nil {
		h.begin(len(o.fields), firstUnwanted)
	}
	return &h.steps[0]
}

// begin forgets all steps, for there to be other places.
func (h *habit) begin(fields int, places uint8) {
	h.steps, h.places, h.refused = make([]step, 1+fields+1<<places), places, 0
}

// expected returns the step after last if its token is at i, or nil. Members that are
// there or not, and lines of two sorts by turns, make it look at two steps.
func (r *reader) expected(last *step, i int) *step {
	if last == nil || last.next == nil || len(r.b)-i <= maxToken {
		return nil
	}
	s := last.next
	if !s.token.is(unsafe.Pointer(&r.b[i])) {
		if s = last.other; s == nil || !s.token.is(unsafe.Pointer(&r.b[i])) {
			return nil
		}
		last.next, last.other = s, last.next
	}
	if r.b[i+s.bytes] <= ' ' {
		return nil // more white space than there was
	}
	return s
}

// learn notes that after last came the name at i, whose value is at value, and
// returns its step.
func (r *reader) learn(o *object, last *step, i, value int, f *field) *step {
	n := value - i
	if n > maxToken || len(r.b)-i < maxToken {
		return last
	}
	h, p := &r.habits[o.number], unsafe.Pointer(&r.b[i])
	var s *step
	if f != nil {
		s = &h.steps[1+f.index]
	} else if s = h.place(len(o.fields), p, n); s == nil {
		return last
	}
	if s.bytes != n || !s.token.is(p) {
		s.token, s.bytes, s.wanted = tokenAt(p, n), n, f
	}
	if last.next != s {
		last.next, last.other = s, last.next
	}
	return s
}

// place returns which of the steps after those of the fields is that of the unwanted
// name whose token of n bytes is at p, or is to be, or nil.
func (h *habit) place(fields int, p unsafe.Pointer, n int) *step {
	const spread, tries = 0x9E3779B97F4A7C15, 4
	steps := h.steps[1+fields:]
	last := uint8(max(n, 8) - 8)
	at := int((word(p, 0)&(1<<(8*n)-1) ^ bits.RotateLeft64(word(p, last/2), 13) ^ bits.RotateLeft64(word(p, last), 29)) * spread >> (64 - h.places))
	for i := range tries {
		if s := &steps[at^i]; s.bytes == 0 || s.bytes == n && s.token.is(p) {
			return s
		}
	}
	switch h.refused++; {
	case h.refused%patience > 0:
	case h.places < mostUnwanted:
		h.begin(fields, h.places+1) // the next object learns them again
	default:
		return &steps[at]
	}
	return nil
}

// A token is all from the start of a name to its value: quotes, escapes, colon and
// white space too, so what has the same bytes is the same name. It is kept as words,
// of which later ones may overlap with earlier ones.
type token struct {
	a, b, c, d uint64
	mask       uint64 // of the words: all of them, unless the token is shorter than one
	at         [4]uint8
}

// maxToken is the longest token, and as much as must be there to look for one.
const maxToken = 32

// tokenAt is the token of n bytes at p, where there are maxToken bytes.
func tokenAt(p unsafe.Pointer, n int) token {
	last := max(n, 8) - 8
	t := token{mask: 1<<(8*n) - 1, at: [4]uint8{0, uint8(min(8, last)), uint8(min(16, last)), uint8(last)}}
	t.a, t.b, t.c, t.d = word(p, t.at[0])&t.mask, word(p, t.at[1])&t.mask, word(p, t.at[2])&t.mask, word(p, t.at[3])&t.mask
	return t
}

// is reports whether the token is at p, where there are maxToken bytes.
func (t *token) is(p unsafe.Pointer) bool {
	return ((word(p, 0)^t.a)|(word(p, t.at[1])^t.b)|(word(p, t.at[2])^t.c)|(word(p, t.at[3])^t.d))&t.mask == 0
}

func word(p unsafe.Pointer, i uint8) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(p, i))[:])
}
