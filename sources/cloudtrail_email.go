package sources

import (
	"strings"

	"whence/correlate/arena"
)

// nameMarks are the marks that the part of an e-mail address before the at may have.
const nameMarks = "._%+-"

// addressBytes are the bytes of a name in an e-mail address, nameMarks among them, and
// of a label of a host.
var addressBytes = func() (t [256]uint8) {
	for c := range t {
		switch b := byte(c); {
		case cloudtrailAlnum(b):
			t[c] = inName | inHost
		case b == '-':
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
)

// cloudtrailEmail returns s in lower case if it is an e-mail address of a person
// by its form; host names and the addresses of service accounts are not.
func cloudtrailEmail(s string, mem *arena.Text) (string, bool) {
	at := strings.IndexByte(s, '@')
	if at < 1 || len(s) > 254 || !cloudtrailLabel(s[:at], inName) {
		return "", false
	}
	dot := strings.LastIndexByte(s, '.')
	if dot < at {
		return "", false
	}
	top := s[dot+1:]
	if len(top) < 2 || len(top) > 24 || !cloudtrailLetters(top) || !cloudtrailHost(s[at+1:dot]) {
		return "", false
	}
	s = cloudtrailLower(s, mem)
	switch s[dot+1:] {
	case "internal", "local", "localdomain", "localhost", "lan", "invalid":
		return "", false
	}
	return s, !strings.HasSuffix(s, ".gserviceaccount.com")
}

// cloudtrailHost reports whether s is made of labels and dots between them.
func cloudtrailHost(s string) bool {
	for {
		label, rest, more := strings.Cut(s, ".")
		if !cloudtrailLabel(label, inHost) {
			return false
		}
		if !more {
			return true
		}
		s = rest
	}
}

// cloudtrailLabel reports whether s has bytes of such a part only, and has any.
func cloudtrailLabel(s string, part uint8) bool {
	for i := 0; i < len(s); i++ {
		if addressBytes[s[i]]&part == 0 {
			return false
		}
	}
	return s != ""
}

func cloudtrailLetters(s string) bool {
	for i := 0; i < len(s); i++ {
		if !cloudtrailLetter(s[i]) {
			return false
		}
	}
	return true
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
