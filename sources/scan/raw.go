package scan

import (
	"iter"
	"unsafe"

	"whence/correlate/arena"
)

// Raw is one JSON value that a table has passed over, and so valid, or nothing. It
// is a view of the record.
type Raw []byte

// Text returns the text of a string, and false for any other value. It is a view
// of r, or lent by mem.
func (r Raw) Text(mem *arena.Text) (string, bool) {
	if len(r) < 2 || r[0] != '"' {
		return "", false
	}
	rd := reader{b: r, mem: mem}
	return rd.content(r[1 : len(r)-1]) // r is valid: its end need not be looked for
}

// Loose returns the text of a string, and of a number or a truth value how it is
// written: for members that some versions quote and others do not.
func (r Raw) Loose(mem *arena.Text) string {
	if s, ok := r.Text(mem); ok {
		return s
	}
	if len(r) == 0 || r[0] == '"' || r[0] == '{' || r[0] == '[' || r[0] == 'n' {
		return ""
	}
	return arena.View(r)
}

// Unquoted returns the text of a string as bytes, for JSON that was put into one,
// and any other value as it is. The bytes must not be changed; what was in a
// string need not be JSON.
func (r Raw) Unquoted(mem *arena.Text) []byte {
	s, ok := r.Text(mem)
	if !ok {
		return r
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// Sole returns the text of the one member that r has, where r is before, that text as it
// stands and the end, such as {"stringValue":"eu-central-1"}. Of any other it reports
// false, such as one with white space or escapes: the caller reads that with a table.
func (r Raw) Sole(before string) (string, bool) {
	end := len(r) - len(`"}`)
	if end < len(before) || string(r[:len(before)]) != before || string(r[end:]) != `"}` || !plain(r[len(before):end]) {
		return "", false
	}
	return arena.View(r[len(before):end]), true
}

// IsObject reports whether r is an object.
func (r Raw) IsObject() bool { return len(r) > 0 && r[0] == '{' }

// IsList reports whether r is an array.
func (r Raw) IsList() bool { return len(r) > 0 && r[0] == '[' }

// Elements are those of an array, none of any other value.
func (r Raw) Elements() iter.Seq[Raw] {
	return func(yield func(Raw) bool) {
		if !r.IsList() {
			return
		}
		rd := reader{b: r}
		i, more := rd.space(1), true
		if i < len(r) && r[i] == ']' {
			return
		}
		for more && i >= 0 && i < len(r) {
			end := rd.skip(i, 0)
			if end < 0 || !yield(r[i:end:end]) {
				return
			}
			i, more = rd.more(end, ']')
		}
	}
}

// Members are those of an object, none of any other value. Names are views of r,
// or lent by mem.
func (r Raw) Members(mem *arena.Text) iter.Seq2[string, Raw] {
	return func(yield func(string, Raw) bool) {
		if !r.IsObject() {
			return
		}
		rd := reader{b: r, mem: mem}
		i, more := rd.space(1), true
		if i < len(r) && r[i] == '}' {
			return
		}
		for more && i >= 0 {
			name, at := rd.name(i)
			if at < 0 {
				return
			}
			end := rd.skip(at, 0)
			if end < 0 || !yield(arena.View(name), r[at:end:end]) {
				return
			}
			i, more = rd.more(end, '}')
		}
	}
}
