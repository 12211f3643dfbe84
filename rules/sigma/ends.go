package sigma

import "unicode/utf8"

// compileEnds makes a fast test of the patterns that nearly all are: ASCII with a * at
// one end or both. It is nil for others. The test does not know of text that is not
// ASCII, and says so.
func compileEnds(pattern []rune) func(s string) (is, ok bool) {
	open := func(at int) bool { return len(pattern) > 1 && pattern[at] == anyText }
	first, last := open(0), open(len(pattern)-1)
	if first {
		pattern = pattern[1:]
	}
	if last {
		pattern = pattern[:len(pattern)-1]
	}
	if len(pattern) == 0 {
		return nil
	}
	want := make([]byte, len(pattern))
	for i, r := range pattern {
		if r < 0 || r >= utf8.RuneSelf {
			return nil
		}
		want[i] = byte(r)
	}
	switch {
	case first && last:
		return func(s string) (bool, bool) { return within(s, want) }
	case first:
		return func(s string) (bool, bool) {
			if len(s) < len(want) {
				return false, true
			}
			return begins(s[len(s)-len(want):], want)
		}
	case last:
		return func(s string) (bool, bool) { return begins(s, want) }
	}
	return nil
}

// begins reports whether s begins with want, which is in lower case, whatever the case
// of s; and not ok if it comes upon what is not ASCII before it knows.
func begins(s string, want []byte) (is, ok bool) {
	for i, w := range want {
		if i == len(s) {
			return false, true
		}
		if c := s[i]; c >= utf8.RuneSelf {
			return false, false
		} else if lower(c) != w {
			return false, true
		}
	}
	return true, true
}

// within is begins for any place in s.
func within(s string, want []byte) (is, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			return false, false
		case lower(c) == want[0]:
			if is, ok := begins(s[i:], want); is || !ok {
				return is, ok
			}
		}
	}
	return false, true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}
