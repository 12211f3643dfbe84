package correlate

import (
	"context"
	"time"
)

// A name that is in daily use leads to thousands of keys within its longest life, of
// which nearly all are over. A binding is over at a time when
//
//   - its own End is earlier than that, or
//   - it has none, and another line has told the end since: a binding of the same name,
//     target and part (Principal.ID) with a Reason, that is not older, and whose End is
//     earlier than that.
//
// What is over is no candidate, is not walked and not waited for, and facts beyond it
// are not reached by the name. That looks at nothing but the name's own facts, and what
// is over stays so: so an Index need not read bindings that are, only count the lines
// that told of ends, by which a chain's rank grows when facts go out of reach.

// A NamingIndex is an Index that can leave out what is over. It leaves out nothing
// else that Lookup gives and that can matter.
type NamingIndex interface {
	Index
	// LookupName returns what is known of a name at a time, in memory that mem lends, as
	// LookupIn does. Kinds that are no names may be asked for too.
	LookupName(ctx context.Context, name Key, at time.Time, mem *Memory) (Named, error)
}

// Named is what is known of a name at a time.
type Named struct {
	Facts []Fact // as in a Session
	// Part is 0 if nothing was left out because of its time. Otherwise it tells this
	// state of what is known of the name from every other.
	Part uint64
	// Over is how many of the lines that were left out told of an end that counts.
	Over int
	// Until is the first time, from the one asked for on, at which what was left out
	// may be different; zero if it never is.
	Until time.Time
}

// Ends reports whether f tells the end of what carried a name: of all bindings like it
// that have none of their own.
func (f *Fact) Ends() bool { return f.Kind == Binding && f.Reason != "" && !f.End.IsZero() }

// EndedBy reports whether f's end is told by c, a binding of the same name for which
// Ends is true.
func (f *Fact) EndedBy(c *Fact) bool {
	// A line that is older than f, or tells of an end before f began, is of an earlier
	// time at which the target carried the name.
	return f.End.IsZero() && f.Target == c.Target && f.Principal.ID == c.Principal.ID && !c.Time.Before(f.Time) && !c.End.Before(f.Start)
}

// isOver reports whether the i-th of the facts about one key, in their order, is a
// binding without an end of its own that is over at a time.
func isOver(facts []Fact, i int, at time.Time) bool {
	b := &facts[i]
	if b.Kind != Binding || !b.End.IsZero() {
		return false
	}
	first := i // those of one target lie together, and are few
	for first > 0 && facts[first-1].Kind == Binding && facts[first-1].Target == b.Target {
		first--
	}
	for ; first < len(facts) && facts[first].Kind == Binding && facts[first].Target == b.Target; first++ {
		if c := &facts[first]; c.Ends() && c.End.Before(at.Add(-Skew)) && b.EndedBy(c) {
			return true
		}
	}
	return false
}

// endsAt is 1 if f tells of an end that counts at a time, and 0 otherwise.
func endsAt(f *Fact, life time.Duration, at time.Time) int {
	if f.Ends() && f.End.Before(at.Add(-Skew)) && !f.tooOld(life, at) {
		return 1
	}
	return 0
}

// tooOld reports whether f cannot matter at a time, as it is older than its kind of
// key can live.
func (f *Fact) tooOld(life time.Duration, at time.Time) bool {
	return !f.Standing && life > 0 && f.Time.Before(at.Add(-life))
}
