package correlate

import (
	"context"
	"slices"
	"time"
)

// An Index finds what is known of a key. It may be behind, but it never
// forgets: what it once returned it returns again, until the key's life is over.
type Index interface {
	// Lookup returns the facts about k. It may leave out facts that cannot
	// matter to something that happened at time at: those whose origin is
	// earlier than the longest life of the kind before it. An unknown key gives
	// a Session without facts and no error. The result must not be modified.
	// Lookup is safe for concurrent use.
	Lookup(ctx context.Context, k Key, at time.Time) (Session, error)
}

// Tolerances between the clocks of different logs.
const (
	// Skew is how far past its end, or outside its interval, a key or alias may
	// be used before that counts.
	Skew = 10 * time.Second
	// EarlySkew is how long before its start an exact key may be used: the two
	// logs are often written by different clocks.
	EarlySkew = 5 * time.Minute
)

// maxHops bounds the depth of a walk. The deepest honest chains seen have 8 hops.
const maxHops = 16

// A Resolver walks events back to whoever asked. It keeps no state of its own
// and is safe for concurrent use.
type Resolver struct {
	Index     Index
	Kinds     Kinds
	Directory *Directory // may be nil
	// Finished, if it is not nil and Index is a Stamper, keeps walks to be used again.
	// It belongs to this resolver alone.
	Finished *Finished
	// Epoch is that of the directory and the decoders; see Chain.Version.
	Epoch uint32
}

// Resolve walks e back as far as the index allows. The chain is complete except
// for Settled and Version: see Settle. An unknown key is not an error; an error
// means that the index could not be read. Whoever walks many events does it with a
// Walker, which costs less.
func (r *Resolver) Resolve(ctx context.Context, e Event) (Chain, error) {
	var c Chain
	err := r.NewWalker().Walk(ctx, &e, &c)
	return c, err
}

// Settle decides whether c is settled by the clock, and seals it. A chain that
// waits for nothing is settled at once.
func (r *Resolver) Settle(c *Chain, clock Clock) {
	c.settle(clock)
	c.Seal(r.Epoch)
}

func (c *Chain) settle(clock Clock) {
	c.Settled = !slices.ContainsFunc(c.Waits, func(k Key) bool { return !clock.Passed(k.Kind, c.Time.Add(Skew)) })
}

// Since is the earliest time of an event whose chain f can change: what has to be
// walked again when f arrives late. It is the zero time if there is no such bound.
func (f *Fact) Since(kinds Kinds) time.Time {
	life := kinds[f.Key.Kind].Life
	switch {
	case f.Kind != Account:
		return f.Start.Add(-sinceSlack)
	case f.Standing || life == 0:
		return time.Time{}
	}
	return f.Start.Add(-life - sinceSlack)
}

// sinceSlack covers a walk up whose every credential was used a little before its
// start, by the clocks of other logs.
const sinceSlack = maxHops*EarlySkew + Skew
