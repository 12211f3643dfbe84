package index

import (
	"context"
	"hash/maphash"
	"maps"
	"sync"
	"time"

	"whence/correlate"
)

// Memory is a Store in memory, for runs over files, tests and small estates. It
// is unbounded but for Sweep. By itself it is a correlate.Index.
type Memory struct {
	seed   maphash.Seed
	shards [64]memoryShard

	mu       sync.Mutex // guards the rest; never held together with a shard's
	position Position
	lasting  func(*correlate.Fact) bool
}

type memoryShard struct {
	mu       sync.Mutex
	sessions map[correlate.Key]*told
}

// told is a session and the facts that came since it was last asked for. They
// wait because a merge copies the session: an alias bound a hundred thousand
// times would be copied as often.
type told struct {
	session correlate.Session
	since   []correlate.Fact
}

// settle merges what came since. The session bears the key of a fact, which is the
// store's own, and never one that somebody asks with, which may be lent.
func (t *told) settle() correlate.Session {
	if len(t.since) > 0 {
		k := t.since[0].Key
		t.session = t.session.Merge(gather(k, t.since))
		t.session.Key = k
		t.since = nil
	}
	return t.session
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	return &Memory{seed: maphash.MakeSeed(), position: Position{}, lasting: standing}
}

func (m *Memory) shard(k correlate.Key) *memoryShard {
	return &m.shards[maphash.Comparable(m.seed, k)%uint64(len(m.shards))]
}

// Get implements Store.
func (m *Memory) Get(k correlate.Key, at time.Time, life time.Duration) (correlate.Session, error) {
	sh := m.shard(k)
	sh.mu.Lock()
	t, ok := sh.sessions[k]
	s := correlate.Session{Key: k}
	if ok {
		s = t.settle()
	}
	sh.mu.Unlock()
	return since(s, floorOf(at, life)), nil
}

// Lookup implements correlate.Index.
func (m *Memory) Lookup(_ context.Context, k correlate.Key, at time.Time) (correlate.Session, error) {
	return m.Get(k, at, 0)
}

// Put implements Store. It keeps copies: facts are often lent for one batch.
func (m *Memory) Put(facts []correlate.Fact, pos Position) error {
	for i := range facts {
		f := facts[i].Clone()
		sh := m.shard(f.Key)
		sh.mu.Lock()
		t, ok := sh.sessions[f.Key]
		if !ok {
			if sh.sessions == nil {
				sh.sessions = map[correlate.Key]*told{}
			}
			t = &told{}
			sh.sessions[f.Key] = t
		}
		if t.since = append(t.since, normal(f)); len(t.since) > 64+len(t.session.Facts) {
			t.settle() // repeats must not pile up
		}
		sh.mu.Unlock()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.Copy(m.position, pos)
	return nil
}

// Position implements Store.
func (m *Memory) Position() (Position, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.position), nil
}

// Sweep implements Store.
func (m *Memory) Sweep(before time.Time) (int, error) {
	m.mu.Lock()
	lasting := m.lasting
	m.mu.Unlock()
	swept := 0
	for i := range m.shards {
		sh := &m.shards[i]
		sh.mu.Lock()
		for k, t := range sh.sessions {
			left, gone := remains(t.settle(), before, lasting)
			t.session = left
			swept += gone
			if len(left.Facts) == 0 {
				delete(sh.sessions, k)
			}
		}
		sh.mu.Unlock()
	}
	return swept, nil
}

// remains is what a sweep leaves of s, and how many facts it takes.
func remains(s correlate.Session, before time.Time, lasting func(*correlate.Fact) bool) (correlate.Session, int) {
	gone := func(f *correlate.Fact) bool { return !lasting(f) && over(f, before) }
	alive := false
	for i := range s.Facts {
		alive = alive || !gone(&s.Facts[i])
	}
	left := correlate.Session{Key: s.Key}
	for i := range s.Facts {
		if f := &s.Facts[i]; alive && f.Kind != correlate.Binding || !gone(f) {
			left.Facts = append(left.Facts, *f)
		}
	}
	return left, len(s.Facts) - len(left.Facts)
}

// Reset implements Store.
func (m *Memory) Reset() error {
	for i := range m.shards {
		m.shards[i].mu.Lock()
		m.shards[i].sessions = nil
		m.shards[i].mu.Unlock()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.position = Position{}
	return nil
}

func (m *Memory) keep(lasting func(*correlate.Fact) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lasting = lasting
}

// Close implements Store. It frees nothing: a run over files may still look up.
func (m *Memory) Close() error { return nil }
