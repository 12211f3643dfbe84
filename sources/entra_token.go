package sources

import (
	"encoding/base64"
	"strings"

	"whence/correlate"
	"whence/correlate/arena"
)

// entraToken is the key of a token: the GUID of the sign-in that it came of, which
// every log of Microsoft's writes as uti, unique token identifier or sign-in
// activity id, in one of three ways. Zero for text that is none of them.
func entraToken(tenant, id string, out *Batch) correlate.Key {
	guid := entraGUID(id, out)
	if guid == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: EntraToken, Value: out.text.Join(tenant, "/", guid)}
}

// entraGUID reads a GUID, base64 of its text, or base64 of its 16 bytes, and
// returns it as text in lower case, lent by out. Base64 may be of either alphabet,
// and padded or not.
func entraGUID(s string, out *Batch) string {
	const text, ofText, ofBytes = 36, 48, 22
	s = strings.TrimRight(s, "=")
	if len(s) == text && isGUID(s) {
		return out.fold(s)
	}
	if len(s) != ofText && len(s) != ofBytes {
		return ""
	}
	b := out.text.Bytes(len(s))
	copy(b, s)
	for i, c := range b {
		switch c {
		case '-':
			b[i] = '+'
		case '_':
			b[i] = '/'
		}
	}
	n, err := base64.RawStdEncoding.Decode(b, b) // what is written is behind what is read
	if err != nil {
		return ""
	}
	if n == text {
		if guid := arena.View(b[:n]); isGUID(guid) {
			return out.fold(guid)
		}
		return ""
	}
	return guidText(b[:n], out)
}

// guidText is the text of a GUID's 16 bytes as Microsoft lays them out: the first
// three groups have their lowest byte first.
func guidText(b []byte, out *Batch) string {
	const hex, order = "0123456789abcdef", "\x03\x02\x01\x00\x05\x04\x07\x06\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
	t := out.text.Bytes(36)
	at := 0
	for i := range len(order) {
		switch at {
		case 8, 13, 18, 23:
			t[at] = '-'
			at++
		}
		c := b[order[i]]
		t[at], t[at+1] = hex[c>>4], hex[c&15]
		at += 2
	}
	return arena.View(t)
}

// isGUID reports whether s looks like 8-4-4-4-12 hex digits.
func isGUID(s string) bool { return len(s) == 36 && cloudtrailIsStoreID(s) }
