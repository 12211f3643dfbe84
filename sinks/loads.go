package sinks

import "sync"

// loads keep the memory of loads, for the next. A load is encoded as a draft, in memory
// that has grown to what any step had, stays in the processor's caches and is the next
// step's right after. Then it is packed: copied together into a piece of memory of its
// size, in which it waits to be sent. Loads that waited where they were encoded took
// twice as much, as each kept room for the most that any of its columns ever held.
//
// What is idle is bounded; what is more is left to the collector. A sync.Pool would lose
// all of it to every second collection, and it would be made anew. They are safe for
// concurrent use; the zero value is ready.
type loads struct {
	mu     sync.Mutex
	drafts []*load
	idle   []*load // packed, of nothing
	pieces pieces
}

const (
	// idleDrafts is how many drafts wait: as many as lanes encode at the same time on
	// most machines. idleLoads are some hundred bytes for each column.
	idleDrafts = 4
	idleLoads  = 64
	// largeBytes is a load of very many rows at once, which is rare.
	largeBytes = 4 << 20
)

// take returns a draft. It goes back when it is packed; one that is not is left to the
// collector.
func (ls *loads) take() *load {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return taken(&ls.drafts)
}

func taken(from *[]*load) *load {
	n := len(*from)
	if n == 0 {
		return new(load)
	}
	l := (*from)[n-1]
	(*from)[n-1], *from = nil, (*from)[:n-1]
	return l
}

// pack returns the load that a draft has become. It goes back when it is written.
func (ls *loads) pack(draft *load) *load {
	size := 0
	for _, b := range draft.blocks() {
		size += b.packedBytes()
	}
	ls.mu.Lock()
	l, piece := taken(&ls.idle), ls.pieces.take(size)
	ls.mu.Unlock()
	l.piece = piece
	room := piece[:size]
	to := l.blocks()
	for i, b := range draft.blocks() {
		room = b.packInto(to[i], room)
	}
	small := draft.size() <= largeBytes
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if small && len(ls.drafts) < idleDrafts {
		ls.drafts = append(ls.drafts, draft)
	}
	return l
}

// give takes a packed load back.
func (ls *loads) give(l *load) {
	for _, b := range l.blocks() {
		b.unpack()
	}
	piece := l.piece
	l.piece = nil
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.pieces.give(piece)
	if len(ls.idle) < idleLoads {
		ls.idle = append(ls.idle, l)
	}
}

// blocks are those of all tables.
func (l *load) blocks() [6]*block {
	return [...]*block{&l.facts, &l.rejects, &l.chains, &l.alerts, &l.entries, &l.checkpoints}
}

// size is the memory that a draft holds, used or not, near enough.
func (l *load) size() (n int) {
	for _, b := range l.blocks() {
		n += 8 * (cap(b.rowsAt) + cap(b.elementsAt))
		for i := range b.strips {
			s := &b.strips[i]
			n += cap(s.cells) + 8*cap(s.ends) + cap(s.room) + s.words.size()
		}
	}
	return n
}
