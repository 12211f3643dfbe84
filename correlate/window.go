package correlate

import (
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"slices"
	"time"

	"whence/correlate/arena"
)

// A Window holds the chains of one lane that may still improve, by the keys they
// wait for. It is bounded in bytes: when it is full the oldest is let go. It is
// owned by its lane and not safe for concurrent use.
type Window struct {
	maxBytes int
	bytes    int
	slots    []slot // the first is none
	unused   []int32
	byID     map[ID]int32
	sieve    sieve // of the ids in byID
	waiting  waiters
	kinds    kindSets
	seed     maphash.Seed
	began    time.Time // since is counted from it
	oldest   int32
	newest   int32
	letGo    int

	packer packer
	words  words
	rooms  rooms
	// What Read lends.
	mem    Memory
	chains arena.Slab[Chain]
	read   int
	texts  []string
	poison bool
}

// NewWindow returns a window of at most maxBytes, estimated.
func NewWindow(maxBytes int) *Window {
	return &Window{
		maxBytes: maxBytes, slots: make([]slot, 1), byID: map[ID]int32{}, waiting: newWaiters(),
		kinds: kindSets{ids: map[string]int32{}}, seed: maphash.MakeSeed(), words: words{ids: map[string]uint32{}},
	}
}

// Bound changes how many bytes w may hold. What is too much is let go by the next
// Park.
func (w *Window) Bound(maxBytes int) { w.maxBytes = maxBytes }

// Park puts a copy of c into the window, in place of an earlier version of it. now
// is the time on the wall. It returns the chains that had to be let go to make room:
// they stay in the sinks as they were last written, lose their bookmark, and are
// repair's from then on.
func (w *Window) Park(offset int64, c *Chain, now time.Time) (letGo []ID) {
	if w.began.IsZero() {
		w.began = now
	}
	n, again := int32(0), false
	if w.sieve.may(&c.ID) {
		n, again = w.byID[c.ID]
	}
	if again {
		w.empty(n)
		w.slots[n].offset = min(offset, w.slots[n].offset)
	} else {
		n = w.place(c.ID)
		w.slots[n].offset, w.slots[n].since = offset, now.Sub(w.began)
	}
	w.fill(n, c)
	for w.bytes > w.maxBytes && w.oldest != 0 {
		id := w.slots[w.oldest].id
		w.forget(w.oldest)
		letGo = append(letGo, id)
	}
	w.letGo += len(letGo)
	return letGo
}

// Wake returns the parked chains that wait for any of keys, each once, in the
// order of their offsets. Now and then one is among them that waits for none. They
// stay parked, and as they are: resolve them again and either Park the better version
// or Release it.
func (w *Window) Wake(keys []Key) []Ref {
	if w.waiting.empty() {
		return nil
	}
	found := map[int32]struct{}{}
	for _, k := range keys {
		w.waiting.of(w.hash(k), found)
	}
	refs := make([]Ref, 0, len(found))
	for n := range found {
		refs = append(refs, Ref{n, w.slots[n].id})
	}
	return w.sort(refs)
}

// WakeAll returns every parked chain.
func (w *Window) WakeAll() []Ref {
	refs := make([]Ref, 0, len(w.byID))
	for n := w.oldest; n != 0; n = w.slots[n].newer {
		refs = append(refs, Ref{n, w.slots[n].id})
	}
	return w.sort(refs)
}

// Settled returns chains that nothing can improve any more: every kind they wait for
// has been read past their time, or they have been parked for maxWait. They stay
// parked until Release. It returns most at a time, those parked first: many come at
// once, whenever a partition that was behind moves on.
func (w *Window) Settled(clock Clock, maxWait time.Duration, most int) []Ref {
	now := clock.Now()
	// Many chains wait for the same few kinds at nearly the same time, and what has
	// been read past one time has been read past those before it.
	w.kinds.forget()
	var refs []Ref
	for n := w.oldest; n != 0 && len(refs) < most; n = w.slots[n].newer {
		s := &w.slots[n]
		done := w.kinds.passed(s.kinds, s.passed, clock)
		if done || maxWait > 0 && now.Sub(w.began.Add(s.since)) >= maxWait {
			refs = append(refs, Ref{n, s.id})
		}
	}
	return w.sort(refs)
}

// Read returns a parked chain, lent until Reset, and reports false if it has been
// released or let go.
func (w *Window) Read(r Ref) (Parked, bool) {
	s := &w.slots[r.slot]
	if s.id != r.id || s.packed == nil {
		return Parked{}, false
	}
	w.read++
	c := w.chains.New()
	u := unpacker{b: s.packed, at: 8 * int(s.waits), names: w.words.list, texts: w.texts[:0], mem: &w.mem}
	u.whole(c)
	w.texts = u.texts[:0]
	return Parked{Offset: s.offset, Since: w.began.Add(s.since), Chain: c}, true
}

// Release takes a chain out of the window. Releasing one that is not in it does
// nothing.
func (w *Window) Release(id ID) {
	if !w.sieve.may(&id) { // as it is for nearly every chain that settles at once
		return
	}
	if n, ok := w.byID[id]; ok {
		w.forget(n)
	}
}

// mostRead bounds the chains that memory is kept for between Resets.
const mostRead = 2048

// Reset takes back the memory of all that was read.
func (w *Window) Reset() {
	w.mem.Reset()
	w.chains.Reset()
	w.rooms.reset()
	clear(w.texts[:cap(w.texts)])
	if w.read > mostRead { // everything was woken at once
		w.mem, w.chains = Memory{}, arena.Slab[Chain]{}
		w.poisonLent()
	}
	w.read = 0
}

// Poison makes Reset overwrite what it takes back, for tests.
func (w *Window) Poison() {
	w.poison, w.rooms.poison = true, true
	w.poisonLent()
}

func (w *Window) poisonLent() {
	if w.poison {
		w.mem.Poison()
		w.chains.Poison = true
	}
}

// Has reports whether the chain is parked.
func (w *Window) Has(id ID) bool {
	_, ok := w.byID[id]
	return ok
}

// Offsets returns the offsets of the records that parked chains come from,
// ascending, each once: the bookmarks.
func (w *Window) Offsets() []int64 {
	out := make([]int64, 0, len(w.byID))
	for n := w.oldest; n != 0; n = w.slots[n].newer {
		out = append(out, w.slots[n].offset)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Len is the number of parked chains.
func (w *Window) Len() int { return len(w.byID) }

// Bytes is the estimated size of the parked chains.
func (w *Window) Bytes() int { return w.bytes }

// LetGo is how many chains have been let go because the window was full.
func (w *Window) LetGo() int { return w.letGo }

func (w *Window) sort(refs []Ref) []Ref {
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(w.slots[a.slot].offset, w.slots[b.slot].offset), slices.Compare(a.id[:], b.id[:]))
	})
	return refs
}

// place makes room for a chain, as the newest.
func (w *Window) place(id ID) int32 {
	var n int32
	if last := len(w.unused) - 1; last >= 0 {
		n, w.unused = w.unused[last], w.unused[:last]
	} else {
		w.slots = append(w.slots, slot{})
		n = int32(len(w.slots) - 1)
	}
	w.slots[n] = slot{id: id, older: w.newest}
	if w.newest != 0 {
		w.slots[w.newest].newer = n
	} else {
		w.oldest = n
	}
	w.newest = n
	w.byID[id] = n
	w.sieve.add(&id)
	return n
}

// fill packs c into its slot.
func (w *Window) fill(n int32, c *Chain) {
	s := &w.slots[n]
	for _, k := range c.Waits {
		h := w.hash(k)
		w.packer.b = binary.LittleEndian.AppendUint64(w.packer.b, h)
		w.waiting.add(h, n)
	}
	w.packer.whole(c, &w.words)
	s.packed = append(w.rooms.take(len(w.packer.b))[:0], w.packer.b...)
	s.waits, s.kinds = int32(len(c.Waits)), w.kinds.of(c.Waits)
	s.passed = c.Time.Add(Skew).Truncate(time.Second).Add(time.Second).Unix()
	w.bytes += cap(s.packed) + slotBytes
	w.packer.reset() // it holds on to nothing of c
}

// empty takes a slot's chain out of it.
func (w *Window) empty(n int32) {
	s := &w.slots[n]
	for i := range int(s.waits) {
		w.waiting.remove(binary.LittleEndian.Uint64(s.packed[8*i:]), n)
	}
	w.bytes -= cap(s.packed) + slotBytes
	w.rooms.give(s.packed)
	s.packed = nil
}

func (w *Window) forget(n int32) {
	w.empty(n)
	s := &w.slots[n]
	if s.older != 0 {
		w.slots[s.older].newer = s.newer
	} else {
		w.oldest = s.newer
	}
	if s.newer != 0 {
		w.slots[s.newer].older = s.older
	} else {
		w.newest = s.older
	}
	delete(w.byID, s.id)
	w.sieve.remove(&s.id)
	*s = slot{}
	w.unused = append(w.unused, n)
}
