package index

import (
	"hash/maphash"
	"math/bits"

	"whence/correlate"
	"whence/correlate/arena"
)

// hashKey is a third of the price of maphash.Comparable.
func hashKey(seed maphash.Seed, k correlate.Key) uint64 {
	const odd = 0x9e3779b97f4a7c15
	hi, lo := bits.Mul64(maphash.String(seed, string(k.Kind))^odd, odd)
	return maphash.String(seed, k.Value) ^ bits.RotateLeft64(hi^lo, 23)
}

// keyView is a key in memory of the caller's.
func keyView(kind, value []byte) correlate.Key {
	return correlate.Key{Kind: correlate.Kind(arena.View(kind)), Value: arena.View(value)}
}
