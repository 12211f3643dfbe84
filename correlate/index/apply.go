package index

import (
	"fmt"
	"slices"
	"time"

	"whence/correlate"
)

// applyBatch bounds how many facts are stored under one set of locks.
const applyBatch = 512

// apply stores facts that the topics have, moves the position, and makes the
// facts visible. It returns the keys of which something new became known; a fact
// is new once, whether Bind or Run comes first.
//
// The stripes of the keys are held from the first read to the last change of a
// cache, so that nobody fills a cache with what was true before (see load), and
// two applies of one key do not both find a fact new. Stripes are taken in
// ascending order; nothing else is locked while waiting for one.
func (t *Table) apply(facts []correlate.Fact, pos Position) ([]correlate.Key, error) {
	var changed []correlate.Key
	for len(facts) > applyBatch {
		keys, err := t.applySome(facts[:applyBatch], nil)
		changed = append(changed, keys...)
		if err != nil {
			return changed, err
		}
		facts = facts[applyBatch:]
	}
	keys, err := t.applySome(facts, pos) // the position moves last
	return append(changed, keys...), err
}

func (t *Table) applySome(facts []correlate.Fact, pos Position) ([]correlate.Key, error) {
	groups := byKey(facts)
	hashes := make([]uint64, len(groups))
	for i := range groups {
		hashes[i] = t.hash(groups[i].key)
	}
	taken := t.lock(hashes)
	defer t.unlock(taken)
	if t.closed {
		return nil, ErrClosed
	}
	var (
		fresh   = make([]correlate.Fact, 0, len(facts))
		updates = make([]update, 0, len(groups))
	)
	for i, g := range groups {
		held, err := t.held(hashes[i], g.key, g.facts)
		if err != nil {
			return nil, fmt.Errorf("apply facts: %w", err)
		}
		merged, news := join(held.session, g.facts)
		if len(news) == 0 {
			continue
		}
		if _, alias := t.lives[g.key.Kind]; alias {
			held.retold = slices.ContainsFunc(news, func(f correlate.Fact) bool { return find(held.session, &f) != nil })
		}
		held.session = merged
		fresh, updates = append(fresh, news...), append(updates, held)
	}
	if len(fresh) == 0 && len(pos) == 0 {
		return nil, nil
	}
	if err := t.show(fresh, pos, updates); err != nil {
		return nil, fmt.Errorf("apply facts: %w", err)
	}
	t.counts.applied.Add(uint64(len(fresh)))
	changed := make([]correlate.Key, len(updates))
	for i := range updates {
		changed[i] = updates[i].session.Key
	}
	return changed, nil
}

// show stores what is new and lets look-ups find it: see Stamp.
func (t *Table) show(fresh []correlate.Fact, pos Position, updates []update) error {
	for i := range updates {
		t.stamps.begin(t.stamps.of(updates[i].hash))
	}
	defer func() {
		for i := range updates {
			t.stamps.end(t.stamps.of(updates[i].hash))
		}
	}()
	if err := t.put(fresh, pos); err != nil {
		return err
	}
	t.renew(updates)
	for i := range fresh {
		if _, alias := t.lives[fresh[i].Key.Kind]; alias {
			t.rolls.learn(&fresh[i])
		}
	}
	return nil
}

// lock takes the stripes of all hashes and returns them.
func (t *Table) lock(hashes []uint64) (taken []uint64) {
	taken = make([]uint64, len(hashes), len(hashes)+1)
	for i, h := range hashes {
		taken[i] = h % stripes
	}
	if len(taken) == 0 {
		taken = append(taken, 0) // closed is read under it
	}
	slices.Sort(taken)
	taken = slices.Compact(taken)
	for _, s := range taken {
		t.locks[s].Lock()
	}
	return taken
}

func (t *Table) unlock(taken []uint64) {
	for _, s := range taken {
		t.locks[s].Unlock()
	}
}

// An update is a session about to change.
type update struct {
	hash    uint64
	session correlate.Session // facts whose origin is not before floor
	floor   int64
	// cacheable says that session is all there is from a useful floor on.
	cacheable bool
	// unseen says that nothing was known of the key, so nothing is cached of it.
	unseen bool
	// retold says that some of what is new of a name was known in a weaker telling.
	retold bool
}

// held reads what is known of k before facts are joined to it. Sessions are read
// whole, so that they can be cached at once. Aliases are too long for that, unless
// they are new: if the hot table does not hold the alias, only what is as young as
// the oldest of facts is read, which tells whether they are new. The caller holds k's
// stripe, or does not mind an answer that is out of date.
func (t *Table) held(hash uint64, k correlate.Key, facts []correlate.Fact) (update, error) {
	if _, alias := t.lives[k.Kind]; !alias {
		if s, from, ok := t.hot.get(hash, k, whole, whole, nil); ok {
			return update{hash: hash, session: s, floor: from, cacheable: true}, nil
		}
		if t.lacks(k) {
			return update{hash: hash, session: correlate.Session{Key: k}, floor: whole, cacheable: true, unseen: true}, nil
		}
		s, err := t.store.Get(k, time.Time{}, 0)
		return update{hash: hash, session: s, floor: whole, cacheable: true}, err
	}
	oldest := slices.MinFunc(facts, func(a, b correlate.Fact) int { return a.Time.Compare(b.Time) }).Time
	if s, from, ok := t.hot.get(hash, k, nanos(oldest), whole, nil); ok {
		return update{hash: hash, session: s, floor: from, cacheable: true}, nil
	}
	if t.lacks(k) {
		return update{hash: hash, session: correlate.Session{Key: k}, floor: whole, cacheable: true, unseen: true}, nil
	}
	s, err := t.store.Get(k, oldest, 1)
	return update{hash: hash, session: s}, err
}

// renew brings the caches up to date with the store. New sessions and names go into
// the hot table, where their first action finds them: to read the name of each from
// the store was most of what the walk of a session cost that is met once. Of other
// aliases it has those that were asked for. The caller holds the stripes.
func (t *Table) renew(updates []update) {
	dropped := false
	for _, u := range updates {
		k := u.session.Key
		_, alias := t.lives[k.Kind]
		if u.retold {
			t.rolls.drop(k)
		}
		if u.cacheable {
			t.hot.set(u.hash, u.session, floorFor(u.session, u.floor, alias))
		} else if !u.unseen {
			t.hot.drop(u.hash, k)
		}
		if !alias && !u.unseen {
			t.cold.drop(u.hash)
			dropped = true
		}
	}
	if dropped {
		t.cold.settle()
	}
}

// floorFor is the floor of an entry of s, which reaches back to floor.
func floorFor(s correlate.Session, floor int64, alias bool) int64 {
	if alias && floor == whole && len(s.Facts) > readThrough {
		return whole + 1 // there is nothing before it, and facts have their lengths
	}
	return floor
}

// readThrough is how many bindings of a name are sooner read, all of them, than told
// apart by their age.
const readThrough = 4
