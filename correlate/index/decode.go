package index

import "whence/correlate"

// DecodeFact reads a record of the session topics. It returns nil for a record
// that is no fact (a mark), and an error for one that cannot be read. The fact
// owns its memory.
func DecodeFact(value []byte) (*correlate.Fact, error) {
	f, _, err := decodeRecord(string(value))
	return f, err
}
