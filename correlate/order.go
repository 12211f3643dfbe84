package correlate

// Order returns what orders the versions of a chain, without the digest that decides
// between two that know the same: epoch, rank and settled, in 31 bits, so that it has
// room where numbers have 32. A higher order is a higher version.
func Order(version uint64) int64 { return int64(version >> hashBits) }
