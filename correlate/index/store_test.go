package index

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"whence/correlate"
)

func openPebble(t testing.TB, dir string) *Pebble {
	t.Helper()
	p, err := OpenPebble(dir, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// eachStore runs a test against both stores.
func eachStore(t *testing.T, test func(t *testing.T, s Store)) {
	t.Run("memory", func(t *testing.T) { test(t, NewMemory()) })
	t.Run("pebble", func(t *testing.T) {
		p := openPebble(t, t.TempDir())
		t.Cleanup(func() {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		})
		test(t, p)
	})
}

func get(t *testing.T, s Store, k correlate.Key, at time.Time, life time.Duration) correlate.Session {
	t.Helper()
	got, err := s.Get(k, at, life)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func put(t *testing.T, s Store, pos Position, facts ...correlate.Fact) {
	t.Helper()
	if err := s.Put(facts, pos); err != nil {
		t.Fatal(err)
	}
}

// Both stores behave like a plain list of facts, in whatever order they come.
func TestStoresHoldTheSetOfFacts(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		r := newRandom(4)
		told := map[correlate.Key]correlate.Session{}
		for i := range 800 {
			facts := r.facts(6)
			put(t, s, nil, facts...)
			for _, f := range facts {
				one := correlate.Session{Key: f.Key, Facts: []correlate.Fact{normal(f)}}
				told[f.Key] = told[f.Key].Merge(one)
			}
			k := r.key()
			want := told[k]
			want.Key = k
			diff(t, fmt.Sprintf("step %d, whole", i), get(t, s, k, time.Time{}, 0), want)
			at, life := r.time(), time.Duration(1+r.IntN(200))*time.Minute
			diff(t, fmt.Sprintf("step %d, since", i), get(t, s, k, at, life), since(want, floorOf(at, life)))
		}
	})
}

func TestStoreHoldsPositionsByPartition(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		a, b := TopicPartition{"t", 0}, TopicPartition{"u", identity}
		put(t, s, Position{a: 5, b: -7}, account(key(1), "x", day))
		put(t, s, Position{a: 9})
		put(t, s, nil, account(key(2), "y", day))
		got, err := s.Position()
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, Position{a: 9, b: -7}); d != "" {
			t.Error(d)
		}
		if err := s.Reset(); err != nil {
			t.Fatal(err)
		}
		if got, err = s.Position(); err != nil || len(got) > 0 {
			t.Errorf("after reset: %v %v", got, err)
		}
		diff(t, "after reset", get(t, s, key(1), day, 0), correlate.Session{Key: key(1)})
	})
}

func TestSweepTakesOnlyWhatIsOver(t *testing.T) {
	before := day.Add(10 * time.Hour)
	standingKey := account(key(1), "standing", day)
	standingKey.Standing = true
	late := correlate.Fact{Kind: correlate.Ending, Key: key(3), Origin: correlate.NewID("end"), Time: before, Start: before, Reason: "revoked"}
	deleted := correlate.Fact{Kind: correlate.Ending, Key: key(5), Origin: correlate.NewID("del"), Time: day, Start: day, Reason: "deleted"}
	long := account(key(4), "long", day)
	long.End = before.Add(time.Hour)
	eachStore(t, func(t *testing.T, s Store) {
		s.(keeper).keep(lasting(kinds()))
		put(t, s, nil, standingKey, account(key(1), "beside", day),
			account(key(2), "over", day), account(key(3), "ended late", day), late, long, deleted,
			binding("sub", 2, day), binding("sub", 6, before), binding("old", 2, day))
		n, err := s.Sweep(before)
		if err != nil || n != 3 {
			t.Errorf("swept %d facts, %v; want 3", n, err)
		}
		for k, want := range map[correlate.Key]int{
			key(1): 2, key(2): 0, key(3): 2, key(4): 1, key(5): 1,
			{Kind: alias, Value: "sub"}: 1, {Kind: alias, Value: "old"}: 0,
		} {
			if got := len(get(t, s, k, day, 0).Facts); got != want {
				t.Errorf("%v: %d facts left, want %d", k, got, want)
			}
		}
		if n, err = s.Sweep(before); err != nil || n != 0 {
			t.Errorf("swept %d more, %v", n, err)
		}
	})
}

func TestSweepInManyBatches(t *testing.T) {
	eachStore(t, func(t *testing.T, s Store) {
		var facts []correlate.Fact
		for i := range 3*sweepBatch + 7 {
			facts = append(facts, account(key(i), fmt.Sprint(i), day))
		}
		put(t, s, nil, facts...)
		if n, err := s.Sweep(day.Add(24 * time.Hour)); err != nil || n != len(facts) {
			t.Errorf("swept %d, %v; want %d", n, err, len(facts))
		}
	})
}

func TestPebbleKeepsFactsAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	r := newRandom(5)
	facts := r.facts(400)
	p := openPebble(t, dir)
	put(t, p, Position{{"t", 0}: 4}, facts...)
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = openPebble(t, dir)
	defer p.Close()
	if p.Rebuilt() != "" {
		t.Errorf("rebuilt: %s", p.Rebuilt())
	}
	for _, g := range byKey(facts) {
		for i := range g.facts {
			g.facts[i] = normal(g.facts[i])
		}
		diff(t, "after restart", get(t, p, g.key, day, 0), gather(g.key, g.facts))
	}
	if pos, err := p.Position(); err != nil || pos[TopicPartition{"t", 0}] != 4 {
		t.Errorf("position %v %v", pos, err)
	}
}

func TestUnusableDirectoriesAreRebuilt(t *testing.T) {
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"other release": func(t *testing.T, dir string) { write(t, dir, nameplate, "whence session store, rows 0, codec 0\n") },
		"damage found":  func(t *testing.T, dir string) { write(t, dir, verdict, "block checksum mismatch") },
		"no manifest": func(t *testing.T, dir string) {
			for _, f := range glob(t, dir, "MANIFEST-*") {
				write(t, dir, filepath.Base(f), "not a manifest")
			}
		},
		"no tables": func(t *testing.T, dir string) {
			for _, f := range glob(t, dir, "*.sst") {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			p := openPebble(t, dir)
			put(t, p, Position{{"t", 0}: 4}, account(key(1), "a", day))
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, dir)
			p = openPebble(t, dir)
			if p.Rebuilt() == "" {
				t.Error("nothing says that the store was rebuilt")
			}
			if pos, err := p.Position(); err != nil || len(pos) > 0 {
				t.Errorf("position %v %v, want none", pos, err)
			}
			put(t, p, nil, account(key(1), "a", day))
			if err := p.Close(); err != nil {
				t.Fatal(err)
			}
			p = openPebble(t, dir)
			defer p.Close()
			if p.Rebuilt() != "" || len(get(t, p, key(1), day, 0).Facts) != 1 {
				t.Errorf("the rebuilt store did not last: %q", p.Rebuilt())
			}
		})
	}
}

func TestDirectoriesOfOthersAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "thesis.txt", "the only copy")
	if _, err := OpenPebble(dir, 1<<20); !errors.Is(err, errForeign) {
		t.Errorf("got %v, want %v", err, errForeign)
	}
	if got := glob(t, dir, "*"); len(got) != 1 {
		t.Errorf("the directory holds %v now", got)
	}
}

func TestDirectoryInUseIsAnError(t *testing.T) {
	dir := t.TempDir()
	p := openPebble(t, dir)
	defer p.Close()
	put(t, p, nil, account(key(1), "a", day))
	if _, err := OpenPebble(dir, 1<<20); err == nil {
		t.Fatal("opened twice")
	}
	if len(get(t, p, key(1), day, 0).Facts) != 1 {
		t.Error("the second open harmed the first")
	}
}

// Damage that a read comes upon ends this run with an error, and the next start
// rebuilds the store.
func TestDamageFoundByAReadIsRebuiltAtTheNextStart(t *testing.T) {
	dir := t.TempDir()
	p := openPebble(t, dir)
	f := account(key(1), "a", day)
	if err := p.db.Set(appendRow(nil, &f), []byte("rubbish"), pebble.NoSync); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Get(key(1), day, 0); !errors.Is(err, errDamaged) {
		t.Errorf("got %v, want %v", err, errDamaged)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p = openPebble(t, dir)
	defer p.Close()
	if !strings.Contains(p.Rebuilt(), "damaged") {
		t.Errorf("rebuilt: %q", p.Rebuilt())
	}
}

func TestRowsSplitWhereTheSessionEnds(t *testing.T) {
	r := newRandom(6)
	prefixes := map[string]bool{}
	for range 2000 {
		f := r.fact()
		row := appendRow(nil, &f)
		n := prefixLen(row)
		if got := string(row[:n]); got != string(appendPrefix(nil, f.Key)) {
			t.Fatalf("prefix %q", got)
		}
		prefixes[string(row[:n])] = true
		if k, err := rowKey(row); err != nil || k != f.Key {
			t.Fatalf("key %v %v, want %v", k, err, f.Key)
		}
		for cut := range row { // Split is called on whatever
			if got := prefixLen(row[:cut]); got > cut {
				t.Fatalf("prefix of %d bytes in %d", got, cut)
			}
		}
	}
	for a := range prefixes {
		for b := range prefixes {
			if a != b && strings.HasPrefix(a, b) {
				t.Fatalf("prefix %q begins %q", b, a)
			}
		}
	}
}

func TestMergeTellsWhatIsNew(t *testing.T) {
	held := gather(key(1), []correlate.Fact{account(key(1), "a", day), account(key(1), "b", day)})
	weaker, stronger := account(key(1), "a", day), account(key(1), "a", day)
	weaker.Proof, stronger.End = correlate.Claimed, day.Add(9*time.Hour)
	for name, tt := range map[string]struct {
		facts []correlate.Fact
		want  []correlate.Fact
	}{
		"the same":             {[]correlate.Fact{account(key(1), "a", day)}, nil},
		"a weaker telling":     {[]correlate.Fact{weaker}, nil},
		"a stronger telling":   {[]correlate.Fact{weaker, stronger, weaker}, []correlate.Fact{stronger}},
		"another log's":        {[]correlate.Fact{account(key(1), "c", day)}, []correlate.Fact{account(key(1), "c", day)}},
		"the same thing twice": {[]correlate.Fact{account(key(1), "c", day), account(key(1), "c", day)}, []correlate.Fact{account(key(1), "c", day)}},
	} {
		merged, fresh := join(held, tt.facts)
		if d := cmp.Diff(fresh, tt.want, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s: new (-got +want):\n%s", name, d)
		}
		diff(t, name, merged, held.Merge(gather(key(1), tt.facts)))
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	names, err := fs.Glob(os.DirFS(dir), pattern)
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Join(dir, names[i])
	}
	return names
}
