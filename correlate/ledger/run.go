package ledger

import (
	"crypto/rand"
	"time"

	"whence/correlate"
)

// A Run writes the entries and checkpoints of one owner of a lane. It is used by one
// goroutine at a time: the lane's and, until it has taken an output, the sink's.
type Run struct {
	signer *Signer
	now    func() time.Time
	lane   string
	id     RunID
	after  Head

	seq    uint64 // of the last entry, with hash and at
	hash   Sum
	at     time.Time
	number uint64 // of the last checkpoint, with what it states
	former Sum
	upTo   uint64 // the last entry that a checkpoint adds
	before Sum    // its hash
	stated uint64 // what the last checkpoint states as stored
	stored uint64
}

// Open begins a run of a lane that stands at after: zero if nobody has written to
// it. now is the wall clock.
func (s *Signer) Open(lane string, after Head, now func() time.Time) *Run {
	r := &Run{signer: s, now: now, lane: lane, after: after}
	_, _ = rand.Read(r.id[:]) // never fails
	r.hash = genesis(lane, r.id)
	r.before = r.hash
	return r
}

// Enter returns the entry of a row. Content is the row's SHA-256, and t its time as
// the table has it.
func (r *Run) Enter(chain correlate.ID, version uint64, t time.Time, content Sum) Entry {
	if r.seq == r.upTo {
		r.at = r.now().UTC().Truncate(time.Millisecond)
	}
	r.seq++
	e := Entry{Lane: r.lane, Run: r.id, Seq: r.seq, Chain: chain, Version: version, Time: t, Content: content, At: r.at}
	r.hash = e.follow(r.hash)
	e.Hash = r.hash
	return e
}

// Sign returns the checkpoint that adds the entries since the last one. It must be
// durable before they are, and they before their rows.
func (r *Run) Sign() Checkpoint {
	if r.seq == r.upTo {
		r.at = r.now().UTC().Truncate(time.Millisecond)
	}
	r.number++
	c := Checkpoint{
		Lane: r.lane, Run: r.id, Number: r.number, First: r.upTo + 1, Last: r.seq, Before: r.before, Hash: r.hash,
		Stored: r.stored, At: r.at, Former: r.former,
	}
	if r.number == 1 {
		c.After = r.after
	}
	r.signer.sign(&c)
	r.upTo, r.before, r.stated, r.former = r.seq, r.hash, r.stored, c.Sum()
	return c
}

// Seq is the last entry's.
func (r *Run) Seq() uint64 { return r.seq }

// Store takes note that all rows up to an entry are durable.
func (r *Run) Store(seq uint64) { r.stored = max(r.stored, seq) }

// Owes reports whether more is stored than a checkpoint states.
func (r *Run) Owes() bool { return r.stored > r.stated }

// Head is what to commit with the place after the last entry: where the next run
// begins. Before the first entry it is the former run's head.
func (r *Run) Head() Head {
	if r.seq == 0 {
		return r.after
	}
	return Head{Run: r.id, Seq: r.seq, Hash: r.hash, At: r.at}
}
