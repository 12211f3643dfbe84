package scan

import (
	"bytes"
	"unsafe"

	"whence/correlate/arena"
)

// JSON inside of a string has a backslash before each of its quotes. Unescaping it
// first would mean three passes over it: for its end, for its text, and to read it.
// So it is read as it stands, `\"` being the quote of it. What other escapes do to
// the structure is left to the slow way: nothing here changes what is read.

// quoted reads an object into the struct at p, or text with an object in it.
func (r *reader) quoted(i int, k *kind, p unsafe.Pointer, depth int) int {
	k.object.blank.clear(p) // of two such members the last counts, all of it
	switch b := r.b; b[i] {
	case '{':
		if depth == MaxDepth {
			r.deep = true
			return -1
		}
		return r.object(i+1, k.object, p, depth+1)
	case '"':
		if len(b)-i > 2 && b[i+1] == '{' {
			if end := innerSpace(b, r.innerObject(i+2, k.object, p, 1)); end >= 0 && end < len(b) && b[end] == '"' {
				return end + 1
			}
			k.object.blank.clear(p)
		}
		return r.unquoted(i, k, p)
	}
	return r.skip(i, depth)
}

// innerSpace passes over white space inside of a string, such as the line feed after an
// answer that was taken as it came.
func innerSpace(b []byte, i int) int {
	for i >= 0 && i < len(b) {
		switch {
		case b[i] == ' ':
			i++
		case b[i] == '\\' && len(b)-i > 1 && (b[i+1] == 'n' || b[i+1] == 'r' || b[i+1] == 't'):
			i += 2
		default:
			return i
		}
	}
	return i
}

// unquoted is the slow way: it unescapes the text at i, and reads that.
func (r *reader) unquoted(i int, k *kind, p unsafe.Pointer) int {
	end := quote(r.b, i+1)
	if end < 0 {
		return -1
	}
	text, ok := r.content(r.b[i+1 : end])
	if !ok {
		return end + 1 // no text, and so no object
	}
	inner := reader{b: unsafe.Slice(unsafe.StringData(text), len(text)), mem: r.mem, habits: r.habits}
	if j := inner.space(0); j < len(text) && text[j] == '{' {
		if inner.object(j+1, k.object, p, 1) < 0 && inner.deep {
			k.object.blank.clear(p)
		}
	}
	return end + 1
}

// innerObject is object, inside of a string. Like all that follows it returns -1 also
// for what it leaves to the slow way.
func (r *reader) innerObject(i int, o *object, p unsafe.Pointer, depth int) int {
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
			if name, value = r.innerName(i); value < 0 {
				return -1
			}
			f = o.find(name)
			if last != nil {
				last = r.learn(o, last, i, value, f)
			}
		}
		if f == nil {
			i = r.innerSkip(value, depth)
		} else {
			if o.marks {
				(*Seen)(unsafe.Add(p, o.seen)).mark(f.index)
			}
			i = r.innerValue(value, &f.kind, unsafe.Add(p, f.offset), depth)
		}
		var more bool
		if i, more = r.more(i, '}'); !more {
			return i
		}
	}
}

// innerName is name, inside of a string.
func (r *reader) innerName(i int) ([]byte, int) {
	b := r.b
	if len(b)-i < 2 || b[i] != '\\' || b[i+1] != '"' {
		return nil, -1
	}
	end := mark(b, i+2)
	if len(b)-end < 2 || b[end] != '\\' || b[end+1] != '"' {
		return nil, -1
	}
	name := b[i+2 : end]
	if i = r.space(end + 2); i >= len(b) || b[i] != ':' {
		return nil, -1
	}
	if i = r.space(i + 1); i >= len(b) {
		return nil, -1
	}
	return name, i
}

// innerValue is value, inside of a string.
func (r *reader) innerValue(i int, k *kind, p unsafe.Pointer, depth int) int {
	switch c := r.b[i]; {
	case k.op == opText && c == '\\':
		s, after := r.innerText(i)
		*(*string)(p) = s
		return after
	case k.op == opObject && c == '{' && depth < MaxDepth:
		return r.innerObject(i+1, k.object, p, depth+1)
	}
	end := r.innerSkip(i, depth)
	if end < 0 {
		return -1
	}
	raw := r.b[i:end:end]
	if bytes.IndexByte(raw, '\\') >= 0 {
		s, ok := r.unquote(raw)
		if !ok {
			return -1
		}
		raw = unsafe.Slice(unsafe.StringData(s), len(s))
	}
	inner := reader{b: raw, mem: r.mem, habits: r.habits}
	if inner.value(0, k, p, depth) != len(raw) {
		return -1
	}
	return end
}

// innerText is text, inside of a string.
func (r *reader) innerText(i int) (string, int) {
	b := r.b
	from := i + 2
	if end := special(b, from); len(b)-end >= 2 && b[end] == '\\' && b[end+1] == '"' && b[i+1] == '"' {
		return arena.View(b[from:end]), end + 2
	}
	end := r.innerSkip(i, 0)
	if end < 0 {
		return "", -1
	}
	s, ok := r.unquote(b[from : end-2])
	if !ok {
		return "", -1
	}
	if s, ok = r.content(unsafe.Slice(unsafe.StringData(s), len(s))); !ok {
		return "", -1
	}
	return s, end
}

// innerSkip is skip, inside of a string.
func (r *reader) innerSkip(i, depth int) int {
	b := r.b
	switch c := b[i]; c {
	case '\\':
		if len(b)-i < 2 || b[i+1] != '"' {
			return -1
		}
		if i = innerQuote(b, i+2); i < 0 {
			return -1
		}
		return i + 2
	case '{', '[':
		if depth == MaxDepth {
			return -1
		}
		return r.innerMembers(i+1, c+2, depth+1) // in ASCII, } and ] are two after { and [
	case 't', 'f', 'n':
		return r.skip(i, depth)
	}
	return number(b, i)
}

// innerMembers passes over members or elements up to the end of what they are in.
func (r *reader) innerMembers(i int, end byte, depth int) int {
	if i = r.space(i); i < len(r.b) && r.b[i] == end {
		return i + 1
	}
	for {
		if end == '}' {
			_, i = r.innerName(i)
		}
		if i < 0 || i >= len(r.b) {
			return -1
		}
		var more bool
		if i, more = r.more(r.innerSkip(i, depth), end); !more {
			return i
		}
	}
}

// innerQuote returns the place of the `\"` that ends the string that began before i.
func innerQuote(b []byte, i int) int {
	for {
		i = mark(b, i)
		if len(b)-i < 4 || b[i] == '"' {
			return -1 // the string around it ends
		}
		switch b[i+1] {
		case '"':
			return i
		case '\\': // an escape of the inner string: \\n, \\\", \\\\
			switch next := b[i+2]; {
			case next == '\\' && (b[i+3] == '"' || b[i+3] == '\\'):
				i += 4
			case next == '\\', next == '"':
				return -1
			default:
				i += 3
			}
		case 'b', 'f', 'n', 'r', 't', '/':
			i += 2
		default:
			if c := hex4(b[i:]); c < 0 || c == '"' || c == '\\' {
				return -1
			}
			i += 6
		}
	}
}
