package index

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"

	"whence/correlate/arena"
)

// The forms of a text in an entry. A text begins with its form and a number: three
// bits and five, of which all ones say that an uvarint follows.
//
//	raw     number bytes
//	word    the text with that number in the lexicon
//	begin   a lexicon text, and after it another text
//	uuid    16 bytes, lower case
//	uuidTo  the same, and after it another text
//	hexed   number bytes for twice as many digits, lower case
//	upper   number characters of A-Z, 0-9, three in two bytes
//	lower   number characters of a-z, 0-9, "-._@", likewise
//
// Every form gives back what was written, byte for byte. A raw text and a word cost
// a look-up nothing; the others are written out, which takes some 10 ns, and make a
// session half as large: a million more of them in a gigabyte are worth more than
// that, since a look-up that misses costs some thousand.
const (
	raw = iota
	word
	begin
	uuid
	uuidTo
	hexed
	upper
	lower
)

const (
	// maxWord is the longest text that the lexicon takes.
	maxWord = 256
	// minBegin is the shortest beginning worth a number.
	minBegin = 4
	// cuts is after how many of its last separators a text may be cut.
	cuts = 3
)

const hugeNumber = 1<<5 - 1

func appendHead(b []byte, form int, n uint64) []byte {
	if n < hugeNumber {
		return append(b, byte(form)|byte(n)<<3)
	}
	return binary.AppendUvarint(append(b, byte(form)|hugeNumber<<3), n-hugeNumber)
}

// appendText appends s. If it may well come again, in other sessions, the lexicon
// is asked for it, and told of it.
func (c *compact) appendText(b []byte, s string, again bool) []byte {
	if again && s != "" && len(s) <= maxWord {
		if id, ok := c.wordFor(s); ok {
			return appendHead(b, word, uint64(id))
		}
	}
	if len(s) >= 36 && isUUID(s[:36]) {
		if len(s) == 36 {
			return appendUUID(appendHead(b, uuid, 0), s)
		}
		return c.appendText(appendUUID(appendHead(b, uuidTo, 0), s[:36]), s[36:], true)
	}
	if n, id, ok := c.beginning(s); ok {
		return c.appendText(appendHead(b, begin, uint64(id)), s[n:], true)
	}
	return appendPacked(b, s)
}

func (c *compact) wordFor(s string) (uint32, bool) {
	if id, ok := c.words.Number(s); ok {
		return id, true
	}
	if !c.words.Sight(s) {
		return 0, false
	}
	return c.words.Add(s, func(s string) string { return s })
}

// beginning finds the longest beginning of s, up to a separator, that has a number.
func (c *compact) beginning(s string) (n int, id uint32, ok bool) {
	end := min(len(s), maxWord)
	for range cuts {
		end = strings.LastIndexAny(s[:end], "/:")
		if end+1 < minBegin {
			return 0, 0, false
		}
		if id, ok := c.wordFor(s[:end+1]); ok && end+1 < len(s) {
			return end + 1, id, true
		}
	}
	return 0, 0, false
}

func appendPacked(b []byte, s string) []byte {
	if len(s) >= 3 {
		var sets byte = inHex | inUpper | inLower
		for i := 0; i < len(s) && sets != 0; i++ {
			sets &= alphabets[s[i]]
		}
		switch {
		case sets&inHex != 0 && len(s)%2 == 0:
			b = appendHead(b, hexed, uint64(len(s)/2))
			for i := 0; i < len(s); i += 2 {
				b = append(b, digit(s[i])<<4|digit(s[i+1]))
			}
			return b
		case sets&inUpper != 0:
			return pack(appendHead(b, upper, uint64(len(s))), s, &upperCodes)
		case sets&inLower != 0:
			return pack(appendHead(b, lower, uint64(len(s))), s, &lowerCodes)
		}
	}
	return append(appendHead(b, raw, uint64(len(s))), s...)
}

const (
	inHex = 1 << iota
	inUpper
	inLower
)

const (
	upperSet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	lowerSet = "abcdefghijklmnopqrstuvwxyz0123456789-._@"
	base     = 40 // 40 cubed is just below 1<<16; the sets are shorter by one or more
)

var (
	alphabets              = alphabetsOf()
	upperCodes, lowerCodes = codesOf(upperSet), codesOf(lowerSet)
	upperChars, lowerChars = charsOf(upperSet), charsOf(lowerSet)
)

func charsOf(set string) (chars [base]byte) {
	copy(chars[:], set)
	return chars
}

func alphabetsOf() (sets [256]byte) {
	for bit, set := range map[byte]string{inHex: "0123456789abcdef", inUpper: upperSet, inLower: lowerSet} {
		for i := range len(set) {
			sets[set[i]] |= bit
		}
	}
	return sets
}

// codesOf gives base to what is not in set.
func codesOf(set string) (codes [256]byte) {
	for i := range codes {
		codes[i] = base
	}
	for i := range len(set) {
		codes[set[i]] = byte(i)
	}
	return codes
}

// pack appends three characters in two bytes, and one or two that are left in as many.
func pack(b []byte, s string, codes *[256]byte) []byte {
	i := 0
	for ; i+3 <= len(s); i += 3 {
		v := (uint16(codes[s[i]])*base+uint16(codes[s[i+1]]))*base + uint16(codes[s[i+2]])
		b = append(b, byte(v>>8), byte(v))
	}
	for ; i < len(s); i++ {
		b = append(b, codes[s[i]])
	}
	return b
}

// packed is how many bytes pack makes of n characters.
func packed(n int) int { return n/3*2 + n%3 }

func unpack(b, from []byte, n int, set *[base]byte) []byte {
	at := len(b)
	b = slices.Grow(b, n)[:at+n]
	to := b[at:]
	for ; len(to) >= 3 && len(from) >= 2; to, from = to[3:], from[2:] {
		v := uint32(from[0])<<8 | uint32(from[1])
		q := v / base
		to[0], to[1], to[2] = set[q/base%base], set[q%base], set[v%base]
	}
	for i := range to {
		to[i] = set[from[i]]
	}
	return b
}

// isPacked reports whether pack made from of s.
func isPacked(from []byte, s string, codes *[256]byte) bool {
	for ; len(s) >= 3 && len(from) >= 2; s, from = s[3:], from[2:] {
		x, y, z := codes[s[0]], codes[s[1]], codes[s[2]]
		if max(x, y, z) == base || (uint16(x)*base+uint16(y))*base+uint16(z) != uint16(from[0])<<8|uint16(from[1]) {
			return false
		}
	}
	for i := range from {
		if codes[s[i]] != from[i] {
			return false
		}
	}
	return true
}

func digit(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}

func isUUID(s string) bool {
	for i := range len(s) {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if alphabets[s[i]]&inHex == 0 {
				return false
			}
		}
	}
	return true
}

func appendUUID(b []byte, s string) []byte {
	for i := 0; i < 36; {
		if s[i] == '-' {
			i++
			continue
		}
		b = append(b, digit(s[i])<<4|digit(s[i+1]))
		i += 2
	}
	return b
}

func writeUUID(b, raw []byte) []byte {
	var text [36]byte
	hex.Encode(text[0:8], raw[0:4])
	hex.Encode(text[9:13], raw[4:6])
	hex.Encode(text[14:18], raw[6:8])
	hex.Encode(text[19:23], raw[8:10])
	hex.Encode(text[24:36], raw[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return append(b, text[:]...)
}

// head reads the form of a text and its number.
func (d *decoder) head() (form int, n int) {
	c := d.b[0]
	d.b = d.b[1:]
	form, n = int(c&7), int(c>>3)
	if n == hugeNumber {
		n += int(d.uvarint())
	}
	return form, n
}

// text reads a text. What is neither raw nor a word is written out, into memory
// that is never written again.
func (d *decoder) text() string {
	form, n := d.head()
	switch form {
	case raw:
		return arena.View(d.take(n))
	case word:
		return d.word(n)
	}
	b := d.written(d.paper(), form, n)
	return d.keep(b)
}

// written appends the text whose head was just read.
func (d *decoder) written(b []byte, form, n int) []byte {
	for {
		switch form {
		case raw:
			return append(b, d.take(n)...)
		case word:
			return append(b, d.word(n)...)
		case uuid:
			return writeUUID(b, d.take(16))
		case hexed:
			return hex.AppendEncode(b, d.take(n))
		case upper:
			return unpack(b, d.take(packed(n)), n, &upperChars)
		case lower:
			return unpack(b, d.take(packed(n)), n, &lowerChars)
		case begin:
			b = append(b, d.word(n)...)
		case uuidTo:
			b = writeUUID(b, d.take(16))
		}
		form, n = d.head()
	}
}

// matches reads a text and reports whether it is s.
func (d *decoder) matches(s string) bool {
	for {
		form, n := d.head()
		switch form {
		case raw:
			return string(d.take(n)) == s
		case word:
			return d.word(n) == s
		case begin:
			w := d.word(n)
			if !strings.HasPrefix(s, w) {
				return false
			}
			s = s[len(w):]
		case upper, lower:
			if n != len(s) {
				return false
			}
			codes := &upperCodes
			if form == lower {
				codes = &lowerCodes
			}
			return isPacked(d.take(packed(n)), s, codes)
		default:
			var room [128]byte
			return string(d.written(room[:0], form, n)) == s
		}
	}
}

// paperBytes is small since a text that somebody keeps keeps all of its paper.
const paperBytes = 4 << 10

// paper is memory for texts that are written out. It is written once and left to
// the collector: whoever holds a text may go on to.
type paper struct{ rest []byte }

func (d *decoder) paper() []byte {
	if d.sheet == nil {
		d.sheet = d.papers.Get().(*paper)
	}
	if cap(d.sheet.rest) < 64 {
		d.sheet.rest = make([]byte, 0, paperBytes)
	}
	return d.sheet.rest[:0]
}

func (d *decoder) keep(b []byte) string {
	if len(b) > cap(d.sheet.rest) {
		return arena.View(b) // it was too long and has moved
	}
	d.sheet.rest = d.sheet.rest[len(b):cap(d.sheet.rest)][:0]
	return arena.View(b)
}
