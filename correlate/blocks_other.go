//go:build !amd64

package correlate

// sumFast is false: crypto/sha256 takes all sums.
const sumFast = false

func sumBlocks(*sumState, *byte, int) { panic("correlate: no fast SHA-256 here") }

func sumBoth(_, _ *sumState, _, _ *byte, _ int) { panic("correlate: no fast SHA-256 here") }
