package index

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/twmb/franz-go/pkg/kgo"

	"whence/correlate"
)

// tellings publishes facts as they are, repeats and weaker tellings too, some of them
// to both topics, and returns them by partition, in order.
func (b *broker) tellings(t *testing.T, seed uint64, n int) (facts []correlate.Fact, by map[TopicPartition][]correlate.Fact) {
	t.Helper()
	r := newRandom(seed)
	for range n {
		f := normal(r.facts(1)[0])
		if len(facts) > 0 && r.IntN(4) == 0 {
			f = facts[r.IntN(len(facts))]
			f.Proof = correlate.Proof(1 + r.IntN(4))
		}
		facts = append(facts, f)
	}
	client := b.client(t, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	by = map[TopicPartition][]correlate.Fact{}
	var records []*kgo.Record
	for i := range facts {
		for _, topic := range []string{b.cfg.SessionsTopic, b.cfg.RegistryTopic}[:1+i%2] {
			rec := press1(topic, int(b.cfg.Partitions), &facts[i])
			tp := TopicPartition{topic, rec.Partition}
			by[tp] = append(by[tp], facts[i])
			records = append(records, rec)
		}
	}
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return facts, by
}

// tableOf is a table of those facts alone.
func tableOf(t *testing.T, facts []correlate.Fact) *Table {
	t.Helper()
	table := local(t, 0, 0, NewMemory())
	if _, err := table.apply(facts, nil); err != nil {
		t.Fatal(err)
	}
	return table
}

// bulky makes a table rebuild, however little there is to read, and load little at a time.
func bulky(table *Table) *Table {
	table.bulk = bulk{lag: 1, records: 60, bytes: 16 << 10}
	return table
}

// Whatever is in the topics, a table that reads them in bulk knows what one knows
// that applies fact by fact, and so does its store by itself.
func TestRebuildKnowsWhatApplyKnows(t *testing.T) {
	for _, hotBytes := range []int64{0, minHotBytes, 64 << 20} {
		t.Run(fmt.Sprintf("hot=%d", hotBytes), func(t *testing.T) {
			b := newBroker(t)
			b.cfg.HotBytes = hotBytes
			facts, _ := b.tellings(t, uint64(hotBytes), 1500)
			want := tableOf(t, facts)
			table := b.behind(t, openPebble(t, t.TempDir()))
			if err := bulky(table).CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
			equal(t, "rebuilt", table, want, facts)
			if lag := table.Lag(); lag != 0 {
				t.Errorf("lag %d", lag)
			}
			more, _ := b.tellings(t, 99, 500) // it goes on as ever
			facts = append(facts, more...)
			run(t, table)
			if err := table.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			want = tableOf(t, facts)
			equal(t, "rebuilt, and then told more", table, want, facts)
		})
	}
}

func TestRebuiltStoreIsWhole(t *testing.T) {
	b := newBroker(t)
	b.cfg.HotBytes = minHotBytes
	facts, by := b.tellings(t, 3, 1500)
	dir := t.TempDir()
	p := openPebble(t, dir)
	table, err := Open(t.Context(), b.cfg, b.opts(), p, kinds(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(bulky(table).CatchUp(t.Context()), table.Close()); err != nil {
		t.Fatal(err)
	}
	again := openPebble(t, dir)
	holds(t, again, by)
	all := local(t, 0, 0, again)
	equal(t, "the store", all, tableOf(t, facts), facts)
	left, err := filepath.Glob(filepath.Join(dir, "load-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// holds checks that a store has every fact before its position.
func holds(t *testing.T, p *Pebble, by map[TopicPartition][]correlate.Fact) (facts int) {
	t.Helper()
	pos, err := p.Position()
	if err != nil {
		t.Fatal(err)
	}
	for tp, told := range by {
		if pos[tp] > int64(len(told)) {
			t.Fatalf("%v: position %d of %d", tp, pos[tp], len(told))
		}
		for i := range told[:pos[tp]] {
			s, err := p.Get(told[i].Key, day, 0)
			if err != nil {
				t.Fatal(err)
			}
			held := find(s, &told[i])
			if held == nil || held.Proof < told[i].Proof {
				t.Fatalf("the position of %v says %d, and fact %d is missing or weaker", tp, pos[tp], i)
			}
			facts++
		}
	}
	return facts
}

// A crashing store is copied, as a crash would leave it, at every turn of a rebuild.
type crashing struct {
	*Pebble
	t      *testing.T
	copies []string
}

func (c *crashing) crash() {
	dir := filepath.Join(c.t.TempDir(), "copy")
	if err := c.db.Checkpoint(dir); err != nil { // without what is in memory: there is no log
		c.t.Error(err)
	}
	c.copies = append(c.copies, dir)
}

func (c *crashing) load(piles []*pile) error {
	c.crash()
	err := c.Pebble.load(piles)
	c.crash()
	return err
}

func (c *crashing) putJoined(facts []correlate.Fact, pos Position) error {
	err := c.Pebble.putJoined(facts, pos)
	if len(c.copies)%5 == 0 { // what is in memory reaches the disk at any time
		err = errors.Join(err, c.db.Flush())
	}
	c.crash()
	return err
}

// docs/DESIGN.md 5: after a crash the store is as it was some time ago, and reads on
// from there. It must never say that it has read what it lacks.
func TestCrashDuringRebuildLeavesNoFalseMark(t *testing.T) {
	b := newBroker(t)
	b.cfg.HotBytes = minHotBytes
	facts, by := b.tellings(t, 5, 800)
	c := &crashing{Pebble: openPebble(t, t.TempDir()), t: t}
	table, err := Open(t.Context(), b.cfg, b.opts(), c, kinds(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(bulky(table).CatchUp(t.Context()), table.Close()); err != nil {
		t.Fatal(err)
	}
	if len(c.copies) < 10 {
		t.Fatalf("%d copies", len(c.copies))
	}
	want := tableOf(t, facts)
	midway := 0
	for i, dir := range c.copies {
		if i%3 > 0 && len(c.copies) > 60 {
			continue
		}
		p := copied(t, dir)
		if n := holds(t, p, by); n > 0 && n < len(facts) {
			midway++
		}
		again, err := Open(t.Context(), b.cfg, b.opts(), p, kinds(), slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if i%2 == 0 {
			bulky(again)
		}
		if err := again.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		equal(t, fmt.Sprint("after crash ", i), again, want, facts)
		if err := again.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if midway == 0 {
		t.Error("no crash was in the middle")
	}
}

// copied opens the copy of a store.
func copied(t *testing.T, dir string) *Pebble {
	t.Helper()
	if err := (&Pebble{dir: dir, fs: vfs.Default}).name(); err != nil {
		t.Fatal(err)
	}
	p := openPebble(t, dir)
	if p.Rebuilt() != "" {
		t.Fatal(p.Rebuilt())
	}
	return p
}

// A rebuild that is told to stop stops, and the store can be used again.
func TestRebuildStops(t *testing.T) {
	b := newBroker(t)
	b.tellings(t, 6, 200)
	table, err := Open(t.Context(), b.cfg, b.opts(), openPebble(t, t.TempDir()), kinds(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := bulky(table).CatchUp(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
}

// Piles give every row once, in order, the later of two that are the same.
func TestLoadSortsWhatManyHave(t *testing.T) {
	r := newRandom(8)
	var piles [3]pile
	want := map[string]string{}
	for range 5000 {
		f := normal(r.facts(1)[0])
		f.EventID = fmt.Sprint(r.IntN(1 << 30))
		piles[partitionOf(f.Key, len(piles))].add(&f, "")
		want[string(appendRow(nil, &f))] = string(appendBody(nil, &f))
	}
	p := openPebble(t, t.TempDir())
	defer p.Close()
	if err := p.beginLoad(5000); err != nil {
		t.Fatal(err)
	}
	if err := p.load([]*pile{&piles[0], &piles[1], &piles[2]}); err != nil {
		t.Fatal(err)
	}
	if err := p.endLoad(); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	iter, err := p.db.NewIter(&pebble.IterOptions{LowerBound: []byte{factRows}, UpperBound: []byte{factRows + 1}})
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	for ok := iter.First(); ok; ok = iter.Next() {
		rows = append(rows, string(iter.Key()))
		got[string(iter.Key())] = string(iter.Value())
	}
	if err := iter.Close(); err != nil {
		t.Fatal(err)
	}
	if !slices.IsSorted(rows) || len(rows) != len(want) {
		t.Errorf("%d rows, want %d, in order", len(rows), len(want))
	}
	if !maps.Equal(got, want) {
		t.Error("the rows are not those that were added")
	}
}
