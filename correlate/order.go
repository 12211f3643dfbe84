package correlate

// orderBits is what Order has for a rank.
const orderBits = 20

// Order returns what orders the versions of a chain, without the digest that decides
// between two that know the same: epoch, rank and settled, in 31 bits, so that it has
// room where numbers have 32. A higher order is a higher version. Two versions have one
// order where as many ends were told, and more facts are known than there is room for:
// half a million of them if there were none, a few hundred after ten, thirty after some
// hundred.
func Order(version uint64) int64 {
	v := version >> hashBits
	settled := v & 1
	rank := uint32(v >> 1)
	known := knowledgeOf(rank)
	epoch := v >> (rankBits + 1)
	return int64(epoch<<(orderBits+1) | uint64(known.code(orderBits))<<1 | settled)
}
