package correlate

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// A Parked chain may still improve.
type Parked struct {
	// Offset is that of its record in the lane's partition. Several chains may
	// come from one record.
	Offset int64
	Chain  Chain
	// Since is when it was parked, on the wall.
	Since time.Time
	size  int
}

// A Window holds the chains of one lane that may still improve, by the keys they
// wait for. It is bounded in bytes: when it is full the oldest is let go. It is
// owned by its lane and not safe for concurrent use.
type Window struct {
	maxBytes int
	bytes    int
	parked   map[ID]*Parked
	waiting  waiters
	order    []ID // by time of parking; holds stale ids, which are skipped
	letGo    int
}

// NewWindow returns a window of at most maxBytes, estimated.
func NewWindow(maxBytes int) *Window {
	return &Window{maxBytes: maxBytes, parked: map[ID]*Parked{}, waiting: waiters{}}
}

// Bound changes how many bytes w may hold. What is too much is let go by the next
// Park.
func (w *Window) Bound(maxBytes int) { w.maxBytes = maxBytes }

// Park puts a clone of c into the window, in place of an earlier version of it. now
// is the time on the wall. It returns the chains that had to be let go to make room:
// they stay in the sinks as they were last written, lose their bookmark, and are
// repair's from then on.
func (w *Window) Park(offset int64, c *Chain, now time.Time) (letGo []Parked) {
	p := &Parked{Offset: offset, Since: now, size: footprint(c)}
	if old, ok := w.parked[c.ID]; ok {
		p.Offset, p.Since = min(offset, old.Offset), old.Since
		w.forget(c.ID)
	} else {
		w.order = append(w.order, c.ID)
	}
	p.Chain = c.Clone()
	c = &p.Chain
	w.parked[c.ID] = p
	w.bytes += p.size
	for _, k := range c.Waits {
		w.waiting.add(k, c.ID)
	}
	for w.bytes > w.maxBytes && len(w.parked) > 0 {
		letGo = append(letGo, w.oldest())
	}
	w.letGo += len(letGo)
	w.compact()
	return letGo
}

// Wake returns the parked chains that wait for any of keys, each once, in the
// order of their offsets. They stay parked, and as they are: resolve them again and
// either Park the better version or Release it.
func (w *Window) Wake(keys []Key) []*Parked {
	if len(w.waiting) == 0 {
		return nil
	}
	ids := map[ID]struct{}{}
	for _, k := range keys {
		w.waiting.of(k, ids)
	}
	return w.collect(func(yield func(ID) bool) {
		for id := range ids {
			if !yield(id) {
				return
			}
		}
	})
}

// WakeAll returns every parked chain.
func (w *Window) WakeAll() []*Parked {
	return w.collect(func(yield func(ID) bool) {
		for id := range w.parked {
			if !yield(id) {
				return
			}
		}
	})
}

// Settled returns chains that nothing can improve any more: every kind they wait for
// has been read past their time, or they have been parked for maxWait. They stay
// parked until Release. It returns most at a time: many come at once, whenever a
// partition that was behind moves on.
func (w *Window) Settled(clock Clock, maxWait time.Duration, most int) []*Parked {
	now := clock.Now()
	// Many chains wait for the same few kinds at nearly the same time: ask the
	// clock once for each kind and second.
	type question struct {
		kind   Kind
		second int64
	}
	answers := map[question]bool{}
	passed := func(k Kind, t time.Time) bool {
		t = t.Add(Skew).Truncate(time.Second).Add(time.Second)
		q := question{k, t.Unix()}
		a, ok := answers[q]
		if !ok {
			a = clock.Passed(k, t)
			answers[q] = a
		}
		return a
	}
	return w.collect(func(yield func(ID) bool) {
		n := 0
		for id, p := range w.parked {
			if n == most {
				return
			}
			done := !slices.ContainsFunc(p.Chain.Waits, func(k Key) bool { return !passed(k.Kind, p.Chain.Time) })
			if !done && (maxWait <= 0 || now.Sub(p.Since) < maxWait) {
				continue
			}
			if n++; !yield(id) {
				return
			}
		}
	})
}

// Release takes a chain out of the window. Releasing one that is not in it does
// nothing.
func (w *Window) Release(id ID) { w.forget(id) }

// Has reports whether the chain is parked.
func (w *Window) Has(id ID) bool {
	_, ok := w.parked[id]
	return ok
}

// Offsets returns the offsets of the records that parked chains come from,
// ascending, each once: the bookmarks.
func (w *Window) Offsets() []int64 {
	out := make([]int64, 0, len(w.parked))
	for _, p := range w.parked {
		out = append(out, p.Offset)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Len is the number of parked chains.
func (w *Window) Len() int { return len(w.parked) }

// Bytes is the estimated size of the parked chains.
func (w *Window) Bytes() int { return w.bytes }

// LetGo is how many chains have been let go because the window was full.
func (w *Window) LetGo() int { return w.letGo }

func (w *Window) collect(ids iter.Seq[ID]) []*Parked {
	var out []*Parked
	for id := range ids {
		if p, ok := w.parked[id]; ok {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b *Parked) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), slices.Compare(a.Chain.ID[:], b.Chain.ID[:]))
	})
	return out
}

func (w *Window) forget(id ID) {
	p, ok := w.parked[id]
	if !ok {
		return
	}
	for _, k := range p.Chain.Waits {
		w.waiting.remove(k, id)
	}
	delete(w.parked, id)
	w.bytes -= p.size
}

func (w *Window) oldest() Parked {
	for {
		id := w.order[0]
		w.order = w.order[1:]
		if p, ok := w.parked[id]; ok {
			w.forget(id)
			return *p
		}
	}
}

// compact drops stale ids once they are the majority.
func (w *Window) compact() {
	if len(w.order) < 2*len(w.parked)+64 {
		return
	}
	w.order = slices.DeleteFunc(w.order, func(id ID) bool { return !w.Has(id) })
}

// footprint estimates the memory a parked chain takes.
func footprint(c *Chain) int {
	n := 1024 + 256*(len(c.Uses)+len(c.Hops)+len(c.Candidates)+len(c.Waits)+len(c.Resources)) + 512*len(c.Mints)
	for _, r := range c.Resources {
		n += len(r.ID)
	}
	return n + len(c.Action) + len(c.Reason) + len(c.Context.Agent)
}
