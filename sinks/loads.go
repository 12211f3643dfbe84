package sinks

import "sync"

// loads keep the memory of loads that were written, for the next. They are bounded by
// their bytes; what is more is left to the collector. A sync.Pool would lose all of
// them to every second collection, and they would be grown anew. They are safe for
// concurrent use; the zero value is ready.
type loads struct {
	mu    sync.Mutex
	idle  []*load
	bytes int
	// usual is what the strips of chains hold on average: a new load has room for it
	// from the start. One that grows by itself takes five times as much memory on the
	// way, most of it for the collector.
	usual []room
}

// room is what a strip holds, in bytes and numbers.
type room struct{ cells, ends, codes int }

// idleBytes bounds the loads that wait to be used again: a little more than
// pipeline.flight_rows of common logs take.
const (
	idleBytes = 40 << 20
	// largeBytes is a load of very many rows at once, which is rare.
	largeBytes = 4 << 20
)

func (ls *loads) take() *load {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	n := len(ls.idle)
	if n == 0 {
		l := new(load)
		l.chains.strips = ls.strips()
		return l
	}
	l := ls.idle[n-1]
	ls.idle[n-1], ls.idle = nil, ls.idle[:n-1]
	ls.bytes -= l.size()
	return l
}

func (ls *loads) give(l *load) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	n := l.size()
	if n > largeBytes {
		return
	}
	ls.learn(&l.chains)
	if ls.bytes+n <= idleBytes {
		ls.idle, ls.bytes = append(ls.idle, l), ls.bytes+n
	}
}

// strips are those of a new block of chains; nil until one has been written.
func (ls *loads) strips() []strip {
	if len(ls.usual) == 0 {
		return nil
	}
	strips := make([]strip, len(ls.usual))
	for i, r := range ls.usual {
		s := &strips[i]
		s.cells, s.ends, s.codes = make([]byte, 0, r.cells), make([]uint64, 0, r.ends), make([]byte, 0, r.codes)
	}
	return strips
}

// learn takes note of what b holds: a mean that moves, and an eighth of room.
func (ls *loads) learn(b *block) {
	if b.rows == 0 {
		return
	}
	first := ls.usual == nil
	if first {
		ls.usual = make([]room, len(b.strips))
	}
	follow := func(usual *int, n int) {
		n += n / 8
		if !first {
			n = *usual + (n-*usual)/8
		}
		*usual = n
	}
	for i := range b.strips {
		s, r := &b.strips[i], &ls.usual[i]
		follow(&r.cells, len(s.cells))
		follow(&r.ends, len(s.ends))
		follow(&r.codes, len(s.codes))
	}
}

// size is the memory that l holds, used or not, near enough.
func (l *load) size() (n int) {
	for _, b := range [...]*block{&l.facts, &l.rejects, &l.chains, &l.alerts, &l.entries, &l.checkpoints} {
		n += 8 * (cap(b.rowsAt) + cap(b.elementsAt))
		for i := range b.strips {
			s := &b.strips[i]
			n += cap(s.cells) + 8*cap(s.ends) + cap(s.room) + s.words.size()
		}
	}
	return n
}
