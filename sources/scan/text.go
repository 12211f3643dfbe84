package scan

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"

	"whence/correlate/arena"
)

// special returns the place of the first byte from i on that is not taken as it is: a
// quote, a backslash, a control character, or what is not ASCII; or the length of b.
// Half of all bytes are text that is wanted, so it looks at eight at once.
func special(b []byte, i int) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	for ; len(b)-i >= 8; i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		q, s := w^ones*'"', w^ones*'\\'
		// The lowest high bit that is set is that of the first such byte: a borrow can
		// only be wrong about bytes after one.
		if m := ((q - ones) | (s - ones) | (w - ones*0x20) | w) & highs; m != 0 {
			return i + bits.TrailingZeros64(m)/8
		}
	}
	for i < len(b) && b[i] >= 0x20 && b[i] < 0x80 && b[i] != '"' && b[i] != '\\' {
		i++
	}
	return i
}

// plain reports whether s holds nothing but printable ASCII without a quote or a
// backslash, so that it can be taken as it is.
func plain(s []byte) bool { return special(s, 0) == len(s) }

// unquote returns the text between the quotes of a string, unescaped.
func (r *reader) unquote(s []byte) (string, bool) {
	room := len(s) // escapes only shrink
	if !utf8.Valid(s) {
		room *= utf8.RuneLen(utf8.RuneError)
	}
	lent := r.mem.Bytes(room)
	out := lent[:0]
	for i := 0; i < len(s); {
		if len(s)-i >= 8 {
			n := run(s[i:])
			out = append(out, s[i:i+8]...)[:len(out)+n]
			if i += n; n == 8 {
				continue
			}
		}
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s) && s[i+1] == '"': // JSON inside of a string
			out = append(out, '"')
			i += 2
		case c == '\\':
			var n int
			if out, n = unescape(out, s[i:]); n == 0 {
				return "", false
			}
			i += n
		case c < utf8.RuneSelf:
			out = append(out, c)
			i++
		default:
			c, n := utf8.DecodeRune(s[i:])
			out = utf8.AppendRune(out, c)
			i += n
		}
	}
	if room <= maxUnused {
		r.mem.Unused(room - len(out))
	}
	return arena.View(out), true
}

// run returns how many of the first eight bytes of s come before a backslash or what
// is not ASCII.
func run(s []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	w := binary.LittleEndian.Uint64(s)
	x := w ^ ones*'\\'
	// The lowest bit that is set is exact; a borrow can set only those above it.
	return bits.TrailingZeros64(((x-ones)&^x|w)&highs) / 8
}

// maxUnused is the largest piece that an arena is sure to have lent from a chunk,
// whose end can be given back.
const maxUnused = 16 << 10

// unescape appends what the escape at the start of s stands for, and returns its
// length, or 0 if there is no such escape. Half a surrogate pair stands for U+FFFD.
func unescape(out, s []byte) ([]byte, int) {
	if len(s) < 2 {
		return out, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return append(out, s[1]), 2
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		c := hex4(s)
		if c < 0 {
			return out, 0
		}
		if utf16.IsSurrogate(c) {
			if c = utf16.DecodeRune(c, hex4(s[6:])); c != utf8.RuneError {
				return utf8.AppendRune(out, c), 12
			}
		}
		return utf8.AppendRune(out, c), 6
	}
	return out, 0
}

// hex4 reads \uXXXX at the start of s, or returns -1.
func hex4(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var v rune
	for _, c := range s[2:6] {
		switch {
		case c-'0' < 10:
			v = v<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			v = v<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return v
}
