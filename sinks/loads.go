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
}

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
		return new(load)
	}
	l := ls.idle[n-1]
	ls.idle[n-1], ls.idle = nil, ls.idle[:n-1]
	ls.bytes -= l.size()
	return l
}

func (ls *loads) give(l *load) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if n := l.size(); n <= largeBytes && ls.bytes+n <= idleBytes {
		ls.idle, ls.bytes = append(ls.idle, l), ls.bytes+n
	}
}

// size is the memory that l holds, used or not, near enough.
func (l *load) size() (n int) {
	for _, b := range [...]*block{&l.facts, &l.rejects, &l.chains, &l.alerts, &l.entries, &l.checkpoints} {
		for i := range b.strips {
			s := &b.strips[i]
			n += cap(s.cells) + 8*cap(s.ends) + cap(s.room) + s.words.size()
		}
	}
	return n
}
