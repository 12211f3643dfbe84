package index

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"whence/correlate"
)

func TestSieveNeverLosesAKeyAndRefusesMostOthers(t *testing.T) {
	s := newSieve(0)
	n := 3 * sieveKeys // two layers
	if testing.Short() {
		n = sieveKeys / 8
	}
	for i := range n {
		s.add(key(i))
	}
	passed := 0
	for i := range n {
		if !s.has(key(i)) {
			t.Fatalf("key %d is lost", i)
		}
		if s.has(key(n + i)) {
			passed++
		}
	}
	if passed > n/20 {
		t.Errorf("%d of %d unknown keys pass", passed, n)
	}
	if got := s.keys.Load(); got < int64(n)*95/100 || got > int64(n) {
		t.Errorf("%d keys counted, %d added", got, n)
	}
}

// sifts waits until the first sieve of a store is filled.
func sifts(p *Pebble) { <-p.known.done }

func TestPebbleKnowsWhatItLacks(t *testing.T) {
	dir := t.TempDir()
	p := openPebble(t, dir)
	sifts(p)
	for i := range 3000 {
		put(t, p, nil, account(key(i), "a", day))
		if p.Lacks(key(i)) {
			t.Fatal("a key is lacked right after it was put")
		}
	}
	if !lacksMost(p, 10_000) {
		t.Error("the store does not know what it lacks")
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = openPebble(t, dir)
	defer p.Close()
	for i := range 3000 {
		if p.Lacks(key(i)) {
			t.Fatal("a key is lacked after a restart")
		}
	}
	sifts(p)
	for i := range 3000 {
		if p.Lacks(key(i)) {
			t.Fatal("a key is lacked once the sieve is filled")
		}
	}
	if !lacksMost(p, 10_000) {
		t.Error("the store does not know what it lacks after a restart")
	}
	if err := p.Reset(); err != nil {
		t.Fatal(err)
	}
	if !p.Lacks(key(1)) {
		t.Error("an empty store may have something")
	}
}

func lacksMost(p *Pebble, from int) bool {
	lacked := 0
	for i := range 1000 {
		if p.Lacks(key(from + i)) {
			lacked++
		}
	}
	return lacked > 900
}

// Facts that are put while a sieve is filled are in it.
func TestPutsDuringAResiftAreKept(t *testing.T) {
	p := openPebble(t, t.TempDir())
	defer p.Close()
	sifts(p)
	const n = 2000
	for i := range n {
		put(t, p, nil, account(key(i), "a", day))
	}
	var writers sync.WaitGroup
	for w := range 2 {
		writers.Go(func() {
			for i := range n {
				if err := p.Put([]correlate.Fact{account(key(n*(w+1)+i), "a", day)}, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 20 {
		if err := p.resift(func() {}); err != nil {
			t.Fatal(err)
		}
	}
	writers.Wait()
	for i := range 3 * n {
		if p.Lacks(key(i)) {
			t.Fatalf("key %d is lacked", i)
		}
	}
}

// A key that was swept, is forgotten by the sieve, and comes back: nothing of its
// former life may be cached under it.
func TestSweptKeysComeBackAsNew(t *testing.T) {
	p := openPebble(t, t.TempDir())
	sifts(p)
	table := local(t, 0, 1<<20, p)
	old := normal(account(key(1), "old", day))
	if _, err := table.apply([]correlate.Fact{old}, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		lookup(t, table, key(1), day)
		table.cold.settle()
	}
	if table.Stats().ColdHits == 0 {
		t.Fatal("the session is not cached, so nothing was shown")
	}
	if n, err := p.Sweep(day.Add(100 * time.Hour)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := p.resift(table.cold.forget); err != nil {
		t.Fatal(err)
	}
	if !p.Lacks(key(1)) {
		t.Fatal("the sieve knows what was swept")
	}
	now := normal(account(key(1), "new", day.Add(200*time.Hour)))
	if _, err := table.apply([]correlate.Fact{now}, nil); err != nil {
		t.Fatal(err)
	}
	diff(t, "after the return", lookup(t, table, key(1), now.Time), correlate.Session{Key: key(1), Facts: []correlate.Fact{now}})
}

// A key that nobody minted costs no read of the store, however often it is used,
// and is found as soon as it is minted.
func TestUnknownKeysDoNotReachTheStore(t *testing.T) {
	p := openPebble(t, t.TempDir())
	sifts(p)
	table := local(t, 0, 0, p)
	settled(t, table, 500)
	before := table.Stats()
	for i := range 1000 {
		k := correlate.Key{Kind: session, Value: fmt.Sprint("AKIA", i%100)}
		if s := lookup(t, table, k, day); len(s.Facts) > 0 {
			t.Fatal("found what nobody told")
		}
	}
	s := table.Stats()
	if reads := s.StoreReads - before.StoreReads; reads > 100 || s.Lacked < 900 {
		t.Errorf("%d reads of the store, %d look-ups without", reads, s.Lacked)
	}
	for i := range 100 {
		k := correlate.Key{Kind: session, Value: fmt.Sprint("AKIA", i)}
		if _, err := table.apply([]correlate.Fact{account(k, "a", day)}, nil); err != nil {
			t.Fatal(err)
		}
		if s := lookup(t, table, k, day); len(s.Facts) != 1 {
			t.Fatal("a fact is missed right after it was bound")
		}
	}
}
