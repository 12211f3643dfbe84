// Package sinks writes what whence found to where it is wanted: ClickHouse,
// Kafka, lines of JSON. It decides nothing.
package sinks

import (
	"context"

	"whence/correlate"
)

// Output is what one step of a lane yields.
type Output struct {
	Chains  []correlate.Chain
	Facts   []correlate.Fact
	Alerts  []correlate.Alert
	Rejects []correlate.Reject
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
// out until Write returns; the sink keeps nothing of it after that. Write and
// Close are safe for concurrent use.
type Sink interface {
	Name() string
	Write(ctx context.Context, out *Output) error
	// Close waits for writes under way and frees the connection.
	Close(ctx context.Context) error
}
