package correlate

import (
	"strings"
	"unicode"
	"unicode/utf8"
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

// foldASCII folds b in place, and reports false if it is not all ASCII.
func foldASCII(b []byte) bool {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return true
}
