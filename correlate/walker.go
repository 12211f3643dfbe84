package correlate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"whence/correlate/arena"
)

// A Walker walks events one after the other, in memory that it uses again. It is
// owned by one goroutine.
type Walker struct {
	*Resolver
	mem  Memory
	lend LendingIndex // nil if the index cannot lend
	// naming leaves out what is over; nil if the index cannot.
	naming NamingIndex
	// stamper tells whether finished walks still hold; nil if none are kept.
	stamper Stamper
	reused  int
	ahead   ahead
	// foreseer knows what the walks ahead will look up, or is nil; the event under way
	// is its number foreseen, or -1.
	foreseer Foreseer
	foreseen int
	keeper   keeper
	// sealing is the chain that was walked last if the digest of what the walk found
	// is known, which is found.
	sealing *Chain
	found   digest
	// kinds are those of Kinds that were asked for: there are a handful, and a map
	// costs more to look into.
	kinds []kindSeen

	// Of the walk under way.
	ctx   context.Context
	event *Event
	torn  bool // facts arrived while it was under way
	rank  uint32
	// unlisted says that what the chain shows depends on who acted: see candidatesOf.
	unlisted bool
	missed   bool // it ended at a key of which nothing is known
	err      error
	spots    spots
	queue    []int32 // of reach: spots to go on from
	beyond   []int32 // likewise, once these are done: a name further on
	walked   []Key
	stack    []outcome // ways that wait to be weighed
	names    []byte    // room for the directory
	asked    []listing // of the directory

	outcomes   arena.Slab[outcome]
	hops       arena.Slab[Hop]
	candidates arena.Slab[Candidate]
	keys       arena.Slab[Key]
}

// NewWalker returns a walker for one goroutine.
func (r *Resolver) NewWalker() *Walker {
	w := &Walker{Resolver: r}
	w.lend, _ = r.Index.(LendingIndex)
	w.naming, _ = r.Index.(NamingIndex)
	w.stamper, _ = r.Index.(Stamper)
	if r.Finished == nil {
		w.stamper = nil
	}
	if w.stamper != nil {
		if f, ok := r.Index.(ForeseeingIndex); ok {
			w.foreseer = f.NewForeseer()
		}
		w.keeper.names = &names{sharedNames: r.Finished.names}
	}
	return w
}

// Reset takes back the memory of all chains since the last Reset.
func (w *Walker) Reset() {
	w.mem.Reset()
	w.Ahead(nil)
	w.reused, w.sealing = 0, nil
}

// Reused is how many finished walks have been used again since the last Reset, of those
// that ended at somebody.
func (w *Walker) Reused() int { return w.reused }

// Poison makes Reset overwrite what it takes back, for tests.
func (w *Walker) Poison() { w.mem.Poison() }

// Walk makes c the chain of e, as Resolve does. Lists and names in it are lent
// until Reset, and what e says is where e has it: whoever keeps c longer clones it.
func (w *Walker) Walk(ctx context.Context, e *Event, c *Chain) error {
	w.ctx, w.event = ctx, e
	w.sealing, w.foreseen = nil, -1
	again := w.stamper != nil
	var s start
	if again {
		var done bool
		if s, done = w.again(e, c); done {
			return nil
		}
	}
	for range maxTorn {
		w.begin()
		w.reach()
		o := w.follow(e.Uses, e.Time, e.line(), 0)
		if w.err != nil {
			*c = Chain{}
			return fmt.Errorf("resolve %s: %w", e.ID, w.err)
		}
		w.missed = o.end == missing && !o.missing.IsZero()
		w.chain(&o, c)
		if !w.torn {
			if again {
				w.finish(s, c)
			}
			return nil
		}
	}
	return nil
}

// Settle is that of the Resolver. For the chain that was walked last it costs less, if
// nothing but its links, what it looked at and what it waits for has changed since.
func (w *Walker) Settle(c *Chain, clock Clock) {
	if w.sealing != c {
		w.Resolver.Settle(c, clock)
		return
	}
	c.settle(clock)
	c.seal(w.Epoch, w.found)
}

// maxTorn bounds how often a walk begins anew because facts arrived under it. They
// arrive once each, so a second walk nearly always does.
const maxTorn = 10

// begin forgets the walk before.
func (w *Walker) begin() {
	w.torn, w.rank, w.err = false, 0, nil
	w.spots.reset()
	w.walked, w.stack, w.asked = w.walked[:0], w.stack[:0], w.asked[:0]
	w.queue, w.beyond = w.queue[:0], w.beyond[:0]
	w.outcomes.Reset()
	w.hops.Reset()
	w.candidates.Reset()
	w.keys.Reset()
	w.mem.forget()
}

// line says which log line tells of a hop.
type line struct {
	eventID, source string
	time            time.Time
}

func (e *Event) line() line { return line{e.EventID, e.Source, e.Time} }
func (f *Fact) line() line  { return line{f.EventID, f.Source, f.Time} }

// kind returns what is promised of a kind, until it is called again. Of a kind that
// nobody mints it has no name.
func (w *Walker) kind(k Kind) *KindInfo {
	for i := range w.kinds {
		if w.kinds[i].kind == k {
			return &w.kinds[i].KindInfo
		}
	}
	in, ok := w.Kinds[k]
	if ok {
		in.Kind = k
	}
	if len(w.kinds) == mostKinds {
		w.kinds = w.kinds[:0] // somebody makes kinds up
	}
	w.kinds = append(w.kinds, kindSeen{Kind(strings.Clone(string(k))), in})
	return &w.kinds[len(w.kinds)-1].KindInfo
}

// mostKinds bounds the kinds that a walker remembers.
const mostKinds = 64

type kindSeen struct {
	kind Kind
	KindInfo
}

// minted reports whether any enabled source mints keys of kind k.
func (w *Walker) minted(k Kind) bool { return w.kind(k).Kind != "" }

func (l *Link) when(at time.Time) time.Time {
	if l.At.IsZero() {
		return at
	}
	return l.At
}
