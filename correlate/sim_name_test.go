package correlate

import (
	"cmp"
	"context"
	"time"
)

// naming is a simStore that leaves out what is over of names.
type naming struct {
	*simStore
	kinds *Kinds
}

// LookupName implements NamingIndex.
func (s naming) LookupName(_ context.Context, k Key, at time.Time, _ *Memory) (Named, error) {
	all, life := s.facts[k].Facts, (*s.kinds)[k.Kind].Life
	n := Named{Part: uint64(s.stamps[s.Stamp(k).Place])<<20 | uint64(len(all))}
	turn := func(t time.Time) {
		if !t.Before(at) && (n.Until.IsZero() || t.Before(n.Until)) {
			n.Until = t
		}
	}
	for i := range all {
		f := &all[i]
		if f.Kind != Binding {
			n.Facts = append(n.Facts, *f)
			continue
		}
		if life > 0 {
			turn(f.Time.Add(life))
		}
		turn(f.Start.Add(-Skew))
		if !f.End.IsZero() {
			turn(f.End.Add(Skew))
		}
		if f.Start.After(at.Add(Skew)) || f.tooOld(life, at) {
			continue
		}
		n.Over += endsAt(f, life, at)
		if !isOver(all, i, at) && (f.End.IsZero() || !f.End.Before(at.Add(-Skew))) {
			n.Facts = append(n.Facts, *f)
		}
	}
	if len(n.Facts) == len(all) {
		n.Part, n.Until = 0, time.Time{}
	}
	return n, nil
}

// orderEnds orders versions without a guard of what was told of ends.
func (r *run) orderEnds() {
	if r.g.ends && r.g.weight {
		return
	}
	weigh := func(c *Chain) int {
		k := knowledgeOf(c.Rank)
		for _, n := range k.ended {
			if r.g.ends {
				k.facts += int(n)
			}
		}
		return k.facts
	}
	const below = 1<<(hashBits+1) - 1 // rank
	r.sink.better = func(a, b *Chain) bool {
		return cmp.Or(cmp.Compare(weigh(a), weigh(b)), cmp.Compare(a.Version&below, b.Version&below)) > 0
	}
}
