package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"whence/correlate"
)

// A Sum is a SHA-256.
type Sum [sha256.Size]byte

// String returns s in lower-case hex.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// A RunID names a run. It is random.
type RunID [16]byte

// ParseRunID reads the text form of a RunID.
func ParseRunID(s string) (RunID, error) {
	var id RunID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("run %q: want 32 hex digits", s)
	}
	copy(id[:], b)
	return id, nil
}

// String returns id in lower-case hex.
func (id RunID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is unset.
func (id RunID) IsZero() bool { return id == RunID{} }

// An Entry says that a version of a chain was written.
type Entry struct {
	Lane string
	Run  RunID
	Seq  uint64 // counts the run's entries from 1
	// Chain, Version and Time are those of the row; Time as its column has it.
	Chain   correlate.ID
	Version uint64
	Time    time.Time
	// Content is the SHA-256 of the row.
	Content Sum
	// Hash covers the entry and, by the hash of the former one, all before it.
	Hash Sum
	At   time.Time // when it was written, as its checkpoint has it
}

// follow is the hash of e after an entry with the hash former. The run and the lane
// are in the hash that a run begins with, the time of writing in the checkpoint.
func (e *Entry) follow(former Sum) Sum {
	var b [2*sha256.Size + 16 + 8 + 8]byte
	n := copy(b[:], former[:])
	n += copy(b[n:], e.Content[:])
	n += copy(b[n:], e.Chain[:])
	binary.BigEndian.PutUint64(b[n:], e.Version)
	binary.BigEndian.PutUint64(b[n+8:], uint64(e.Time.UnixNano()))
	return sha256.Sum256(b[:])
}

// genesis is the hash before the first entry of a run.
func genesis(lane string, run RunID) Sum {
	b := append([]byte("whence ledger 1\n"), run[:]...)
	return sha256.Sum256(append(b, lane...))
}

// A Head is how far a run has come: its last entry.
type Head struct {
	Run  RunID
	Seq  uint64
	Hash Sum
	At   time.Time
}

// IsZero reports whether h is no run's.
func (h Head) IsZero() bool { return h.Run.IsZero() }

// Same reports whether h and o are the same head.
func (h Head) Same(o Head) bool { return h.Run == o.Run && h.Seq == o.Seq && h.Hash == o.Hash }
