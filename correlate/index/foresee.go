package index

import (
	"time"
	"unsafe"

	"whence/correlate"
)

// A foreseer implements correlate.Foreseer over the exact table. What it finds is used
// for a look-up if the stamp of the key has not changed since: nothing became known of
// it then, so the entry is what would be found now. That spares the look-up the hashing,
// the lock and the search, beside the wait for memory.
type foreseer struct {
	*Table
	found []foreseen
	last  [mostForeseen]int16 // of an event: the key found last, plus one
	kinds []kindAhead
	text  []byte // holds the keys that entries told; lent until the next Foresee
	hits  uint64
	// fetched are hits of what was in the overflow.
	fetched uint64
}

// foreseen is one key, on its way.
type foreseen struct {
	key    correlate.Key
	hash   uint64
	stamp  correlate.Stamp
	entry  []byte // in a chunk, from its length on; then itself; nil if it is not there
	away   bool   // it was in the overflow
	life   time.Duration
	event  int16
	before int16 // key of the same event, plus one
}

type kindAhead struct {
	kind correlate.Kind
	part uint64 // of the hash
	life time.Duration
}

const (
	// mostForeseen is how many events Foresee looks at, at the most, and keysAhead how
	// many keys it finds for them: real walks have four to eight.
	mostForeseen = 16
	keysAhead    = 10 * mostForeseen
	// stepsAhead is how many keys, each leading to the next, are foreseen.
	stepsAhead = 6
	// factsAhead is how many facts of a key are looked at for where it leads.
	factsAhead = 4
	lineBytes  = 64
)

// NewForeseer implements correlate.ForeseeingIndex.
func (t *Table) NewForeseer() correlate.Foreseer {
	return &foreseer{Table: t, found: make([]foreseen, 0, keysAhead), text: make([]byte, 0, 8<<10)}
}

// Foresee implements correlate.Foreseer. All that a step reads was asked for in the
// step before, and nothing in a loop waits for what another round of it reads.
func (f *foreseer) Foresee(events []correlate.Event, skip []bool) {
	f.found, f.text, f.last = f.found[:0], f.text[:0], [mostForeseen]int16{}
	if f.hot == nil {
		return
	}
	f.hot.shards[0].hits.Add(f.hits)
	f.hot.shards[0].fetched.Add(f.fetched)
	f.hits, f.fetched = 0, 0
	for i := range events[:min(len(events), mostForeseen)] {
		if skip[i] {
			continue
		}
		for j := range events[i].Uses {
			if k := &events[i].Uses[j].Key; !k.IsZero() {
				f.add(int16(i), *k)
			}
		}
	}
	from := 0
	for step := 0; step < stepsAhead && from < len(f.found); step++ {
		to := len(f.found)
		for i := range f.found[from:to] {
			f.askSlot(&f.found[from+i])
		}
		for i := range f.found[from:to] {
			f.askEntry(&f.found[from+i])
		}
		for i := range f.found[from:to] {
			f.follow(&f.found[from+i])
		}
		from = to
	}
}

// add notes a key that an event leads to, once.
func (f *foreseer) add(event int16, k correlate.Key) {
	if len(f.found) == keysAhead {
		return
	}
	for n := f.last[event]; n > 0; n = f.found[n-1].before {
		if p := &f.found[n-1]; p.key == k {
			return
		}
	}
	kind := f.kind(k.Kind)
	f.found = append(f.found, foreseen{
		key: k, hash: joinHash(f.seed, kind.part, k.Value), life: kind.life, event: event, before: f.last[event],
	})
	f.last[event] = int16(len(f.found))
}

func (f *foreseer) kind(k correlate.Kind) *kindAhead {
	for i := range f.kinds {
		if f.kinds[i].kind == k {
			return &f.kinds[i]
		}
	}
	if len(f.kinds) == 64 {
		f.kinds = f.kinds[:0] // somebody makes kinds up
	}
	f.kinds = append(f.kinds, kindAhead{correlate.Kind(append([]byte(nil), k...)), hashKind(f.seed, k), f.lives[k]})
	return &f.kinds[len(f.kinds)-1]
}

func (f *foreseer) askSlot(p *foreseen) {
	sh := f.hot.shard(p.hash)
	p.stamp.Place = f.stamps.of(p.hash)
	prefetch(unsafe.Pointer(&f.stamps.at[p.stamp.Place]))
	sh.mu.RLock()
	if len(sh.slots.at) > 0 {
		prefetch(unsafe.Pointer(&sh.slots.at[sh.slots.first(tagOf(p.hash))]))
	}
	sh.mu.RUnlock()
}

// askEntry reads the stamp of a key, and then where its entry is.
func (f *foreseer) askEntry(p *foreseen) {
	p.stamp.Value = f.stamps.read(p.stamp.Place)
	sh := f.hot.shard(p.hash)
	sh.mu.RLock()
	i, place := sh.slots.tagged(p.hash)
	if i < 0 {
		sh.mu.RUnlock()
		return
	}
	busy := sh.slots.use(i)
	if p.away = sh.isAway(place); p.away {
		at := seat{place: place, chunk: sh.awayAt(place)}
		sh.mu.RUnlock()
		if !busy || p.life > 0 { // or the look-up has a cache for it: see Table.again
			p.entry = f.hot.fetch(p.hash, &at)
		}
		return
	}
	p.entry = sh.from(place)
	sh.mu.RUnlock()
	prefetch(unsafe.Pointer(&p.entry[0]))
	if len(p.entry) > lineBytes {
		prefetch(unsafe.Pointer(&p.entry[lineBytes]))
	}
	if len(p.entry) > 2*lineBytes {
		prefetch(unsafe.Pointer(&p.entry[2*lineBytes]))
	}
}

// Look implements correlate.Foreseer.
func (f *foreseer) Look(event int, k correlate.Key, at time.Time, mem *correlate.Memory) (correlate.Session, correlate.Stamp, bool) {
	for n := f.last[event]; n > 0; n = f.found[n-1].before {
		p := &f.found[n-1]
		if p.key != k {
			continue
		}
		if p.entry == nil || f.stamps.read(p.stamp.Place) != p.stamp.Value {
			break
		}
		floor := floorOf(at, p.life)
		s, _, ok := f.compact.readEntry(p.entry, k, floor, floor, mem)
		if ok = ok && (p.life == 0 || len(s.Facts) <= rollFrom); ok { // or LookupName makes a roll of it
			if p.away {
				f.fetched++
			} else {
				f.hits++
			}
		}
		return s, p.stamp, ok
	}
	return correlate.Session{}, correlate.Stamp{}, false
}
