package scan

import (
	"reflect"
	"unsafe"
)

// An Each is a field that takes a list of objects and keeps none of them: each is read
// into Item, which is used again, and shown to whoever visits. So a list of millions takes
// no more memory than one of one, in the same pass.
//
// What was shown cannot be taken back. So Read ends with ErrStopped where an element is
// no object and where the list comes a second time, and whoever wants to read on reads
// it another way. What is no list at all is skipped.
//
// Tagged with scan:"members", an Each takes the members of an object in place of the
// elements of a list, whatever their names are. Members that are no objects are skipped.
type Each[T any] struct {
	visit
	Item T
}

// visit is how every Each begins, whatever it is of.
type visit struct {
	one   func(raw Raw) bool
	begun int // a list came; a word of its own, which is cleared with its struct
}

// Visit has one called for every element, once it is in Item. raw is its own bytes. If
// one reports false, Read ends with ErrStopped. It must not read into the struct that
// is being read.
func (e *Each[T]) Visit(one func(raw Raw) bool) { e.one = one }

func (*Each[T]) each() {}

var eachType = reflect.TypeFor[interface{ each() }]()

// each reads elements up to the closing bracket, or members up to the closing brace, into
// the Each at p, one by one.
func (r *reader) each(i int, k *kind, p unsafe.Pointer, depth int) int {
	if depth >= MaxDepth {
		r.deep = true
		return -1
	}
	v, item := (*visit)(p), unsafe.Add(p, unsafe.Sizeof(visit{}))
	if r.stopped = v.begun != 0; r.stopped {
		return -1
	}
	v.begun = 1
	close := byte(']')
	if k.members {
		close = '}'
	}
	if i = r.space(i); i < len(r.b) && r.b[i] == close {
		return i + 1
	}
	for more := true; more; {
		if k.members {
			if _, i = r.name(i); i < 0 {
				return -1
			}
			if r.b[i] != '{' {
				i, more = r.more(r.skip(i, depth), close)
				continue
			}
		}
		if r.stopped = i < 0 || i >= len(r.b) || r.b[i] != '{'; r.stopped {
			return -1
		}
		k.object.blank.clear(item)
		end := r.object(i+1, k.object, item, depth+1)
		if end < 0 {
			return -1
		}
		if r.stopped = v.one != nil && !v.one(r.b[i:end:end]); r.stopped {
			return -1
		}
		i, more = r.more(end, close)
	}
	return i
}
