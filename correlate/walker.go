package correlate

import (
	"context"
	"fmt"
	"time"

	"whence/correlate/arena"
)

// A Walker walks events one after the other, in memory that it uses again. It is
// owned by one goroutine.
type Walker struct {
	*Resolver
	mem  Memory
	lend LendingIndex // nil if the index cannot lend

	// Of the walk under way.
	ctx      context.Context
	event    *Event
	torn     bool // facts arrived while it was under way
	rank     int
	err      error
	read     small[Key, lookedUp]
	sessions small[visit, Session]
	done     small[visit, *outcome] // nil while under way: a cycle
	walked   []Key
	here     []place // whose facts reach counts next
	next     []place
	visited  small[visit, struct{}]
	stack    []outcome // ways that wait to be weighed
	names    []byte    // room for the directory

	outcomes   arena.Slab[outcome]
	hops       arena.Slab[Hop]
	candidates arena.Slab[Candidate]
	keys       arena.Slab[Key]
}

// NewWalker returns a walker for one goroutine.
func (r *Resolver) NewWalker() *Walker {
	w := &Walker{Resolver: r}
	w.lend, _ = r.Index.(LendingIndex)
	return w
}

// Reset takes back the memory of all chains since the last Reset.
func (w *Walker) Reset() { w.mem.Reset() }

// Poison makes Reset overwrite what it takes back, for tests.
func (w *Walker) Poison() { w.mem.Poison() }

// Walk makes c the chain of e, as Resolve does. Lists and names in it are lent
// until Reset, and what e says is where e has it: whoever keeps c longer clones it.
func (w *Walker) Walk(ctx context.Context, e *Event, c *Chain) error {
	w.ctx, w.event = ctx, e
	for range maxTorn {
		w.begin()
		w.reach()
		o := w.follow(e.Uses, e.Time, e.line(), 0)
		if w.err != nil {
			*c = Chain{}
			return fmt.Errorf("resolve %s: %w", e.ID, w.err)
		}
		if !w.torn {
			w.chain(&o, c)
			return nil
		}
		w.chain(&o, c)
	}
	return nil
}

// maxTorn bounds how often a walk begins anew because facts arrived under it. They
// arrive once each, so a second walk nearly always does.
const maxTorn = 10

// begin forgets the walk before.
func (w *Walker) begin() {
	w.torn, w.rank, w.err = false, 0, nil
	w.read.reset()
	w.sessions.reset()
	w.done.reset()
	w.visited.reset()
	w.walked, w.here, w.next, w.stack = w.walked[:0], w.here[:0], w.next[:0], w.stack[:0]
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

// visit is one key looked at for one time.
type visit struct {
	key Key
	at  int64 // unix nanoseconds
}

// session looks k up, leaving out what is older than the kind's longest life.
func (w *Walker) session(k Key, at time.Time) Session {
	v := visit{k, at.UnixNano()}
	if s := w.sessions.get(v); s != nil {
		return *s
	}
	s := w.known(k, at)
	for i := range s.Facts {
		if w.matters(&s.Facts[i], at) {
			continue
		}
		var kept []Fact
		kept = w.mem.Facts.Append(kept, s.Facts[:i]...)
		for j := i + 1; j < len(s.Facts); j++ {
			if w.matters(&s.Facts[j], at) {
				kept = w.mem.Facts.Append(kept, s.Facts[j])
			}
		}
		s.Facts = kept
		break
	}
	s.Key = k
	w.sessions.put(v, s)
	return s
}

// known reads k from the index once for a walk, or again when it is asked about
// an earlier time, of which the first answer may have left facts out.
//
// A chain must be built from the very facts that its rank counts. Were a key read
// for each visit, a fact could land between two of them: the walk, which went by
// the first, would lack it, while rank counted it by the second. A later walk that
// knows it has the same rank then, and the hash would decide which row stays. So a
// second read that shows anything new within the reach of the first tears the walk,
// and it begins anew.
func (w *Walker) known(k Key, at time.Time) Session {
	old := w.read.get(k)
	if old != nil && !at.Before(old.at) {
		return old.session
	}
	s, err := w.look(k, at)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("look up a key of kind %s: %w", k.Kind, err)
	}
	if old != nil {
		floor := old.at.Add(-w.Kinds[k.Kind].Life)
		w.torn = w.torn || since(s.Facts, floor) != since(old.session.Facts, floor)
		*old = lookedUp{s, at}
		return s
	}
	w.read.put(k, lookedUp{s, at})
	return s
}

func (w *Walker) look(k Key, at time.Time) (Session, error) {
	if w.lend != nil {
		return w.lend.LookupIn(w.ctx, k, at, &w.mem)
	}
	return w.Index.Lookup(w.ctx, k, at)
}

// lookedUp is what the index said of a key, asked about one time.
type lookedUp struct {
	session Session
	at      time.Time
}

// since counts the facts that are not older than floor.
func since(facts []Fact, floor time.Time) int {
	n := 0
	for i := range facts {
		if !facts[i].Time.Before(floor) {
			n++
		}
	}
	return n
}

// matters filters facts on immutable values only: what a fact says itself. No
// later fact can bring back what it leaves out, which is what lets rank grow
// and never shrink.
func (w *Walker) matters(f *Fact, at time.Time) bool {
	life := w.Kinds[f.Key.Kind].Life
	if !f.Standing && life > 0 && f.Time.Before(at.Add(-life)) {
		return false
	}
	switch f.Kind {
	case Account:
		// A key that is issued more than a life later is not the one that was used.
		return f.Standing || life == 0 || !f.Start.After(at.Add(life))
	case Binding:
		return !f.Start.After(at.Add(Skew)) && (f.End.IsZero() || !f.End.Before(at.Add(-Skew)))
	case Ending:
		return !f.Start.After(at)
	case Approval:
		return !f.Start.After(w.event.Time)
	}
	return true
}

func (l *Link) when(at time.Time) time.Time {
	if l.At.IsZero() {
		return at
	}
	return l.At
}
