package index

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"whence/correlate"
)

// LookupName implements correlate.NamingIndex. What comes from the hot table or from a
// roll is as LookupIn says. A name with many bindings that has no roll is read from the
// store once, all that its longest life can ask for.
func (t *Table) LookupName(ctx context.Context, k correlate.Key, at time.Time, mem *correlate.Memory) (correlate.Named, error) {
	life := t.lives[k.Kind]
	if life == 0 || t.rolls == nil {
		s, err := t.LookupIn(ctx, k, at, mem)
		return correlate.Named{Facts: s.Facts}, err
	}
	floor, hash := floorOf(at, life), t.hash(k)
	if s, _, ok := t.hot.get(hash, k, floor, floor, mem); ok {
		if len(s.Facts) > rollFrom {
			t.hot.drop(hash, k) // the next look-up makes a roll of it
		}
		return correlate.Named{Facts: s.Facts}, nil
	}
	if n, ok := t.rolls.at(k, at, mem); ok {
		t.counts.rolled.Add(1)
		return n, nil
	}
	if t.lacks(k) {
		if t.shut.Load() {
			return correlate.Named{}, ErrClosed
		}
		t.counts.lacked.Add(1)
		return correlate.Named{}, nil
	}
	return t.loadName(hash, k, at, life, mem)
}

// loadName is load for names: few facts go into the hot table, many become a roll.
func (t *Table) loadName(hash uint64, k correlate.Key, at time.Time, life time.Duration, mem *correlate.Memory) (correlate.Named, error) {
	l := &t.locks[hash%stripes]
	l.RLock()
	defer l.RUnlock()
	if t.closed {
		return correlate.Named{}, ErrClosed
	}
	t.counts.storeReads.Add(1)
	var few []correlate.Fact
	r, longer, many := t.rolls.empty(k, at, life), life+life/4, false
	err := each(t.store, k, at, longer, func(f *correlate.Fact) {
		if !many && len(few) < rollFrom {
			few = append(few, f.Clone())
			return
		}
		for i := range few {
			r.one(&few[i])
		}
		few, many = nil, true
		r.one(f)
	})
	switch {
	case err != nil:
		return correlate.Named{}, fmt.Errorf("look up name: %w", err)
	case many:
		r.state, r.least = t.rolls.next(), r.size
		n, _ := r.at(at, mem)
		t.rolls.put(r)
		return n, nil
	case len(few) == 0:
		t.counts.absent.Add(1)
		return correlate.Named{}, nil
	}
	s := gather(k, few)
	t.hot.set(hash, s, floorOf(at, longer))
	return correlate.Named{Facts: since(s, floorOf(at, life)).Facts}, nil
}

// A teller is a Store that can tell the facts of a key one by one, oldest first. Pebble
// is one.
type teller interface {
	// tell calls f with the facts that Get returns. They are good until f returns.
	tell(k correlate.Key, at time.Time, life time.Duration, f func(*correlate.Fact)) error
}

// each calls f with what store has of k, oldest first.
func each(store Store, k correlate.Key, at time.Time, life time.Duration, f func(*correlate.Fact)) error {
	if t, ok := store.(teller); ok {
		return t.tell(k, at, life, f)
	}
	s, err := store.Get(k, at, life)
	if err != nil {
		return err
	}
	order := make([]int32, len(s.Facts))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(i, j int32) int { return s.Facts[i].Time.Compare(s.Facts[j].Time) })
	for _, i := range order {
		f(&s.Facts[i])
	}
	return nil
}

// owned is k in memory of its own.
func owned(k correlate.Key) correlate.Key {
	return correlate.Key{Kind: correlate.Kind(strings.Clone(string(k.Kind))), Value: strings.Clone(k.Value)}
}
