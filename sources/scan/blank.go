package scan

import (
	"reflect"
	"slices"
	"unsafe"
)

// blank empties a struct before it is used again. Lines have few of the members
// that their tables want, so it must cost little for those that are not there:
// fields that lie side by side are zeroed at once, nested structs included.
type blank struct {
	zeroed []span
	others []field // those that are not zeroed: slices and maps keep their memory
}

// span is a piece of a struct, in words.
type span struct {
	offset uintptr
	words  uintptr
}

const wordBytes = unsafe.Sizeof(uintptr(0))

func (s span) end() uintptr { return s.offset + s.words*wordBytes }

func blankOf(o *object) blank {
	var b blank
	if o.marks {
		b.zeroed = append(b.zeroed, span{o.seen, unsafe.Sizeof(Seen{}) / wordBytes})
	}
	if o.spares {
		b.others = append(b.others, field{kind: kind{op: opList}, offset: o.rest})
	}
	if o.kept {
		b.zeroed = append(b.zeroed, span{o.whole, unsafe.Sizeof(Whole{}) / wordBytes})
	}
	for _, f := range o.fields {
		b.add(f)
	}
	slices.SortFunc(b.zeroed, func(x, y span) int { return int(x.offset) - int(y.offset) })
	all := b.zeroed
	b.zeroed = nil
	for _, s := range all {
		if n := len(b.zeroed); n > 0 && b.zeroed[n-1].end() == s.offset {
			b.zeroed[n-1].words += s.words
			continue
		}
		b.zeroed = append(b.zeroed, s)
	}
	return b
}

func (b *blank) add(f field) {
	switch inner := f.object; {
	case f.op == opObject, f.op == opQuoted:
		for _, s := range inner.blank.zeroed {
			b.zeroed = append(b.zeroed, span{f.offset + s.offset, s.words})
		}
		for _, g := range inner.blank.others {
			g.offset += f.offset
			b.others = append(b.others, g)
		}
	case f.op == opEach: // its Item is emptied for every element
		b.zeroed = append(b.zeroed, span{f.offset + unsafe.Offsetof(visit{}.begun), 1})
	case f.op == opList, f.op == opMap, f.typ.Size()%wordBytes != 0, uintptr(f.typ.Align()) != wordBytes:
		b.others = append(b.others, f)
	default:
		b.zeroed = append(b.zeroed, span{f.offset, f.typ.Size() / wordBytes})
	}
}

// clear empties the fields of the struct at p.
func (b *blank) clear(p unsafe.Pointer) {
	for _, s := range b.zeroed {
		// As pointers, whatever they are: the collector must see that they go.
		clear(unsafe.Slice((*unsafe.Pointer)(unsafe.Add(p, s.offset)), s.words))
	}
	for i := range b.others {
		f := &b.others[i]
		f.clear(unsafe.Add(p, f.offset))
	}
}

func (k *kind) clear(p unsafe.Pointer) {
	switch k.op {
	case opText:
		*(*string)(p) = ""
	case opRaw:
		*(*[]byte)(p) = nil
	case opBool:
		*(*bool)(p) = false
	case opInt, opFloat:
		*(*int64)(p) = 0
	case opObject, opQuoted:
		k.object.blank.clear(p)
	case opList:
		(*header)(p).len = 0
	case opEach:
		(*visit)(p).begun = 0
	case opMap:
		clear(*(*map[string]string)(p))
	case opReader:
		reflect.NewAt(k.typ, p).Elem().SetZero()
	}
}
