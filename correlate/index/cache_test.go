package index

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/dgraph-io/ristretto/v2"

	"whence/correlate"
)

// local is a table without topics: apply in place of Bind.
func local(t testing.TB, hotBytes, cacheBytes int64, store Store) *Table {
	t.Helper()
	cfg := Default()
	cfg.HotBytes, cfg.CacheBytes = hotBytes, cacheBytes
	table := newTable(cfg, store, kinds(), slog.New(slog.DiscardHandler))
	var err error
	if table.cold, err = newCold(cacheBytes, table.compact); err != nil {
		t.Fatal(err)
	}
	if err := table.spill(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := table.Close(); err != nil {
			t.Error(err)
		}
	})
	return table
}

func lookup(t testing.TB, ix correlate.Index, k correlate.Key, at time.Time) correlate.Session {
	t.Helper()
	s, err := ix.Lookup(t.Context(), k, at)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// docs/DESIGN.md 7.1: with the caches on, off, or one of them alone, over either
// store, the answers are the same, and those of a plain set of facts.
func TestCacheOnOrOffGivesTheSameOutput(t *testing.T) {
	const steps = 3000
	tables := map[string]*Table{
		"off":               local(t, 0, 0, NewMemory()),
		"hot":               local(t, minHotBytes, 0, NewMemory()),
		"cold":              local(t, 0, minCacheBytes, NewMemory()),
		"both, tiny":        local(t, minHotBytes, minCacheBytes, NewMemory()),
		"both, over pebble": local(t, minHotBytes, 1<<20, openPebble(t, t.TempDir())),
		"cold, over pebble": local(t, 0, 1<<20, openPebble(t, t.TempDir())),
		"overflow":          spooledTo(t, local(t, minHotBytes, 0, NewMemory()), tempSpool(t), 1<<10),
		"overflow and cold": spooledTo(t, local(t, minHotBytes, 1<<20, openPebble(t, t.TempDir())), tempSpool(t), 1<<10),
		"overflow, tiny":    spooledTo(t, local(t, minHotBytes, 0, NewMemory()), tempSpool(t), 2),
		"overflow, failing": spooledTo(t, local(t, minHotBytes, 0, NewMemory()), poorSpool(t, 10, 40), 1<<10),
	}
	r := newRandom(7)
	told := map[correlate.Key]correlate.Session{}
	swept := day.Add(-time.Hour)
	for i := range steps {
		switch n := r.IntN(100); {
		case n < 25:
			facts := r.facts(5)
			for i := range facts {
				facts[i] = normal(facts[i])
				k := facts[i].Key
				told[k] = told[k].Merge(correlate.Session{Key: k, Facts: facts[i : i+1]})
			}
			for _, table := range tables {
				if _, err := table.apply(facts, Position{{"t", 0}: int64(i)}); err != nil {
					t.Fatal(err)
				}
			}
		case n == 25:
			// Nothing random is over before this; it must not matter to anyone.
			for _, table := range tables {
				if _, err := table.Sweep(t.Context(), swept); err != nil {
					t.Fatal(err)
				}
			}
		default:
			k, at := r.key(), r.time()
			want := told[k]
			want.Key = k
			want = since(want, floorOf(at, lives(kinds())[k.Kind]))
			for name, table := range tables {
				diff(t, fmt.Sprintf("%s, step %d, %v at %v", name, i, k, at), lookup(t, table, k, at), want)
			}
		}
	}
	for name, table := range tables {
		s := table.Stats()
		if s.HotHits == 0 && table.hot != nil || s.ColdHits == 0 && table.cold != nil && table.overflow == nil || s.OverflowHits == 0 && table.overflow != nil {
			t.Errorf("%s: a cache was never hit, so nothing was shown: %+v", name, s)
		}
	}
}

// docs/DESIGN.md 7.1: ristretto alone would miss every one of these.
func TestGetAfterBindAlwaysSeesTheNewFact(t *testing.T) {
	for name, table := range map[string]*Table{
		"hot and cold": local(t, minHotBytes, minCacheBytes, NewMemory()),
		"cold alone":   local(t, 0, minCacheBytes, NewMemory()),
		"pebble":       local(t, minHotBytes, minCacheBytes, openPebble(t, t.TempDir())),
		"overflow":     spooledTo(t, local(t, minHotBytes, minCacheBytes, openPebble(t, t.TempDir())), tempSpool(t), 2),
	} {
		t.Run(name, func(t *testing.T) { hammer(t, table) })
	}
}

// hammer has readers fill the caches with keys that writers add facts to, and
// every writer look after each of its facts.
func hammer(t *testing.T, table *Table) {
	const writers, rounds, shared = 4, 150, 8
	stop := make(chan struct{})
	var readers, all sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := table.Lookup(t.Context(), key(i%shared), day); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for w := range writers {
		all.Go(func() {
			for i := range rounds {
				f := normal(account(key((i+w)%shared), fmt.Sprintf("%d/%d", w, i), day))
				f.Parents = nil
				if _, err := table.apply([]correlate.Fact{f}, nil); err != nil {
					t.Error(err)
					return
				}
				s, err := table.Lookup(t.Context(), f.Key, day)
				if err != nil || find(s, &f) == nil {
					t.Errorf("the fact just bound is missing among %d: %v", len(s.Facts), err)
					return
				}
			}
		})
	}
	all.Wait()
	close(stop)
	readers.Wait()
}

// The two ways in which ristretto by itself gives out what is no longer true;
// cold lives with the first by never setting over, with the second by settling.
func TestRistrettoForgets(t *testing.T) {
	c, err := ristretto.NewCache(&ristretto.Config[uint64, int]{NumCounters: 1000, MaxCost: 1000, BufferItems: 64, IgnoreInternalCost: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	missed := 0
	for i := range uint64(1000) {
		c.Set(i, 1, 1)
		if _, ok := c.Get(i); !ok {
			missed++
		}
	}
	if missed == 0 {
		t.Skip("this ristretto shows what was just set; the exact table may be in vain")
	}
	c.Wait()
	c.Del(1)
	c.Wait()
	if _, ok := c.Get(1); ok {
		t.Error("what was deleted is there after a wait; cold.settle does not help")
	}
}

// A value whose Set is still queued when it is deleted appears for a moment, when
// the queue gets to it. Bind returns only after that moment.
func TestQueuedFillDoesNotOutliveABind(t *testing.T) {
	table := local(t, 0, 64<<20, NewMemory())
	for round := range 5 {
		f := normal(account(key(1), fmt.Sprint(round), day))
		before := lookup(t, table, f.Key, day)
		fill := func(from int) {
			for i := from; i < from+15000; i++ {
				table.cold.cache.Set(uint64(round<<20+i), nil, 400)
			}
		}
		fill(0)
		if len(before.Facts) > 0 {
			table.cold.fill(table.hash(f.Key), before, 0)
		}
		fill(15000)
		if _, err := table.apply([]correlate.Fact{f}, nil); err != nil {
			t.Fatal(err)
		}
		for range 2000 {
			if s := lookup(t, table, f.Key, day); find(s, &f) == nil {
				t.Fatalf("round %d: the fact just bound is missing", round)
			}
		}
	}
}

func TestIgnoreInternalCostKeepsWhatFits(t *testing.T) {
	c, err := newCold(1<<20, newCompact())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	const n = 1000 // about 300 bytes each
	for i := range n {
		c.fill(uint64(i), gather(key(i), []correlate.Fact{account(key(i), "a", day)}), 0)
	}
	c.settle()
	kept := 0
	for i := range n {
		if _, ok := c.get(uint64(i), key(i), nil); ok {
			kept++
		}
	}
	if kept < n*9/10 {
		t.Errorf("%d of %d sessions kept in %d of %d bytes", kept, n, c.size(), 1<<20)
	}
}

func TestAbsenceIsNeverCached(t *testing.T) {
	store := NewMemory()
	table := local(t, minHotBytes, minCacheBytes, store)
	for range 3 {
		if s := lookup(t, table, key(1), day); len(s.Facts) > 0 {
			t.Fatal("found what nobody told")
		}
	}
	table.cold.settle()
	put(t, store, nil, account(key(1), "a", day)) // behind the table's back
	if s := lookup(t, table, key(1), day); len(s.Facts) != 1 {
		t.Error("an absence was cached")
	}
}

// hotAlone is an exact table of bytes without a session table.
func hotAlone(bytes int64) (*hot, func(correlate.Key) uint64) {
	hash := func(k correlate.Key) uint64 { return fold(fold(1, string(k.Kind)), k.Value) } // the same each time
	return newHot(bytes, newCompact(), hash), hash
}

func TestHotTableIsBoundedAndLetsTheOldestGo(t *testing.T) {
	h, hash := hotAlone(minHotBytes)
	const n = 20000
	set := func(i int) {
		h.set(hash(key(i)), gather(key(i), []correlate.Fact{account(key(i), fmt.Sprint(i), day)}), whole)
	}
	has := func(i int) bool {
		s, _, ok := h.get(hash(key(i)), key(i), whole, whole, nil)
		if ok && s.Facts[0].EventID != fmt.Sprint(i) {
			t.Fatalf("entry %d is of %s", i, s.Facts[0].EventID)
		}
		return ok
	}
	set(0) // and is asked for all the time
	for i := 1; i < n; i++ {
		set(i)
		if i%100 == 0 && !has(0) {
			t.Fatalf("a busy entry is gone after %d others", i)
		}
	}
	for i := n - 100; i < n; i++ {
		if !has(i) {
			t.Errorf("entry %d of %d has gone", i, n)
		}
	}
	entries, bytes, _, _ := h.stats()
	if bytes > minHotBytes || entries >= n || entries < 1000 {
		t.Errorf("%d entries in %d bytes of %d", entries, bytes, minHotBytes)
	}
	for i := range n { // used, all that are left of them
		has(i)
	}
	for i := n; i < 2*n; i++ {
		set(i)
		if !has(i) {
			t.Fatalf("entry %d is not there right after it was set", i)
		}
	}
	if has(1) || has(n-1) {
		t.Error("the oldest entries are still there")
	}
	held := 0
	for i := range 2 * n {
		if has(i) {
			held++
		}
	}
	if entries, _, _, _ := h.stats(); entries != held {
		t.Errorf("%d entries are counted, %d are there", entries, held)
	}
}

func TestHotTableNeverShowsAnOldEntry(t *testing.T) {
	h, _ := hotAlone(minHotBytes)
	const hash = 1 // of two keys
	of := func(k correlate.Key, origins ...string) correlate.Session {
		var facts []correlate.Fact
		for _, o := range origins {
			facts = append(facts, account(k, o, day))
		}
		return gather(k, facts)
	}
	got := func(k correlate.Key) correlate.Session {
		s, _, _ := h.get(hash, k, whole, whole, nil)
		return s
	}
	h.set(hash, of(key(1), "a"), whole)
	h.set(hash, of(key(1), "a", "b"), whole)
	diff(t, "after an update", got(key(1)), of(key(1), "a", "b"))
	h.set(hash, of(key(2), "c"), whole)
	diff(t, "beside another of its hash", got(key(1)), of(key(1), "a", "b"))
	diff(t, "another", got(key(2)), of(key(2), "c"))
	h.drop(hash, key(1))
	diff(t, "dropped", got(key(1)), correlate.Session{})
	diff(t, "another is dropped", got(key(2)), of(key(2), "c"))
	h.set(hash, of(key(1), "d"), whole)
	diff(t, "set again", got(key(1)), of(key(1), "d"))
	h.drop(hash, key(2))
	diff(t, "set again, the other dropped", got(key(1)), of(key(1), "d"))
}

func TestEntriesTooLargeAreNotCached(t *testing.T) {
	store := NewMemory()
	table := local(t, minHotBytes, minCacheBytes, store)
	for i := range 200 {
		for _, f := range []correlate.Fact{account(key(1), fmt.Sprint(i), day), binding("busy", i, day.Add(time.Duration(i)*time.Second))} {
			if _, err := table.apply([]correlate.Fact{normal(f)}, nil); err != nil {
				t.Fatal(err)
			}
			if got := len(lookup(t, table, f.Key, day.Add(time.Hour)).Facts); got != i+1 {
				t.Fatalf("%v: %d facts after %d", f.Key, got, i+1)
			}
		}
	}
}

func TestClosedTableSaysSo(t *testing.T) {
	table := local(t, 0, minCacheBytes, NewMemory())
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := table.Lookup(t.Context(), key(1), day); !errors.Is(err, ErrClosed) {
		t.Errorf("look-up: %v", err)
	}
	if err := table.Bind(t.Context(), []correlate.Fact{account(key(1), "a", day)}); !errors.Is(err, ErrClosed) {
		t.Errorf("bind: %v", err)
	}
	if _, err := table.Sweep(t.Context(), day); !errors.Is(err, ErrClosed) {
		t.Errorf("sweep: %v", err)
	}
	if err := table.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}

func TestConfigReportsEverythingAtOnce(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Errorf("the default is not valid: %v", err)
	}
	err := Config{HotBytes: 1, CacheBytes: -1, Replication: -2}.Validate()
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) || len(all.Unwrap()) != 7 {
		t.Errorf("got %v, want seven complaints", err)
	}
}
