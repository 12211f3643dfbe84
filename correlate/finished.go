package correlate

import (
	"math/bits"
	"sync/atomic"
)

// Finished keeps walks that have ended at somebody, for the next event that starts
// where they did: most events of a session are walked alike, and a walk costs ten
// times what it takes to find it here (BenchmarkFinished in correlate/index). It
// forgets whatever it must to stay within its bytes. It is safe for concurrent use.
//
// A walk is used again only if walking would find the same: it started from the same
// links, nothing became known of any key it looked at since before it did (Stamper),
// and no time that the walk compares with that of the event lies between the two
// events. TestFinished and the simulation compare it with walking.
type Finished struct {
	secret secret
	// A walk may be in any slot of one set.
	sets []walkSet
	// names are what walks say again and again: see keeper.
	names *sharedNames
	limit int64
	held  atomic.Int64 // bytes of walks
	// worth is above zero if a walk that comes first is worth keeping, by what became of
	// those before it: see rate.
	worth atomic.Int32
	eager bool // keep all, for tests
}

const (
	// ways is how many slots a set has: what a line of the cache has room for.
	ways = 5
	// share is how many of them are used, on average, when all bytes are. They are not
	// more, because a set that is full while there are bytes left has a session too
	// many, and whichever it is is walked anew. Of 100,000 sessions in 96 MiB that is
	// one event in 280; it was one in 17 with four slots, and four of them used.
	share = 2
)

// A walkSet is one line of the processor's cache. All there is to read elsewhere is
// the walk itself.
type walkSet struct {
	walks [ways]atomic.Pointer[finished]
	// tags have a few bits of what is in each slot, so that only the right one is
	// looked into.
	tags [ways]atomic.Uint32
	// state has a bit for each slot whose walk was found again lately, one for each whose
	// walk ever was, one for each that was kept when it came first; and above these part
	// of the tag of a walk that was not.
	state atomic.Uint32
}

const (
	// finishedBytes is what a finished walk takes, all in, on real chains of 2-4 hops.
	finishedBytes = 768
	// mostWorth bounds Finished.worth: after so many walks of another sort it turns.
	mostWorth = 1000

	foundLately = 1
	foundEver   = 1 << ways
	keptFirst   = 1 << (2 * ways)
	leastTag    = 1 << (3 * ways)
)

// NewFinished returns one of about so many bytes, beside a few megabytes for names, or
// nil for none.
func NewFinished(size int) *Finished {
	if size < share*finishedBytes {
		return nil
	}
	return &Finished{
		secret: newSecret(), sets: make([]walkSet, size/(share*finishedBytes)), limit: int64(size),
		names: newSharedNames(size),
	}
}

func (f *Finished) set(s start) *walkSet {
	n, _ := bits.Mul64(s.slot, uint64(len(f.sets)))
	return &f.sets[n]
}

// find returns the walk that started there, or nil.
func (f *Finished) find(s start) *finished {
	if w := f.tagged(s); w != nil && w.start == s {
		return w
	}
	return nil
}

// tagged returns the walk that looks as if it started there, or nil, and reads nothing
// of it. A tag and its slot change one after the other: whoever reads in between finds
// another walk in the slot, which its start tells.
func (f *Finished) tagged(s start) *finished {
	set, tag := f.set(s), s.tag()
	for i := range set.tags {
		if set.tags[i].Load() == tag {
			return set.walks[i].Load()
		}
	}
	return nil
}

// place is the slot of the set for a walk that started there, or -1 if it is not worth
// one. While there is room every walk is. Then one takes the place of another if it comes
// twice in a row, so that sessions seen once do not wash out the rest; or at once, if most
// do come again: sessions act several times in a row then, and to wait for the second time
// costs each of them a walk.
func (f *Finished) place(s start) int {
	set, tag := f.set(s), s.tag()
	free := -1
	for i := range set.tags {
		switch set.tags[i].Load() {
		case tag:
			return i
		case 0:
			free = i
		}
	}
	if free >= 0 && f.held.Load()+finishedBytes <= f.limit {
		return free
	}
	first := f.eager || f.worth.Load() > 0
	if !first && !f.comesAgain(set, tag) {
		return -1
	}
	i := set.occupied(int(tag>>1) % ways)
	if i >= 0 {
		i = f.victim(set, i)
	} else {
		// All that is held is in other sets: one of those after it makes room.
		if f.letGo(s, int(tag>>1)%ways); f.held.Load()+finishedBytes > f.limit {
			return -1
		}
		i = free
	}
	state := set.state.Load() &^ (keptFirst << i)
	if first {
		state |= keptFirst << i
	}
	set.state.Store(state) // whoever writes at the same time is forgotten
	return i
}

// comesAgain reports whether a walk that finds no room is the one that its set had none
// for last; if not, it is from now on.
func (f *Finished) comesAgain(set *walkSet, tag uint32) bool {
	state := set.state.Load()
	last, now := state&^(leastTag-1), max(tag&^(leastTag-1), leastTag)
	if last == now {
		set.state.Store(state ^ last)
		f.rate(true)
		return true
	}
	if last != 0 {
		f.rate(false)
	}
	set.state.Store(state ^ last ^ now)
	return false
}

// victim is the slot of an occupied set that makes room: i, or the next one whose walk was
// not found lately. If all were, none counts as found lately from then on.
func (f *Finished) victim(set *walkSet, i int) int {
	state, at := set.state.Load(), i
	for range ways {
		if state&(foundLately<<at) == 0 && set.tags[at].Load() != 0 {
			i = at
			break
		}
		at = (at + 1) % ways
	}
	if state&(foundLately<<i) != 0 {
		set.state.Store(state &^ (foundLately * (1<<ways - 1)))
	}
	if state&(keptFirst<<i) != 0 {
		f.rate(state&(foundEver<<i) != 0)
	}
	return i
}

// rate notes whether a walk that came first came again: one for which there was no room,
// before another one of its set, or one that was kept, before it had to go. Those that were
// kept for another reason say nothing about that.
func (f *Finished) rate(again bool) {
	worth := f.worth.Load()
	if again {
		f.worth.Store(min(worth+1, mostWorth))
	} else {
		f.worth.Store(max(worth-1, -mostWorth))
	}
}

// foundAgain notes that the walk that started there was.
func (f *Finished) foundAgain(s start) {
	if f.held.Load()+finishedBytes <= f.limit {
		return // nothing has to go
	}
	set, tag := f.set(s), s.tag()
	for i := range set.tags {
		if set.tags[i].Load() != tag {
			continue
		}
		if state, both := set.state.Load(), uint32(foundLately|foundEver)<<i; state&both != both {
			set.state.Store(state | both)
		}
		return
	}
}

// letGo lets a walk go that is in one of the sets after that of s.
func (f *Finished) letGo(s start, i int) {
	n, _ := bits.Mul64(s.slot, uint64(len(f.sets)))
	for next := range uint64(2 * ways) {
		set := &f.sets[(n+1+next)%uint64(len(f.sets))]
		if i := set.occupied(i); i >= 0 {
			i = f.victim(set, i)
			set.tags[i].Store(0)
			if w := set.walks[i].Swap(nil); w != nil {
				f.held.Add(-int64(w.taken()))
			}
			return
		}
	}
}

// occupied is a slot whose walk can make room for another, from slot i on, or -1.
func (s *walkSet) occupied(i int) int {
	for range ways {
		if s.tags[i].Load() != 0 {
			return i
		}
		i = (i + 1) % ways
	}
	return -1
}

// keep puts w into a slot of its set, if it fits into the bytes there are, when a few others
// have made room.
func (f *Finished) keep(i int, w *finished) {
	set := f.set(w.start)
	grows := int64(w.taken())
	if old := set.walks[i].Load(); old != nil {
		grows -= int64(old.taken())
	}
	// Walks are of any size, so one that makes room may be too small.
	for range ways {
		if grows <= 0 || f.held.Load()+grows <= f.limit {
			break
		}
		f.letGo(w.start, i)
	}
	if f.held.Load()+grows > f.limit && grows > 0 {
		return
	}
	if old := set.walks[i].Swap(w); old != nil {
		f.held.Add(-int64(old.taken()))
	}
	f.held.Add(int64(w.taken()))
	set.tags[i].Store(w.start.tag())
	if state, both := set.state.Load(), uint32(foundLately|foundEver)<<i; state&both != 0 {
		set.state.Store(state &^ both)
	}
}
