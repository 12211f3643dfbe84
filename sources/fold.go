package sources

import (
	"whence/correlate"
	"whence/correlate/arena"
)

// fold is correlate.Fold. What it has to change it writes to memory lent by b,
// but for names that are not ASCII: those are few.
func (b *Batch) fold(s string) string {
	upper := false
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return correlate.Fold(s)
		}
		upper = upper || s[i]-'A' < 26
	}
	if !upper {
		return s
	}
	low := b.text.Bytes(len(s))
	for i := 0; i < len(s); i++ {
		if low[i] = s[i]; s[i]-'A' < 26 {
			low[i] |= 0x20
		}
	}
	return arena.View(low)
}
