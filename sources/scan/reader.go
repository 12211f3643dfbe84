package scan

import (
	"math"
	"reflect"
	"strconv"
	"unsafe"

	"whence/correlate/arena"
)

// A reader goes over one value. Its methods take the place of what they read and
// return the place after it, or -1 when that is not JSON.
type reader struct {
	b    []byte
	mem  *arena.Text
	deep bool // why: it nests too deep

	stopped bool // why: an Each was not read to its end

	habits []habit  // of the struct that is read into
	marks  []uint64 // where b is special: see lookOver
}

func (r *reader) reason() error {
	switch {
	case r.deep:
		return ErrDeep
	case r.stopped:
		return ErrStopped
	}
	return ErrSyntax
}

// object reads members up to the closing brace into the struct at p.
func (r *reader) object(i int, o *object, p unsafe.Pointer, depth int) int {
	b := r.b
	if i = r.space(i); i < len(b) && b[i] == '}' {
		return i + 1
	}
	last := r.start(o)
	for {
		var f *field
		var value int
		if next := r.expected(last, i); next != nil {
			last, f, value = next, next.wanted, i+next.bytes
		} else {
			var name []byte
			if name, value = r.name(i); value < 0 {
				return -1
			}
			f = o.find(name)
			if last != nil {
				last = r.learn(o, last, i, value, f)
			}
		}
		if f != nil {
			if o.marks {
				(*Seen)(unsafe.Add(p, o.seen)).mark(f.index)
			}
			i = r.value(value, &f.kind, unsafe.Add(p, f.offset), depth)
		} else {
			at := i
			if i = r.skip(value, depth); o.spares {
				r.spare(o, p, at, value, i)
			}
		}
		if i >= 0 && i+1 < len(b) && b[i] == ',' && b[i+1] > ' ' {
			i++ // as logs are written, without white space
			continue
		}
		var more bool
		if i, more = r.more(i, '}'); !more {
			return i
		}
	}
}

// name reads a member's name and its colon, and returns the place of the value.
func (r *reader) name(i int) ([]byte, int) {
	b := r.b
	if i >= len(b) || b[i] != '"' {
		return nil, -1
	}
	end := mark(b, i+1)
	escaped := end < len(b) && b[end] == '\\'
	if escaped {
		end = quote(b, i+1)
	}
	if uint(end) >= uint(len(b)) {
		return nil, -1
	}
	name := b[i+1 : end]
	if escaped {
		s, ok := r.unquote(name)
		if !ok {
			return nil, -1
		}
		name = []byte(s) // so rare that it may allocate
	}
	if at := end + 2; at < len(b) && b[end+1] == ':' && b[at] > ' ' {
		return name, at
	}
	if i = r.space(end + 1); i >= len(b) || b[i] != ':' {
		return nil, -1
	}
	if i = r.space(i + 1); i >= len(b) {
		return nil, -1
	}
	return name, i
}

// more reads what follows a member or an element at i: a comma, after which the next
// one starts at the returned place, or the end.
func (r *reader) more(i int, end byte) (int, bool) {
	if i < 0 {
		return -1, false
	}
	if i = r.space(i); i >= len(r.b) {
		return -1, false
	}
	switch r.b[i] {
	case ',':
		return r.space(i + 1), true
	case end:
		return i + 1, false
	}
	return -1, false
}

// value reads one value into p.
func (r *reader) value(i int, k *kind, p unsafe.Pointer, depth int) int {
	c := r.b[i]
	switch {
	case k.op == opText && c == '"':
		s, after := r.text(i)
		*(*string)(p) = s
		return after
	case k.op == opObject && c == '{':
		if depth == MaxDepth {
			r.deep = true
			return -1
		}
		k.object.again(p)
		end := r.object(i+1, k.object, p, depth+1)
		if end >= 0 {
			k.object.keep(p, r.b[i:end:end])
		}
		return end
	case k.op == opList && c == '[':
		return r.list(i+1, k, p, depth+1)
	case k.lone && c == '{':
		h := (*header)(p)
		h.len = 0
		return r.value(i, k.elem, k.grow(h, p), depth)
	case k.op == opMap && c == '{':
		return r.texts(i+1, p, depth+1)
	case k.op < opQuoted: // the last two
	case k.op == opQuoted:
		return r.quoted(i, k, p, depth)
	case c == '[' && !k.members, c == '{' && k.members:
		return r.each(i+1, k, p, depth+1)
	}
	end := r.skip(i, depth)
	if end < 0 {
		return -1
	}
	raw := r.b[i:end:end]
	switch k.op {
	case opObject:
		k.object.again(p)
		k.object.keep(p, raw)
	case opRaw:
		*(*[]byte)(p) = raw
	case opReader:
		k.reader(p).ReadJSON(raw, r.mem)
	case opBool:
		*(*bool)(p) = c == 't'
	case opInt:
		if !isNumber(c) {
			break // an error would be made on the heap
		}
		if n, err := strconv.ParseInt(arena.View(raw), 10, 64); err == nil {
			*(*int64)(p) = n
		}
	case opFloat:
		if !isNumber(c) {
			break
		}
		if f, err := strconv.ParseFloat(arena.View(raw), 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			*(*float64)(p) = f
		}
	}
	return end
}

// isNumber reports whether a value that begins with c is a number.
func isNumber(c byte) bool { return c == '-' || c-'0' < 10 }

// list reads elements up to the closing bracket into the slice at p, whose memory
// is used again.
func (r *reader) list(i int, k *kind, p unsafe.Pointer, depth int) int {
	if depth > MaxDepth {
		r.deep = true
		return -1
	}
	h := (*header)(p)
	h.len = 0
	if i = r.space(i); i < len(r.b) && r.b[i] == ']' {
		return i + 1
	}
	for {
		if i >= len(r.b) {
			return -1
		}
		i = r.value(i, k.elem, k.grow(h, p), depth)
		var more bool
		if i, more = r.more(i, ']'); !more {
			return i
		}
	}
}

// grow adds an empty element to the slice at p, which lies as h there, and returns its
// place.
func (k *kind) grow(h *header, p unsafe.Pointer) unsafe.Pointer {
	if h.len == h.cap {
		reflect.NewAt(k.typ, p).Elem().Grow(1)
	}
	at := unsafe.Add(h.data, uintptr(h.len)*k.elem.typ.Size())
	h.len++
	k.elem.clear(at)
	return at
}

// texts reads the members of an object that are text into the map at p.
func (r *reader) texts(i int, p unsafe.Pointer, depth int) int {
	if depth > MaxDepth {
		r.deep = true
		return -1
	}
	m := (*map[string]string)(p)
	if *m == nil {
		*m = map[string]string{}
	}
	if i = r.space(i); i < len(r.b) && r.b[i] == '}' {
		return i + 1
	}
	for {
		name, after := r.name(i)
		if after < 0 {
			return -1
		}
		var s string
		if r.b[after] == '"' {
			s, i = r.text(after)
			(*m)[arena.View(name)] = s
		} else {
			i = r.skip(after, depth)
		}
		var more bool
		if i, more = r.more(i, '}'); !more {
			return i
		}
	}
}

// text reads the string that starts at i.
func (r *reader) text(i int) (string, int) {
	end := r.special(i + 1)
	if end < len(r.b) && r.b[end] == '"' {
		return arena.View(r.b[i+1 : end]), end + 1
	}
	if end = quote(r.b, end); end < 0 {
		return "", -1
	}
	s, ok := r.unquote(r.b[i+1 : end])
	if !ok {
		return "", -1
	}
	return s, end + 1
}

// content returns the text of what is between the quotes of a string.
func (r *reader) content(s []byte) (string, bool) {
	if plain(s) {
		return arena.View(s), true
	}
	return r.unquote(s)
}

// space returns the place of the next byte that is not white space.
func (r *reader) space(i int) int {
	for i < len(r.b) && r.b[i] <= ' ' && (r.b[i] == ' ' || r.b[i] == '\n' || r.b[i] == '\t' || r.b[i] == '\r') {
		i++
	}
	return i
}
