package index

import (
	"hash/maphash"
	"math"
	"math/bits"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"whence/correlate"
)

// A roll is what is known of one name that very many keys have carried, so that asking
// for what is not over at a time costs hardly more than what there is of that: see
// correlate.NamingIndex. It answers for times from its floor on, and leaves out what
// no such time can ask for.
//
// Bindings are in pages, by their start. Of each it is known when it is over, so that
// pages in which all are over at a time, or begin later, are passed by. Facts are bytes,
// as in an entry. A roll holds no pointers but those to its pages.
type roll struct {
	*compact
	key  correlate.Key
	life int64
	seed maphash.Seed

	mu    sync.RWMutex
	floor int64
	state uint64 // of what is in it: Named.Part
	pages []*page
	ends  []toldEnd // by their end
	told  []int64   // the times of the lines of ends, in order
	size  int       // bytes, about
	least int       // size when the floor was last raised
	gone  bool      // out of the cache

	asked atomic.Int64  // earliest time asked for since then
	used  atomic.Uint64 // when it was last asked
}

// A page is some facts, the first of which begin first.
type page struct {
	facts []rolled
	text  []byte // is only appended to: what is lent are views of it
	over  int64  // when all are
}

// A rolled fact is where in text it is, and what says when it counts.
type rolled struct {
	start, over, told int64
	like              uint64 // hash of what its end is told of: see Fact.EndedBy
	at, size          uint32
	open              bool // it has no end of its own
}

// A toldEnd is a line that told of an end.
type toldEnd struct {
	end, told int64
	like      uint64
}

const (
	never      = math.MaxInt64
	rolledSize = 48 // bytes
	toldSize   = 32
	pageFacts  = 256
	skew       = int64(correlate.Skew)
	rollSpare  = 64 << 10
)

func newRoll(c *compact, k correlate.Key, life time.Duration, floor int64, seed maphash.Seed) *roll {
	r := &roll{compact: c, key: k, life: int64(life), seed: seed, floor: floor, size: 256}
	r.asked.Store(never)
	return r
}

// at returns what is not over at a time, lent by mem. It reports false if that is
// before the floor.
func (r *roll) at(at time.Time, mem *correlate.Memory) (n correlate.Named, ok bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	t := nanos(at)
	if t < r.floor {
		return n, false
	}
	for was := r.asked.Load(); t < was && !r.asked.CompareAndSwap(was, t); was = r.asked.Load() {
	}
	late, early, oldest := plus(t, skew), plus(t, -skew), plus(t, -r.life)
	until := int64(never)
	var room [64]rolledAt
	found := room[:0]
	for _, p := range r.pages {
		if p.facts[0].start > late {
			until = min(until, plus(p.facts[0].start, -skew))
			break
		}
		if p.over < early {
			continue
		}
		for i := range p.facts {
			f := &p.facts[i]
			if f.start > late {
				until = min(until, plus(f.start, -skew))
				break
			}
			if f.over >= early && f.told >= oldest {
				found = append(found, rolledAt{p, i})
			}
		}
	}
	// Those that ended by then, but for those of lines that are too old by now.
	ended := sort.Search(len(r.ends), func(i int) bool { return r.ends[i].end >= early })
	old := sort.Search(len(r.told), func(i int) bool { return r.told[i] >= oldest })
	if ended < len(r.ends) {
		until = min(until, plus(r.ends[ended].end, skew))
	}
	if old < len(r.told) {
		until = min(until, plus(r.told[old], r.life))
	}
	n = correlate.Named{Facts: r.read(found, mem), Part: r.state, Over: ended - old}
	if until < never {
		n.Until = instantOf(until)
	}
	return n, true
}

type rolledAt struct {
	page *page
	i    int
}

// read reads facts, in their order.
func (r *roll) read(found []rolledAt, mem *correlate.Memory) []correlate.Fact {
	if len(found) == 0 {
		return nil
	}
	facts := lendFacts(mem, len(found))
	d := decoder{compact: r.compact, mem: mem}
	defer d.close()
	for i, at := range found {
		f := &at.page.facts[at.i]
		d.b = at.page.text[f.at : f.at+f.size : f.at+f.size]
		d.fact(&facts[i], r.key)
	}
	if !ordered(facts) {
		sort.Sort(inOrder(facts))
		if !ordered(facts) { // one was told twice
			facts = gather(r.key, facts).Facts
		}
	}
	return facts
}

// inOrder sorts facts where they are: each is half a kilobyte.
type inOrder []correlate.Fact

func (f inOrder) Len() int           { return len(f) }
func (f inOrder) Less(i, j int) bool { return f[i].Compare(&f[j]) < 0 }
func (f inOrder) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }

// add adds a fact that is not in the roll, and returns by how much that grew. state is
// one that no roll had before.
func (r *roll) add(f *correlate.Fact, state uint64) (grown int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.size
	r.state = state
	r.one(f)
	if r.size > 2*r.least+rollSpare {
		r.raise()
	}
	if r.gone {
		return 0
	}
	return r.size - was
}

func (r *roll) one(f *correlate.Fact) {
	if f.Kind != correlate.Binding { // whether it matters is not for the roll to say
		r.insert(f, rolled{start: math.MinInt64, over: never, told: never})
		return
	}
	fact := rolled{start: nanos(f.Start), over: never, told: nanos(f.Time), like: r.like(f), open: f.End.IsZero()}
	if fact.told < plus(r.floor, -r.life) {
		return
	}
	switch {
	case fact.open:
		fact.over = r.endOf(&fact)
	default:
		fact.over = nanos(f.End)
		// An end so far away is too old before it counts.
		if f.Ends() && fact.over <= plus(fact.told, r.life-skew) {
			r.end(toldEnd{fact.over, fact.told, fact.like})
		}
	}
	if fact.over >= plus(r.floor, -skew) {
		r.insert(f, fact)
	}
}

func (r *roll) like(f *correlate.Fact) uint64 {
	return hashKey(r.seed, f.Target) ^ bits.RotateLeft64(maphash.String(r.seed, f.Principal.ID), 17)
}

// endOf is when a binding without an end is over by what has been told.
func (r *roll) endOf(f *rolled) int64 {
	i := sort.Search(len(r.ends), func(i int) bool { return r.ends[i].end >= f.start })
	for ; i < len(r.ends); i++ { // few: lines come about in order
		if e := &r.ends[i]; e.like == f.like && e.told >= f.told {
			return e.end
		}
	}
	return never
}

// end notes an end that was told, and ends what has none of its own.
func (r *roll) end(e toldEnd) {
	i := sort.Search(len(r.ends), func(i int) bool { return r.ends[i].end > e.end })
	r.ends = slices.Insert(r.ends, i, e)
	j := sort.Search(len(r.told), func(i int) bool { return r.told[i] > e.told })
	r.told = slices.Insert(r.told, j, e.told)
	r.size += toldSize
	for _, p := range r.pages {
		if p.facts[0].start > e.end {
			return
		}
		if p.over <= e.end {
			continue
		}
		changed := false
		for i := range p.facts {
			if f := &p.facts[i]; f.open && f.like == e.like && f.over > e.end && f.start <= e.end && f.told <= e.told {
				f.over, changed = e.end, true
			}
		}
		if changed {
			p.over = overOf(p.facts)
		}
	}
}

func overOf(facts []rolled) int64 {
	over := int64(math.MinInt64)
	for i := range facts {
		over = max(over, facts[i].over)
	}
	return over
}

func (r *roll) insert(f *correlate.Fact, fact rolled) {
	var room [512]byte
	text := r.appendFact(room[:0], f)
	n := sort.Search(len(r.pages), func(i int) bool { return r.pages[i].facts[0].start > fact.start })
	if n == 0 {
		if len(r.pages) == 0 {
			r.pages = append(r.pages, &page{over: math.MinInt64})
		}
		n = 1
	}
	p := r.pages[n-1]
	if len(p.facts) == pageFacts {
		r.pages = slices.Insert(r.pages, n, p.half())
		if fact.start >= r.pages[n].facts[0].start {
			p = r.pages[n]
		}
	}
	i := sort.Search(len(p.facts), func(i int) bool { return p.facts[i].start > fact.start })
	p.facts = slices.Insert(p.facts, i, p.write(text, fact))
	p.over = max(p.over, fact.over)
	r.size += rolledSize + len(text)
}

func (p *page) write(text []byte, f rolled) rolled {
	f.at, f.size = uint32(len(p.text)), uint32(len(text))
	p.text = append(p.text, text...)
	return f
}

// half takes the second half of p's facts away. The text stays, for those who hold
// views of it.
func (p *page) half() *page {
	first, second := keep(p, p.facts[:pageFacts/2]), keep(p, p.facts[pageFacts/2:])
	*p = *first
	return second
}

// keep makes a page of some facts of p.
func keep(p *page, facts []rolled) *page {
	size := 0
	for i := range facts {
		size += int(facts[i].size)
	}
	k := &page{facts: make([]rolled, 0, pageFacts), text: make([]byte, 0, size), over: overOf(facts)}
	for _, f := range facts {
		k.facts = append(k.facts, k.write(p.text[f.at:f.at+f.size], f))
	}
	return k
}

// raise raises the floor to a little before the earliest time that was asked for since
// it was raised before, and lets go what nobody can ask for then.
func (r *roll) raise() {
	asked := r.asked.Swap(never)
	if floor := floorBefore(asked, r.life); asked < never && floor > r.floor {
		r.floor = floor
		r.leave()
	}
	r.least = r.size
}

func (r *roll) leave() {
	early, oldest := plus(r.floor, -skew), plus(r.floor, -r.life)
	pages, size := r.pages[:0], 256
	for _, p := range r.pages {
		left := slices.DeleteFunc(p.facts, func(f rolled) bool { return f.over < early || f.told < oldest })
		if len(left) == 0 {
			continue
		}
		p = keep(p, left)
		pages = append(pages, p)
		size += len(p.facts)*rolledSize + len(p.text)
	}
	clear(r.pages[len(pages):])
	r.pages = pages
	r.ends = slices.DeleteFunc(r.ends, func(e toldEnd) bool { return e.told < oldest })
	n := sort.Search(len(r.told), func(i int) bool { return r.told[i] >= oldest })
	r.told = slices.Delete(r.told, 0, n)
	r.size = size + len(r.ends)*toldSize
}

// floorBefore leaves room for those who ask for a time somewhat earlier next.
func floorBefore(t, life int64) int64 { return plus(t, -life/4) }

// plus is a sum within what can be told.
func plus(t, d int64) int64 {
	switch s := t + d; {
	case d > 0 && s < t:
		return math.MaxInt64
	case d < 0 && s > t:
		return math.MinInt64
	default:
		return s
	}
}
