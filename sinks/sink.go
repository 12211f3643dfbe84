// Package sinks writes what whence found to where it is wanted: ClickHouse,
// Kafka, lines of JSON. It decides nothing.
package sinks

import (
	"context"

	"whence/correlate"
	"whence/correlate/ledger"
)

// Output is what one step of a lane yields.
type Output struct {
	Chains  []correlate.Chain
	Facts   []correlate.Fact
	Alerts  []correlate.Alert
	Rejects []correlate.Reject
	// Taken, if set, is called by Write as soon as it needs nothing of the output any
	// more, from any goroutine and once or more. Write returns later, when the rows
	// are durable.
	Taken func()
	// Ledger, if set, is the run that the chains are entered into, by the sink that
	// has them verified: until it has taken the output the run is the sink's. With no
	// rows at all, what the run has stored is stated.
	Ledger *ledger.Run
}

// taken tells the owner of o that nothing of it is needed any more.
func (o *Output) taken() {
	if o.Taken != nil {
		o.Taken()
	}
}

// Len is the number of rows in o.
func (o *Output) Len() int {
	return len(o.Chains) + len(o.Facts) + len(o.Alerts) + len(o.Rejects)
}

// A Sink stores output. Write returns nil only once every row is durable. Writes
// repeat after a crash, and older versions may come after newer ones, so a sink
// keeps, per id, the row of the highest version. Write blocks while the
// destination is slow or away, retries what can be retried, and gives up only
// when ctx is done or the rows can never be stored. The caller must not change
// what is in out until Write returns or, if it set it, until Taken is called: the
// sink keeps nothing of it after that. Write and Close are safe for concurrent use.
type Sink interface {
	Name() string
	Write(ctx context.Context, out *Output) error
	// Close waits for writes under way and frees the connection.
	Close(ctx context.Context) error
}
