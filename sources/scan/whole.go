package scan

import "unsafe"

// Whole is, as a field without a tag of a struct that is a member, the member's value
// as it stands, whatever type that has: for members that are an object of one kind or
// something else. In JSON inside of a string there is none.
type Whole []byte

// keep notes what the member at p is, if its struct asks for it. A member that came
// before is forgotten, all of it.
func (o *object) keep(p unsafe.Pointer, raw []byte) {
	if o.kept {
		*(*[]byte)(unsafe.Add(p, o.whole)) = raw
	}
}

// again forgets what a member of the same name left in the struct at p.
func (o *object) again(p unsafe.Pointer) {
	if o.kept && len(*(*[]byte)(unsafe.Add(p, o.whole))) > 0 {
		o.blank.clear(p)
	}
}
