package correlate

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"whence/correlate/arena"
)

// Fold writes a name in lower case, for comparing. Letters outside ASCII stay
// outside: to Unicode the Kelvin sign is a capital k, and the dotted capital I of
// Turkish an i, so that a name made with one would be taken for somebody else's.
func Fold(s string) string {
	for i := 0; ; i++ {
		if i == len(s) {
			return s // most names are in lower case
		}
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			break
		}
	}
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); r < unicode.MaxASCII || l > unicode.MaxASCII {
			return l
		}
		return r
	}, s)
}

// foldInto is Fold in room that the caller uses again: the text is good until then.
func foldInto(room *[]byte, parts ...string) string {
	b := (*room)[:0]
	for _, p := range parts {
		b = append(b, p...)
	}
	*room = b
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return Fold(string(b))
		}
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return arena.View(b)
}
