package scan

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Valid reports whether raw is one JSON value, as Read would check it.
func Valid(raw []byte) error {
	r := reader{b: raw}
	i := r.space(0)
	if i == len(raw) {
		return ErrSyntax
	}
	if i = r.skip(i, 0); i >= 0 && r.space(i) == len(raw) {
		return nil
	}
	return r.reason()
}

// skip passes over the value at i.
func (r *reader) skip(i, depth int) int {
	b := r.b
	switch c := b[i]; c {
	case '"':
		if end := r.quote(i + 1); end >= 0 {
			return end + 1
		}
		return -1
	case '{', '[':
		if depth == MaxDepth {
			r.deep = true
			return -1
		}
		if c == '{' {
			return r.skipObject(i+1, depth+1)
		}
		return r.skipList(i+1, depth+1)
	case 't':
		return literal(b, i, "true")
	case 'f':
		return literal(b, i, "false")
	case 'n':
		return literal(b, i, "null")
	}
	return number(b, i)
}

func (r *reader) skipObject(i, depth int) int {
	if i = r.space(i); i < len(r.b) && r.b[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(r.b) || r.b[i] != '"' {
			return -1
		}
		if i = r.quote(i + 1); i < 0 {
			return -1
		}
		if i = r.space(i + 1); i >= len(r.b) || r.b[i] != ':' {
			return -1
		}
		if i = r.space(i + 1); i >= len(r.b) {
			return -1
		}
		var more bool
		if i, more = r.more(r.skip(i, depth), '}'); !more {
			return i
		}
	}
}

func (r *reader) skipList(i, depth int) int {
	if i = r.space(i); i < len(r.b) && r.b[i] == ']' {
		return i + 1
	}
	for {
		if i >= len(r.b) {
			return -1
		}
		var more bool
		if i, more = r.more(r.skip(i, depth), ']'); !more {
			return i
		}
	}
}

// mark returns the place of the first quote or backslash from i on, or the length
// of b. It is for names: most are shorter than a call of bytes.IndexByte is worth.
func mark(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(b)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		q, s := w^ones*'"', w^ones*'\\'
		// The lowest high bit that is set is that of the first such byte.
		if m := ((q-ones)&^q | (s-ones)&^s) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(b) && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// quote returns the place of the quote that ends the string that began before i.
func quote(b []byte, i int) int {
	for {
		j := nextQuote(b, i)
		if j < 0 {
			return -1
		}
		if j == i || b[j-1] != '\\' {
			return j
		}
		k := j - 1
		for k > i && b[k-1] == '\\' {
			k--
		}
		if (j-k)&1 == 0 {
			return j
		}
		i = j + 1
		// A backslash before j belongs to the escape that ends there; what follows
		// starts afresh.
	}
}

// nextQuote returns the place of the first quote from i on, or -1. Half of all strings
// are shorter than a call of bytes.IndexByte is worth.
func nextQuote(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	if len(b)-i >= 16 {
		x := binary.LittleEndian.Uint64(b[i:]) ^ ones*'"'
		if m := (x - ones) &^ x & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
		x = binary.LittleEndian.Uint64(b[i+8:]) ^ ones*'"'
		if m := (x - ones) &^ x & highs; m != 0 {
			return i + 8 + bits.TrailingZeros64(m)/8
		}
		i += 16
	}
	if j := bytes.IndexByte(b[i:], '"'); j >= 0 {
		return i + j
	}
	return -1
}

func literal(b []byte, i int, w string) int {
	if len(b)-i >= len(w) && string(b[i:i+len(w)]) == w {
		return i + len(w)
	}
	return -1
}

// number passes over a number: -? int frac? exp?
func number(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	default:
		if i = digits(b, i); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i] == '.' {
		if i = digits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i
}

// digits passes over at least one digit.
func digits(b []byte, i int) int {
	from := i
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	if i == from {
		return -1
	}
	return i
}
