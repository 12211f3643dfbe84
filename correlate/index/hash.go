package index

import (
	"hash/maphash"
	"math/bits"

	"whence/correlate"
	"whence/correlate/arena"
)

// hashKey is a third of the price of maphash.Comparable.
func hashKey(seed maphash.Seed, k correlate.Key) uint64 {
	return joinHash(seed, hashKind(seed, k.Kind), k.Value)
}

// hashKind is the part of hashKey that all keys of a kind share.
func hashKind(seed maphash.Seed, k correlate.Kind) uint64 {
	const odd = 0x9e3779b97f4a7c15
	hi, lo := bits.Mul64(maphash.String(seed, string(k))^odd, odd)
	return bits.RotateLeft64(hi^lo, 23)
}

func joinHash(seed maphash.Seed, kind uint64, value string) uint64 {
	return maphash.String(seed, value) ^ kind
}

// keyView is a key in memory of the caller's.
func keyView(kind, value []byte) correlate.Key {
	return correlate.Key{Kind: correlate.Kind(arena.View(kind)), Value: arena.View(value)}
}
