package correlate

import "crypto/fips140"

// sumBlocks goes on with the SHA-256 of state by whole blocks of text, one at least.
//
//go:noescape
func sumBlocks(state *sumState, text *byte, blocks int)

// sumBoth is sumBlocks of two sums at once, which takes little longer than one: each
// step of a sum waits for the one before.
//
//go:noescape
func sumBoth(a, b *sumState, textA, textB *byte, blocks int)

func cpuid(leaf, sub uint32) (a, b, c, d uint32)

// sumFast reports whether sumBlocks and sumBoth can be called: the processor has
// SHA-256, and SSSE3 and SSE4.1 to put words in order. They are not called where only
// what was validated may be.
var sumFast = func() bool {
	most, _, _, _ := cpuid(0, 0)
	if most < 7 || fips140.Enabled() {
		return false
	}
	_, _, c, _ := cpuid(1, 0)
	_, b, _, _ := cpuid(7, 0)
	const ssse3, sse41, sha = 1 << 9, 1 << 19, 1 << 29
	return c&ssse3 != 0 && c&sse41 != 0 && b&sha != 0
}()
