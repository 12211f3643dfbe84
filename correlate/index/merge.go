package index

import (
	"bytes"
	"slices"
	"sort"
	"time"

	"whence/correlate"
)

// Everything that joins facts is in this file, and all of it rests on
// Session.Merge: of two tellings of one fact the stronger wins, the same one
// everywhere.

// gather makes a session of facts about k, in any order and with repeats.
func gather(k correlate.Key, facts []correlate.Fact) correlate.Session {
	if ordered(facts) { // as stores give them
		return correlate.Session{Key: k, Facts: facts}
	}
	// Places are sorted, and facts moved once: a name may have thousands, of half a
	// kilobyte each.
	order := make([]int32, len(facts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int { return facts[i].Compare(&facts[j]) })
	s := correlate.Session{Key: k, Facts: make([]correlate.Fact, 0, len(facts))}
	for _, i := range order {
		last := len(s.Facts) - 1
		if last < 0 || s.Facts[last].Compare(&facts[i]) != 0 {
			s.Facts = append(s.Facts, facts[i])
			continue
		}
		one, other := correlate.Session{Facts: s.Facts[last:]}, correlate.Session{Facts: facts[i : i+1 : i+1]}
		s.Facts[last] = one.Merge(other).Facts[0]
	}
	return s
}

// ordered reports whether facts are in the order of a session, each once.
func ordered(facts []correlate.Fact) bool {
	for i := 1; i < len(facts); i++ {
		if facts[i-1].Compare(&facts[i]) >= 0 {
			return false
		}
	}
	return true
}

// join merges facts about held's key into held. It returns the outcome and those
// of its facts that held did not have, or had in a weaker telling.
func join(held correlate.Session, facts []correlate.Fact) (merged correlate.Session, fresh []correlate.Fact) {
	if len(held.Facts) == 0 && len(facts) == 1 {
		return correlate.Session{Key: held.Key, Facts: facts}, facts // as nearly always
	}
	told := gather(held.Key, facts)
	merged = held.Merge(told)
	merged.Key = held.Key
	for i := range told.Facts {
		now := find(merged, &told.Facts[i])
		if was := find(held, now); was == nil || !same(was, now) {
			fresh = append(fresh, *now)
		}
	}
	return merged, fresh
}

// find returns the fact of s with f's identity, or nil.
func find(s correlate.Session, f *correlate.Fact) *correlate.Fact {
	i := sort.Search(len(s.Facts), func(i int) bool { return s.Facts[i].Compare(f) >= 0 })
	if i < len(s.Facts) && s.Facts[i].Compare(f) == 0 {
		return &s.Facts[i]
	}
	return nil
}

// same reports whether two facts about one key have the same content.
func same(a, b *correlate.Fact) bool {
	var x, y [1024]byte
	return bytes.Equal(appendBody(x[:0], a), appendBody(y[:0], b))
}

// since returns s without the facts whose origin is earlier than floor.
func since(s correlate.Session, floor int64) correlate.Session {
	if floor == whole {
		return s
	}
	old := 0
	for i := range s.Facts {
		if nanos(s.Facts[i].Time) < floor {
			old++
		}
	}
	switch old {
	case 0:
		return s
	case len(s.Facts):
		return correlate.Session{Key: s.Key}
	}
	young := make([]correlate.Fact, 0, len(s.Facts)-old)
	for i := range s.Facts {
		if nanos(s.Facts[i].Time) >= floor {
			young = append(young, s.Facts[i])
		}
	}
	return correlate.Session{Key: s.Key, Facts: young}
}

// A group is all facts about one key.
type group struct {
	key   correlate.Key
	facts []correlate.Fact
}

// byKey sorts facts into groups, in the order in which the keys first appear. Most
// keys have one fact, whose group is where it was.
func byKey(facts []correlate.Fact) []group {
	const few = 8 // are compared sooner than hashed
	groups := make([]group, 0, len(facts))
	var at map[correlate.Key]int
	if len(facts) > few {
		at = make(map[correlate.Key]int, len(facts))
	}
	for i := range facts {
		k := facts[i].Key
		j, ok := at[k]
		if at == nil {
			j = slices.IndexFunc(groups, func(g group) bool { return g.key == k })
			ok = j >= 0
		}
		if ok {
			groups[j].facts = append(groups[j].facts, facts[i])
			continue
		}
		if at != nil {
			at[k] = len(groups)
		}
		groups = append(groups, group{k, facts[i : i+1 : i+1]})
	}
	return groups
}

// normal returns f as every store and topic gives it back: times in UTC, without
// a monotonic part and between 1677 and 2262, empty lists nil.
func normal(f correlate.Fact) correlate.Fact {
	f.Time, f.Start, f.End = instant(f.Time), instant(f.Start), instant(f.End)
	f.Principal = normalPrincipal(f.Principal)
	if len(f.Parents) == 0 {
		f.Parents = nil
		return f
	}
	if !slices.ContainsFunc(f.Parents, func(l correlate.Link) bool {
		return l.At != instant(l.At) || l.Principal.Names != nil && len(l.Principal.Names) == 0
	}) {
		return f // which shares them
	}
	parents := make([]correlate.Link, len(f.Parents))
	for i, l := range f.Parents {
		l.At = instant(l.At)
		l.Principal = normalPrincipal(l.Principal)
		parents[i] = l
	}
	f.Parents = parents
	return f
}

func normalPrincipal(p correlate.Principal) correlate.Principal {
	if len(p.Names) == 0 {
		p.Names = nil
	}
	return p
}

func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return instantOf(nanos(t))
}
