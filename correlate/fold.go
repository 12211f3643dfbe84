package correlate

import (
	"strings"
	"unicode"
)

// Fold writes a name in lower case, for comparing. Letters outside ASCII stay
// outside: to Unicode the Kelvin sign is a capital k, and the dotted capital I of
// Turkish an i, so that a name made with one would be taken for somebody else's.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		if l := unicode.ToLower(r); r < unicode.MaxASCII || l > unicode.MaxASCII {
			return l
		}
		return r
	}, s)
}
