package index

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"whence/correlate"
	"whence/correlate/arena"
)

var _ correlate.LendingIndex = (*Table)(nil)

// A look-up that the hot table answers allocates nothing: not for keys with one
// fact or several, an alias, or a text that is written out.
func TestHotLookupsDoNotAllocate(t *testing.T) {
	table := local(t, 1<<20, 0, NewMemory())
	settled(t, table, 100)
	two, many := estateFact(1), binding("sub", 1, day)
	two.Origin = correlate.NewID("two")
	for _, f := range []correlate.Fact{two, many, binding("sub", 2, day)} {
		if _, err := table.apply([]correlate.Fact{f}, nil); err != nil {
			t.Fatal(err)
		}
	}
	lookup(t, table, many.Key, day) // fills
	var mem correlate.Memory
	ctx := t.Context()
	for name, k := range map[string]correlate.Key{"without a shape": estateKey(0), "one fact": estateKey(99), "two facts": two.Key, "alias": many.Key} {
		facts := 0
		got := testing.AllocsPerRun(1000, func() {
			s, err := table.LookupIn(ctx, k, day, &mem)
			if err != nil {
				t.Fatal(err)
			}
			facts = len(s.Facts)
			mem.Reset()
		})
		if got > 0 || facts == 0 {
			t.Errorf("%s: %v allocations for %d facts", name, got, facts)
		}
	}
	if s := table.Stats(); s.StoreReads != 1 { // of the alias, to fill
		t.Errorf("%d look-ups went to the store", s.StoreReads)
	}
}

// Texts outlive the memory that was lent, the entry, and the chunk it was in.
func TestLentTextsAreNeverWrittenAgain(t *testing.T) {
	table := local(t, minHotBytes, 0, NewMemory())
	settled(t, table, 40)
	var mem correlate.Memory
	mem.Poison()
	type kept struct {
		n                                       int
		event, id, name, method, parent, issuer string
	}
	var all []kept
	for n := range 40 {
		s, err := table.LookupIn(t.Context(), estateKey(n), day, &mem)
		if err != nil {
			t.Fatal(err)
		}
		f := s.Facts[0]
		all = append(all, kept{n, f.EventID, f.Principal.ID, f.Principal.Name, f.Method, f.Parents[0].Key.Value, f.Principal.Issuer})
		mem.Reset()
	}
	settled(t, table, 20_000) // pushes the first out, many times over
	for _, k := range all {
		f := estateFact(k.n)
		want := kept{k.n, f.EventID, f.Principal.ID, f.Principal.Name, f.Method, f.Parents[0].Key.Value, f.Principal.Issuer}
		if k != want {
			t.Fatalf("got %v, want %v", k, want)
		}
	}
}

// Whoever asks the store may have lent the key, and writes over it afterwards.
func TestStoreKeepsNoKeyItIsAskedWith(t *testing.T) {
	store := NewMemory()
	f := estateFact(1)
	if err := store.Put([]correlate.Fact{f}, nil); err != nil {
		t.Fatal(err)
	}
	value := []byte(f.Key.Value)
	lent := correlate.Key{Kind: f.Key.Kind, Value: arena.View(value)}
	if s, err := store.Get(lent, day, 0); err != nil || len(s.Facts) == 0 {
		t.Fatalf("got %+v, %v", s, err)
	}
	clear(value)
	if s, err := store.Get(f.Key, day, 0); err != nil || s.Key != f.Key {
		t.Errorf("got the session of %q, %v; want that of %q", s.Key, err, f.Key)
	}
}

// LookupIn is Lookup, whichever layer answers.
func TestLentAnswersAreTheSame(t *testing.T) {
	for name, table := range map[string]*Table{
		"off":    local(t, 0, 0, NewMemory()),
		"hot":    local(t, minHotBytes, 0, NewMemory()),
		"cold":   local(t, 0, minCacheBytes, NewMemory()),
		"pebble": local(t, minHotBytes, minCacheBytes, openPebble(t, t.TempDir())),
	} {
		var mem correlate.Memory
		mem.Poison()
		r := newRandom(12)
		for i := range 1000 {
			if i%3 == 0 {
				facts := r.facts(5)
				for i := range facts {
					facts[i] = normal(facts[i])
				}
				if _, err := table.apply(facts, nil); err != nil {
					t.Fatal(err)
				}
			}
			k, at := r.key(), r.time()
			got, err := table.LookupIn(t.Context(), k, at, &mem)
			if err != nil {
				t.Fatal(err)
			}
			diff(t, fmt.Sprintf("%s, step %d, %v", name, i, k), got, lookup(t, table, k, at))
			if i%7 == 0 {
				mem.Reset()
			}
		}
	}
}

// As long as the stamp of a key is what it was before a look-up, the answer is too.
func TestStampsVouchForAnswers(t *testing.T) {
	for name, table := range map[string]*Table{
		"hot":    local(t, minHotBytes, 0, NewMemory()),
		"cold":   local(t, 0, minCacheBytes, NewMemory()),
		"pebble": local(t, minHotBytes, minCacheBytes, openPebble(t, t.TempDir())),
	} {
		t.Run(name, func(t *testing.T) { vouch(t, table) })
	}
}

func vouch(t *testing.T, table *Table) {
	const keys, rounds = 4, 400
	var done atomic.Bool
	var readers, writers sync.WaitGroup
	var same atomic.Int64
	for range 2 {
		readers.Go(func() {
			for i := 0; !done.Load(); i++ {
				k := key(i % keys)
				before := table.Stamp(k)
				first, err := table.Lookup(t.Context(), k, day)
				if err != nil {
					t.Error(err)
					return
				}
				// The second answer is had before the stamp is read again.
				second, err := table.Lookup(t.Context(), k, day)
				if err != nil {
					t.Error(err)
					return
				}
				if table.Stamp(k) != before {
					continue
				}
				same.Add(1)
				if len(first.Facts) != len(second.Facts) {
					t.Errorf("%d facts became %d under one stamp", len(first.Facts), len(second.Facts))
					return
				}
			}
		})
	}
	for w := range 2 {
		writers.Go(func() {
			for i := range rounds {
				f := normal(account(key((i+w)%keys), fmt.Sprintf("%d/%d", w, i), day))
				before := table.Stamp(f.Key)
				if _, err := table.apply([]correlate.Fact{f}, nil); err != nil {
					t.Error(err)
				}
				if table.Stamp(f.Key) == before {
					t.Errorf("a new fact has not changed the stamp")
				}
			}
		})
	}
	writers.Wait()
	done.Store(true)
	readers.Wait()
	k := key(0)
	if before := table.Stamp(k); before != table.Stamp(k) {
		t.Error("a stamp changes though nothing happens")
	}
	stamp := table.Stamp(k)
	f := normal(account(k, "0/0", day))
	if _, err := table.apply([]correlate.Fact{f}, nil); err != nil || table.Stamp(k) != stamp {
		t.Errorf("what is known already changes the stamp: %v", err)
	}
}

// While a change is under way no two reads are the same, or the first would vouch
// for an answer from before it after it.
func TestStampsDifferDuringAChange(t *testing.T) {
	var s stamps
	quiet := s.read(7)
	if s.read(7) != quiet {
		t.Error("changes by itself")
	}
	seen := map[uint32]bool{quiet: true}
	fresh := func(what string) {
		t.Helper()
		v := s.read(7)
		if seen[v] {
			t.Errorf("%s: %d was read before", what, v)
		}
		seen[v] = true
	}
	s.begin(7)
	fresh("begun")
	fresh("under way")
	s.begin(7)
	fresh("two under way")
	s.end(7)
	fresh("one under way")
	s.end(7)
	fresh("over")
	if before := s.read(7); before != s.read(7) {
		t.Error("changes after all is over")
	}
}

func TestStampsOfFailedBindsAreOver(t *testing.T) {
	table := local(t, 0, 0, broken{NewMemory()})
	if _, err := table.apply([]correlate.Fact{account(key(1), "a", day)}, nil); err == nil {
		t.Fatal("no error")
	}
	if before := table.Stamp(key(1)); before != table.Stamp(key(1)) {
		t.Error("the change is still under way")
	}
}

type broken struct{ *Memory }

func (broken) Put([]correlate.Fact, Position) error { return errRow }

// Spread evenly, keys seldom share a stamp.
func TestStampsAreSpread(t *testing.T) {
	table := local(t, 0, 0, NewMemory())
	used := map[uint32]bool{}
	for i := range 1000 {
		used[table.stamps.of(table.hash(key(i)))] = true
	}
	if len(used) < 950 {
		t.Errorf("1000 keys have %d stamps", len(used))
	}
}
