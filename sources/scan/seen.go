package scan

// Seen is, as a field without a tag, told which members of its struct came, whatever
// type they had, null included: for logs whose lines are told apart by what they
// have. Only members that have a field are noted.
type Seen [2]uint64

// Has reports whether all of what is in want came.
func (s *Seen) Has(want Seen) bool { return s[0]&want[0] == want[0] && s[1]&want[1] == want[1] }

// Any reports whether at least one of what is in want came.
func (s *Seen) Any(want Seen) bool { return s[0]&want[0]|s[1]&want[1] != 0 }

func (s *Seen) mark(index int) { s[index>>6&1] |= 1 << (index & 63) }

// Seen is what T's Seen holds when members of these names came. It panics for a
// name without a field.
func (t *Table[T]) Seen(names ...string) Seen {
	var s Seen
	for _, n := range names {
		f := t.object.find([]byte(n))
		if f == nil {
			panic("scan: no field takes " + n)
		}
		s.mark(f.index)
	}
	return s
}
