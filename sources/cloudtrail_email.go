package sources

import (
	"strings"

	"whence/correlate/arena"
)

// nameMarks are the marks that the part of an e-mail address before the at may have.
const nameMarks = "._%+-"

// addressBytes say of each byte where in an e-mail address it may stand: in a name,
// nameMarks among them, in a label of a host, and in the last one, which has letters only.
var addressBytes = func() (t [256]uint8) {
	for c := range t {
		switch b := byte(c); {
		case b-'A' < 26:
			t[c] = inName | inHost | inTop | isUpper
		case cloudtrailLetter(b):
			t[c] = inName | inHost | inTop
		case b-'0' < 10, b == '-':
			t[c] = inName | inHost
		case strings.IndexByte(nameMarks, b) >= 0:
			t[c] = inName
		}
	}
	return t
}()

const (
	inName = 1 << iota
	inHost
	inTop
	isUpper // it is not as it is kept
)

// cloudtrailEmail returns s in lower case if it is an e-mail address of a person
// by its form; host names and the addresses of service accounts are not.
func cloudtrailEmail(s string, mem *arena.Text) (string, bool) {
	if len(s) > 254 {
		return "", false
	}
	at, kinds := 0, uint8(0)
	for at < len(s) && addressBytes[s[at]]&inName != 0 {
		kinds |= addressBytes[s[at]]
		at++
	}
	if at == 0 || at == len(s) || s[at] != '@' {
		return "", false
	}
	dot, all := at, uint8(0) // the mark before the label at hand, and what all bytes of that are
	for i := at + 1; i < len(s); i++ {
		c := addressBytes[s[i]]
		switch {
		case i == dot+1 && c&inHost != 0:
			all = c
		case c&inHost != 0:
			all &= c
		case s[i] == '.' && i > dot+1:
			dot = i
		default:
			return "", false
		}
		kinds |= c
	}
	if top := len(s) - dot - 1; dot == at || top < 2 || top > 24 || all&inTop == 0 {
		return "", false
	}
	if kinds&isUpper != 0 {
		s = cloudtrailLower(s, mem)
	}
	switch s[dot+1:] {
	case "internal", "local", "localdomain", "localhost", "lan", "invalid":
		return "", false
	}
	return s, !strings.HasSuffix(s, ".gserviceaccount.com")
}

// cloudtrailLower is ASCII text in lower case.
func cloudtrailLower(s string, mem *arena.Text) string {
	i := 0
	for i < len(s) && s[i]-'A' >= 26 {
		i++
	}
	if i == len(s) {
		return s
	}
	b := mem.Bytes(len(s))
	for i := range b {
		if b[i] = s[i]; s[i]-'A' < 26 {
			b[i] |= 0x20
		}
	}
	return arena.View(b)
}
