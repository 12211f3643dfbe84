package ledger

import (
	"context"
	"time"

	"whence/correlate"
)

// A Row is what a row of the table chains hashes to. Every version that is still
// there is one.
type Row struct {
	Chain   correlate.ID
	Version uint64
	Time    time.Time
	Content Sum
}

// Of names a run by what entries and checkpoints say.
type Of struct {
	Lane string
	Run  RunID
}

// An Archive holds what is to be verified. Each method calls yield once for every
// row that it reads, lends what it yields until yield returns, and stops at yield's
// error. Times are of the chains' events; from is included, to is not.
type Archive interface {
	// Ends yields the first and the last checkpoint that is there of every run.
	Ends(ctx context.Context, yield func(first, last *Checkpoint) error) error
	// Before returns the number of the last checkpoint that is older than at and adds
	// only entries below seq; 0 if there is none.
	Before(ctx context.Context, of Of, at time.Time, seq uint64) (uint64, error)
	// Checkpoints yields those after a number, in order, up to about limit of them.
	Checkpoints(ctx context.Context, of Of, after uint64, limit int, yield func(*Checkpoint) error) error
	// Spans yields each run with entries of chains from a time, and the lowest and the
	// highest of their sequence numbers.
	Spans(ctx context.Context, from, to time.Time, yield func(of Of, lo, hi uint64) error) error
	// Entries yields those from first to last, in order.
	Entries(ctx context.Context, of Of, first, last uint64, yield func(*Entry) error) error
	// Minutes yields how many rows and entries there are of each minute, in order.
	Minutes(ctx context.Context, from, to time.Time, yield func(minute time.Time, n int) error) error
	// Dated yields the entries of chains from a time, in no order.
	Dated(ctx context.Context, from, to time.Time, yield func(*Entry) error) error
	// Rows yields the rows of chains from a time, in no order.
	Rows(ctx context.Context, from, to time.Time, yield func(*Row) error) error
}
