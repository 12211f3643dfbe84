package scan

import (
	"unsafe"

	"whence/correlate/arena"
)

// Rest is, as a field without a tag, the members that no field of its struct takes, in
// order: for logs that name a member by what another says. It holds maxRest of them,
// which is more than any log has side by side. In JSON inside of a string there are
// none.
type Rest []Member

// A Member is one of an object. Both are views, as of Raw.Members.
type Member struct {
	Name  string
	Value Raw
}

const maxRest = 64

// spare adds the member at i, whose value lies between value and end, to the Rest of
// the struct at p.
func (r *reader) spare(o *object, p unsafe.Pointer, i, value, end int) {
	rest := (*Rest)(unsafe.Add(p, o.rest))
	if end < 0 || len(*rest) == maxRest {
		return
	}
	name, at := r.name(i)
	if at < 0 {
		return
	}
	*rest = append(*rest, Member{arena.View(name), r.b[value:end:end]})
}
