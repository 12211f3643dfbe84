// Package lexicon gives short numbers to texts that come again and again, so that what
// is kept by the hundred thousand says a number instead of the text.
package lexicon

import (
	"hash/maphash"
	"strings"
	"sync"
	"sync/atomic"
)

const (
	// Sightings is how often something must be seen, lately, before it is worth a
	// number of its own. What belongs to one session is seen a few times at most.
	Sightings = 8
	// sketchSize is how many counters remember what was seen. After as many
	// sightings all of them are halved, so "lately" is the last quarter million.
	sketchSize = 1 << 18
)

// A Lexicon gives numbers to what is said again and again, and holds what each number
// stands for. It only grows, up to its bound, and a number once given keeps its
// meaning: others hold on to it. When it is full, what it lacks is spelled out, which
// costs memory and nothing else. It is safe for concurrent use, and reading what a
// number stands for takes no lock.
type Lexicon[T any] struct {
	limit int // numbers
	room  int // bytes of names left; guarded by mu
	seed  maphash.Seed
	seen  []atomic.Uint32
	count atomic.Uint32

	mu    sync.RWMutex
	ids   map[string]uint32
	items atomic.Pointer[[]T]
}

// New returns an empty lexicon of so many numbers and bytes of names at most.
func New[T any](limit, bytes int) *Lexicon[T] {
	l := &Lexicon[T]{limit: limit, room: bytes, seed: maphash.MakeSeed(), seen: make([]atomic.Uint32, sketchSize), ids: map[string]uint32{}}
	l.items.Store(new([]T))
	return l
}

// At returns what number id stands for.
func (l *Lexicon[T]) At(id uint64) T { return (*l.items.Load())[id] }

// Items are what the numbers that were given so far stand for. They must not be
// changed.
func (l *Lexicon[T]) Items() []T { return *l.items.Load() }

// Number returns the number of name, if it has one.
func (l *Lexicon[T]) Number(name string) (id uint32, ok bool) {
	l.mu.RLock()
	id, ok = l.ids[name]
	l.mu.RUnlock()
	return id, ok
}

// NumberOf is Number of a name in bytes.
func (l *Lexicon[T]) NumberOf(name []byte) (id uint32, ok bool) {
	l.mu.RLock()
	id, ok = l.ids[string(name)]
	l.mu.RUnlock()
	return id, ok
}

// Sight counts one more sight of a name without a number, and reports whether it
// has been seen often enough to get one.
func (l *Lexicon[T]) Sight(name string) bool {
	if l.count.Add(1)%sketchSize == 0 {
		for i := range l.seen {
			l.seen[i].Store(l.seen[i].Load() / 2)
		}
	}
	return l.seen[maphash.String(l.seed, name)%sketchSize].Add(1) >= Sightings
}

// Add numbers what newItem makes of a copy of name, unless there is no room.
func (l *Lexicon[T]) Add(name string, newItem func(name string) T) (id uint32, ok bool) {
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
	items = append(items, newItem(name))
	l.items.Store(&items)
	l.ids[name] = id
	return id, true
}
