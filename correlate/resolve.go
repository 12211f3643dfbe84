package correlate

import (
	"context"
	"fmt"
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
	// Epoch is that of the directory and the decoders; see Chain.Version.
	Epoch uint32
}

// Resolve walks e back as far as the index allows. The chain is complete except
// for Settled and Version: see Settle. An unknown key is not an error; an error
// means that the index could not be read.
func (r *Resolver) Resolve(ctx context.Context, e Event) (Chain, error) {
	var c Chain
	for range maxTorn {
		w := &walk{ctx: ctx, r: r, event: &e, read: map[Key]lookedUp{}, sessions: map[visit]Session{}, done: map[visit]*outcome{}}
		w.reach()
		o := w.follow(e.Uses, e.Time, e.line(), 0)
		c = w.chain(&o)
		if w.err != nil {
			return Chain{}, fmt.Errorf("resolve %s: %w", e.ID, w.err)
		}
		if !w.torn {
			break
		}
	}
	return c, nil
}

// maxTorn bounds how often a walk begins anew because facts arrived under it. They
// arrive once each, so a second walk nearly always does.
const maxTorn = 10

// Settle decides whether c is settled by the clock, and seals it. A chain that
// waits for nothing is settled at once.
func (r *Resolver) Settle(c *Chain, clock Clock) {
	c.Settled = !slices.ContainsFunc(c.Waits, func(k Key) bool { return !clock.Passed(k.Kind, c.Time.Add(Skew)) })
	c.Seal(r.Epoch)
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

// walk is the state of one Resolve.
type walk struct {
	ctx      context.Context
	r        *Resolver
	event    *Event
	read     map[Key]lookedUp
	torn     bool // facts arrived while the walk was under way
	sessions map[visit]Session
	done     map[visit]*outcome // nil while under way: a cycle
	walked   []Key
	rank     int
	err      error
}

// session looks k up, leaving out what is older than the kind's longest life.
func (w *walk) session(k Key, at time.Time) Session {
	v := visit{k, at.UnixNano()}
	if s, ok := w.sessions[v]; ok {
		return s
	}
	s := w.known(k, at)
	kept := Session{Key: k}
	for i := range s.Facts {
		if w.matters(&s.Facts[i], at) {
			kept.Facts = append(kept.Facts, s.Facts[i])
		}
	}
	w.sessions[v] = kept
	return kept
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
func (w *walk) known(k Key, at time.Time) Session {
	old, again := w.read[k]
	if again && !at.Before(old.at) {
		return old.session
	}
	s, err := w.r.Index.Lookup(w.ctx, k, at)
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("look up a key of kind %s: %w", k.Kind, err)
	}
	if again {
		floor := old.at.Add(-w.r.Kinds[k.Kind].Life)
		w.torn = w.torn || since(s.Facts, floor) != since(old.session.Facts, floor)
	}
	w.read[k] = lookedUp{s, at}
	return s
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
func (w *walk) matters(f *Fact, at time.Time) bool {
	life := w.r.Kinds[f.Key.Kind].Life
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

// maxReach is how many steps from the event facts are counted: more than any walk
// takes, each of whose hops is a name and a key at most. It keeps a chain of
// thousands of sessions, each asked for with the one before, from costing as much
// for every action. A new fact can only make ways shorter, so what was within
// reach stays within reach.
const maxReach = 3 * maxHops

// reach counts the distinct facts reachable from the event over every account of
// every key, chosen or not: the chain's rank. See docs/DESIGN.md section 2.
func (w *walk) reach() {
	type counted struct {
		kind        FactKind
		key, target Key
		origin      ID
	}
	type place struct {
		key Key
		at  time.Time
	}
	facts, visited := map[counted]struct{}{}, map[visit]struct{}{}
	var next []place
	key := func(k Key, at time.Time) {
		v := visit{k, at.UnixNano()}
		if _, ok := visited[v]; !ok && !k.IsZero() {
			visited[v] = struct{}{}
			next = append(next, place{k, at})
		}
	}
	links := func(ls []Link, at time.Time) {
		for i := range ls {
			key(ls[i].Key, ls[i].when(at))
		}
	}
	links(w.event.Uses, w.event.Time)
	for step := 0; step < maxReach && len(next) > 0; step++ {
		here := next
		next = nil
		for _, p := range here {
			w.walked = append(w.walked, p.key)
			s := w.session(p.key, p.at)
			for i := range s.Facts {
				f := &s.Facts[i]
				facts[counted{f.Kind, f.Key, f.Target, f.Origin}] = struct{}{}
				switch f.Kind {
				case Account:
					links(f.Parents, f.Start)
				case Binding:
					key(f.Target, p.at)
				}
			}
		}
	}
	w.rank = len(facts)
	slices.SortFunc(w.walked, Key.Compare)
	w.walked = slices.Compact(w.walked)
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

func (l *Link) when(at time.Time) time.Time {
	if l.At.IsZero() {
		return at
	}
	return l.At
}
