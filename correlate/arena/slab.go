package arena

// A slab's blocks hold firstElements, and double up to slabElements, unless more are
// asked for at once: one walk needs little.
const (
	firstElements = 8
	slabElements  = 512
)

// Slab lends memory for short lists. The zero Slab is ready for use. It is not
// safe for concurrent use.
//
// What it has lent it keeps until it is lent again, and with it whatever that
// points to: one batch at most.
type Slab[T any] struct {
	// Poison makes Reset zero all it lent, for tests.
	Poison bool

	blocks [][]T // length: what is lent of it
	at     int
}

// Append is the built-in append for lists of this slab. list is nil, or what the
// slab returned before: the list that was lent last grows in place, any other is
// moved, which leaves its former place unused until Reset.
func (s *Slab[T]) Append(list []T, vs ...T) []T {
	n := len(list) + len(vs)
	if n == 0 {
		return list
	}
	if s.last(list) {
		b := &s.blocks[s.at]
		from := len(*b) - len(list)
		if from+n <= cap(*b) {
			*b = append(*b, vs...)
			return (*b)[from : from+n : from+n]
		}
	}
	out := s.room(n)
	out = append(append(out, list...), vs...)
	s.blocks[s.at] = s.blocks[s.at][:len(s.blocks[s.at])+n]
	return out[:n:n]
}

// Grow is Append of one element, which is empty and returned to be filled in: what
// is large is written once, where it stays.
func (s *Slab[T]) Grow(list []T) ([]T, *T) {
	var empty T
	n := len(list)
	if s.at < len(s.blocks) {
		b := &s.blocks[s.at]
		if m := len(*b); m < cap(*b) && (n == 0 || m >= n && &(*b)[m-1] == &list[n-1]) {
			*b = (*b)[:m+1]
			p := &(*b)[m]
			*p = empty
			return (*b)[m-n : m+1 : m+1], p
		}
	}
	out := s.Make(n + 1)
	copy(out, list)
	out[n] = empty
	return out, &out[n]
}

// Make lends a list of n elements of any content.
func (s *Slab[T]) Make(n int) []T {
	if n == 0 {
		return nil
	}
	out := s.room(n)[:n:n]
	s.blocks[s.at] = s.blocks[s.at][:len(s.blocks[s.at])+n]
	return out
}

// New lends one element of any content.
func (s *Slab[T]) New() *T { return &s.Make(1)[0] }

// last reports whether list is what was lent last, so that it can grow in place.
func (s *Slab[T]) last(list []T) bool {
	if len(list) == 0 || len(s.blocks) == 0 {
		return false
	}
	b := s.blocks[s.at]
	return len(b) > 0 && &b[len(b)-1] == &list[len(list)-1]
}

// room returns an empty list with room for n at the end of a block.
func (s *Slab[T]) room(n int) []T {
	for {
		if s.at < len(s.blocks) {
			if b := s.blocks[s.at]; len(b)+n <= cap(b) {
				return b[len(b):]
			}
			s.at++
			continue
		}
		s.blocks = append(s.blocks, make([]T, 0, max(n, min(firstElements<<len(s.blocks), slabElements))))
	}
}

// Reset takes back everything that was lent.
func (s *Slab[T]) Reset() {
	for i, b := range s.blocks {
		if s.Poison {
			clear(b)
		}
		s.blocks[i] = b[:0]
	}
	if len(s.blocks) > keepChunks {
		clear(s.blocks[keepChunks:])
		s.blocks = s.blocks[:keepChunks]
	}
	s.at = 0
}
