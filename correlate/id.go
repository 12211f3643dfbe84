package correlate

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// An ID names one event and its chain, one action or one alert. It is derived
// from the log's own identifier, so every copy of a log line, however often it
// is delivered, has the same ID. In text it is 32 lower-case hex digits.
type ID [16]byte

// NewID hashes parts into an ID. Each part is length-prefixed, so ("ab", "c")
// and ("a", "bc") differ.
func NewID(parts ...string) ID {
	var room [256]byte // most ids are made without a visit to the heap
	b := room[:0]
	for _, p := range parts {
		b = binary.BigEndian.AppendUint64(b, uint64(len(p)))
		b = append(b, p...)
	}
	sum := sha256.Sum256(b)
	return ID(sum[:16])
}

// ParseID reads the text form of an ID.
func ParseID(s string) (ID, error) {
	var id ID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("id %q: want 32 hex digits", s)
	}
	copy(id[:], b)
	return id, nil
}

// IsZero reports whether id is unset.
func (id ID) IsZero() bool { return id == ID{} }

// String returns the text form of id.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText implements encoding.TextMarshaler.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) error {
	v, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = v
	return nil
}
