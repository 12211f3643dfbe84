package correlate

// FirstVersion is the lowest version that a chain of an epoch can have: whatever was
// written in an earlier one has a lower version.
func FirstVersion(epoch uint32) uint64 {
	return uint64(min(epoch, MaxEpoch)) << (rankBits + 1 + hashBits)
}
