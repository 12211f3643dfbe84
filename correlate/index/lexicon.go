package index

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// sightings is how often something must be seen, lately, before it is worth a
	// number of its own. What belongs to one session is seen a few times at most.
	sightings = 8
	// sketchSize is how many counters remember what was seen. After as many
	// sightings all of them are halved, so "lately" is the last quarter million.
	sketchSize = 1 << 18
)

// A lexicon gives numbers to what entries say again and again. It only grows, up to
// its bound, and a number once given keeps its meaning: entries hold on to it. When
// it is full, what it lacks is spelled out, which costs memory and nothing else.
// It is safe for concurrent use, and reading a number takes no lock.
type lexicon[T any] struct {
	limit int // numbers
	room  int // bytes of names left; guarded by mu
	seed  maphash.Seed
	seen  []atomic.Uint32
	count atomic.Uint32

	mu    sync.RWMutex
	ids   map[string]uint32
	items atomic.Pointer[[]T]
}

func newLexicon[T any](limit, bytes int) *lexicon[T] {
	l := &lexicon[T]{limit: limit, room: bytes, seed: maphash.MakeSeed(), seen: make([]atomic.Uint32, sketchSize), ids: map[string]uint32{}}
	l.items.Store(new([]T))
	return l
}

// at returns what number id stands for.
func (l *lexicon[T]) at(id uint64) T { return (*l.items.Load())[id] }

// number returns the number of name, if it has one.
func (l *lexicon[T]) number(name string) (id uint32, ok bool) {
	l.mu.RLock()
	id, ok = l.ids[name]
	l.mu.RUnlock()
	return id, ok
}

func (l *lexicon[T]) numberOf(name []byte) (id uint32, ok bool) {
	l.mu.RLock()
	id, ok = l.ids[string(name)]
	l.mu.RUnlock()
	return id, ok
}

// sight counts one more sight of a name without a number, and reports whether it
// has been seen often enough to get one.
func (l *lexicon[T]) sight(name string) bool {
	if l.count.Add(1)%sketchSize == 0 {
		for i := range l.seen {
			l.seen[i].Store(l.seen[i].Load() / 2)
		}
	}
	return l.seen[maphash.String(l.seed, name)%sketchSize].Add(1) >= sightings
}

// add numbers what make makes of a copy of name, unless there is no room.
func (l *lexicon[T]) add(name string, make func(name string) T) (id uint32, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id, ok = l.ids[name]; ok {
		return id, true
	}
	items := *l.items.Load()
	if len(items) >= l.limit || len(name) > l.room {
		return 0, false
	}
	l.room -= len(name)
	name = strings.Clone(name)
	id = uint32(len(items))
	// Readers look only at what their own, shorter list has.
	items = append(items, make(name))
	l.items.Store(&items)
	l.ids[name] = id
	return id, true
}
