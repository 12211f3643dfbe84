package ledger

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// A Checkpoint states, signed, which entries a write added to a run and how much of
// the run is stored.
type Checkpoint struct {
	Lane   string
	Run    RunID
	Number uint64 // counts the run's checkpoints from 1
	// First and Last are the entries it adds; Last is First-1 if it adds none.
	First, Last uint64
	// Before and Hash are the hashes before First and of Last.
	Before, Hash Sum
	// Stored is the last entry up to which all rows are durable.
	Stored uint64
	At     time.Time
	// Former is the Sum of the run's former checkpoint, zero in the first.
	Former Sum
	// After, in the first, is where the lane stood when the run began: the head that
	// was committed with the offset that the run began at. Zero if there was none.
	After Head

	Key       KeyID
	Signature [ed25519.SignatureSize]byte
}

// Sum is the SHA-256 of all that the signature covers.
func (c *Checkpoint) Sum() Sum {
	var room [512]byte
	return sha256.Sum256(c.statement(room[:0]))
}

// statement appends what is signed. Lane, the only part whose length differs, comes
// last.
func (c *Checkpoint) statement(b []byte) []byte {
	b = append(b, "whence checkpoint 1\n"...)
	b = append(b, c.Run[:]...)
	b = binary.BigEndian.AppendUint64(b, c.Number)
	b = binary.BigEndian.AppendUint64(b, c.First)
	b = binary.BigEndian.AppendUint64(b, c.Last)
	b = append(b, c.Before[:]...)
	b = append(b, c.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, c.Stored)
	b = binary.BigEndian.AppendUint64(b, uint64(c.At.UnixMilli()))
	b = append(b, c.Former[:]...)
	b = append(b, c.After.Run[:]...)
	b = binary.BigEndian.AppendUint64(b, c.After.Seq)
	b = append(b, c.After.Hash[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(millis(c.After.At)))
	b = append(b, c.Key[:]...)
	return append(b, c.Lane...)
}

// millis is t in milliseconds since the epoch, which also stands for no time.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
