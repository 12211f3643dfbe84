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

// sumFast reports whether sumBlocks and sumBoth are called. They are not where only what
// was validated may be, and not on a processor, or an emulation of one, that gets the
// standard's own example wrong: evidence hangs on these sums.
var sumFast = !fips140.Enabled() && sumAble() && sumRight()

// sumAble reports whether the processor has SHA-256, and SSSE3 and SSE4.1 to put words
// in order.
func sumAble() bool {
	most, _, _, _ := cpuid(0, 0)
	if most < 7 {
		return false
	}
	_, _, c, _ := cpuid(1, 0)
	_, b, _, _ := cpuid(7, 0)
	const ssse3, sse41, sha = 1 << 9, 1 << 19, 1 << 29
	return c&ssse3 != 0 && c&sse41 != 0 && b&sha != 0
}

// sumRight tries both on the example of one block in FIPS 180.
func sumRight() bool {
	block := [blockBytes]byte{'a', 'b', 'c', 0x80, blockBytes - 1: 24}
	want := sumState{0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223, 0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad}
	one, a, b := sumStart, sumStart, sumStart
	sumBlocks(&one, &block[0], 1)
	sumBoth(&a, &b, &block[0], &block[0], 1)
	return one == want && a == want && b == want
}
