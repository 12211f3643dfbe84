package pipeline

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// TestAnotherDirectory: the directory of a running group is replaced, here sooner and
// there later, while lines come in and instances die. Once all have it, and what was
// stored is written anew, every chain is as if there had never been another one, and
// no version of a chain ever stood for two contents.
func TestAnotherDirectory(t *testing.T) {
	var people []string
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, testEvents)
		b.finish()
		people = b.sink.people()
	})
	if len(people) < 5 {
		t.Fatalf("only %d people in the estate", len(people))
	}
	former, latter := units(t, 1, "former", people), units(t, 2, "latter", people[1:])
	var want map[string]string
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, testEvents)
		b.directory, b.epoch = latter, latter.Version
		b.finish()
		want = b.sink.contents(t)
	})
	synctest.Test(t, func(t *testing.T) {
		b := emptyBench(t)
		b.open(testEvents)
		b.cfg.RepairEvery = 5 * time.Second
		b.sink.seen = oneContent(t)
		b.directory, b.epoch = former, former.Version
		all, client := lines(testEvents), b.client()
		defer client.Close()
		send := func(from, to int) {
			t.Helper()
			if err := client.ProduceSync(t.Context(), all[from:to]...).FirstErr(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(3 * time.Second)
		}
		third := len(all) / 3
		one, two := b.start(nil), b.start(nil)
		send(0, third)
		one.Use(latter, latter.Version)
		send(third, 2*third)
		one.kill() // two, which is behind, takes over what one has written
		<-one.closed
		time.Sleep(time.Minute)
		b.directory, b.epoch, b.anew = latter, latter.Version, true
		three := b.start(nil)
		send(2*third, len(all))
		two.Use(latter, latter.Version)
		time.Sleep(10 * time.Second)
		two.stop(t)
		three.stop(t)
		b.finish()
		if d := cmp.Diff(want, b.sink.contents(t)); d != "" {
			t.Errorf("(-only the latter directory +got):\n%s", d)
		}
		if b.repaired.Improved == 0 {
			t.Error("nothing had to be written anew: the test shows nothing")
		}
		b.repair()
		if b.repaired.Improved != 0 {
			t.Errorf("written anew once more, %d chains improved", b.repaired.Improved)
		}
	})
}

// TestUnraisedDirectory: a directory that changes and keeps its version holds for what
// is walked from then on, parked chains included, and leaves the rest as it is.
func TestUnraisedDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.sink.seen = oneContent(t)
		happened := time.Now()
		b.directory = units(t, 0, "former", []string{"alice@example.com"})
		in := b.start(nil)
		b.send(0, issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		time.Sleep(20 * time.Second)
		b.send(0, deletes(1, keyOf(1), happened), deletes(3, keyOf(2), happened))
		time.Sleep(20 * time.Second)
		b.want(1, correlate.Attributed, true)
		b.want(3, correlate.Unattributed, false) // parked: nobody has seen its key issued
		in.Use(units(t, 0, "latter", []string{"alice@example.com", "bob@example.com"}), 0)
		time.Sleep(5 * time.Second)
		b.send(1, issues(4, keyOf(2), "bob@example.com", happened.Add(-time.Minute)))
		b.send(0, deletes(5, keyOf(1), happened))
		time.Sleep(5 * time.Minute)
		for n, unit := range map[int]string{1: "former", 3: "latter", 5: "latter"} {
			b.want(n, correlate.Attributed, true)
			if got := b.chain(n).Requestor.Unit; got != unit {
				t.Errorf("chain %d is of the unit %q, want %q", n, got, unit)
			}
		}
		in.stop(t)
	})
}

// TestRepairBehind: who has an older directory than the one that a chain was written
// with leaves it alone, and loses nothing: the late fact is repaired after as soon as
// the directory has come.
func TestRepairBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := trailBench(t)
		b.cfg.RepairEvery = 5 * time.Second
		happened := time.Now()
		latter := units(t, 2, "latter", []string{"alice@example.com"})
		b.directory, b.epoch = latter, 2
		first := b.start(nil)
		b.send(0, deletes(1, keyOf(1), happened))
		time.Sleep(5 * time.Minute)
		b.want(1, correlate.Unattributed, true)
		first.stop(t)

		b.directory, b.epoch = units(t, 1, "former", []string{"alice@example.com"}), 1
		in := b.start(nil)
		b.send(1, issues(2, keyOf(1), "alice@example.com", happened.Add(-time.Minute)))
		time.Sleep(time.Minute)
		b.want(1, correlate.Unattributed, true)
		in.Use(latter, 2)
		time.Sleep(time.Minute)
		b.want(1, correlate.Attributed, true)
		if got := b.chain(1).Requestor.Unit; got != "latter" {
			t.Errorf("it is of the unit %q", got)
		}
		in.stop(t)
	})
}

// units is a directory in which everybody is of one unit.
func units(t *testing.T, version uint32, unit string, people []string) *correlate.Directory {
	t.Helper()
	var entries []correlate.Entry
	for i, p := range people {
		entries = append(entries, correlate.Entry{ID: p, Type: correlate.Human, Unit: unit, Line: fmt.Sprint(i + 1)})
	}
	d, err := correlate.NewDirectory(version, entries)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// oneContent fails a test in which one version of a chain has two contents.
func oneContent(t *testing.T) func(c *correlate.Chain) {
	type row struct {
		id      correlate.ID
		version uint64
	}
	contents := map[row][32]byte{}
	return func(c *correlate.Chain) {
		r, content := row{c.ID, c.Version}, c.ContentHash()
		if old, ok := contents[r]; ok && old != content {
			t.Errorf("chain %s: version %d has two contents", c.ID, c.Version)
		}
		contents[r] = content
	}
}

// people are those whom chains were attributed to, in order.
func (s *memSink) people() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.chains {
		if c.Requestor.Type == correlate.Human && !slices.Contains(ids, c.Requestor.ID) {
			ids = append(ids, c.Requestor.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
