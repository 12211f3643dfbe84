package index

import (
	"bytes"
	"sort"
	"time"

	"whence/correlate"
)

// Everything that joins facts is in this file, and all of it rests on
// Session.Merge: of two tellings of one fact the stronger wins, the same one
// everywhere.

// gather makes a session of facts about k, in any order and with repeats.
func gather(k correlate.Key, facts []correlate.Fact) correlate.Session {
	if len(facts) <= 1 {
		return correlate.Session{Key: k, Facts: facts}
	}
	half := len(facts) / 2
	s := gather(k, facts[:half:half]).Merge(gather(k, facts[half:]))
	s.Key = k
	return s
}

// join merges facts about held's key into held. It returns the outcome and those
// of its facts that held did not have, or had in a weaker telling.
func join(held correlate.Session, facts []correlate.Fact) (merged correlate.Session, fresh []correlate.Fact) {
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
	return bytes.Equal(appendBody(nil, a), appendBody(nil, b))
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

// byKey sorts facts into one slice per key, keys in the order they first appear.
func byKey(facts []correlate.Fact) (keys []correlate.Key, groups map[correlate.Key][]correlate.Fact) {
	groups = make(map[correlate.Key][]correlate.Fact, len(facts))
	for _, f := range facts {
		if _, ok := groups[f.Key]; !ok {
			keys = append(keys, f.Key)
		}
		groups[f.Key] = append(groups[f.Key], f)
	}
	return keys, groups
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
	return time.Unix(0, nanos(t)).UTC()
}
