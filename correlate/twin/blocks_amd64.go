package twin

import "crypto/fips140"

// blocks hashes n blocks, at least one, of each of two messages, at p and q, into their
// states: in the time in which one stream alone takes six tenths of them.
//
//go:noescape
func blocks(a, b *[8]uint32, p, q *byte, n int)

func cpuid(leaf uint32) (max, b, c uint32)

// paired is whether blocks can be used: not where it must be the one hash that was
// validated.
var paired = able() && !fips140.Enabled()

func able() bool {
	const ssse3, sse41, sha = 1 << 9, 1 << 19, 1 << 29
	if max, _, _ := cpuid(0); max < 7 {
		return false
	}
	_, _, c := cpuid(1)
	_, b, _ := cpuid(7)
	return c&ssse3 != 0 && c&sse41 != 0 && b&sha != 0
}
