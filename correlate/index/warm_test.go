package index

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"whence/correlate"
)

// A start over a disk that an instance before left there, in good order, killed, or with
// the machine gone down under it, knows what one with an empty disk knows.
func TestWarmStartKnowsWhatAnEmptyOneKnows(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { (&incarnations{t: t, r: newRandom(seed)}).live(12) })
	}
}

// incarnations are those of instances with one disk, one after the other.
type incarnations struct {
	t     *testing.T
	r     random
	b     *broker
	disk  *vfs.MemFS
	facts []correlate.Fact
	next  int // number of a key that nobody has had
	ends  map[string]int
}

func (l *incarnations) live(times int) {
	l.b = newBroker(l.t)
	l.b.cfg.HotBytes = minHotBytes
	l.disk, l.ends = vfs.NewCrashableMem(), map[string]int{}
	for range times {
		l.once()
	}
	if l.ends["closed"] == 0 || l.ends["killed"] == 0 || l.ends["down"] == 0 {
		l.t.Errorf("ends were %v; want some of each", l.ends)
	}
}

func (l *incarnations) once() {
	t := l.t
	disk := l.disk
	p, err := openPebbleOn(disk, "store", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if p.Rebuilt() != "" {
		t.Fatal(p.Rebuilt())
	}
	knowsItsRows(t, p)
	table, err := Open(t.Context(), l.b.cfg, l.b.opts(), p, kinds(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return day }
	clock := correlate.NewMarks("g", table.SessionsPartitions(), nil, now)
	table.Follow(clock)
	if l.r.IntN(2) == 0 {
		bulky(table)
	}
	if err := table.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.check(p, table, clock)
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- table.Run(ctx, nil) }()
	for range l.r.IntN(4) {
		l.tell(table)
		if l.r.IntN(2) == 0 {
			if err := table.Sync(ctx); err != nil {
				t.Fatal(err)
			}
		}
		if l.r.IntN(3) == 0 {
			if err := p.db.Flush(); err != nil { // as happens at any time
				t.Fatal(err)
			}
		}
	}
	end := l.r.IntN(3)
	switch end {
	case 0:
		l.disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: 100, RNG: rand.New(rand.NewPCG(l.r.Uint64(), 1))})
	case 1:
		l.disk = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: l.r.IntN(100), RNG: rand.New(rand.NewPCG(l.r.Uint64(), 1))})
	}
	l.ends[[]string{"killed", "down", "closed"}[end]]++
	stop()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
}

// tell publishes facts of keys old and new, and a mark.
func (l *incarnations) tell(table *Table) {
	facts, _ := l.b.tellings(l.t, l.r.Uint64(), 30)
	l.facts = append(l.facts, facts...)
	var own []correlate.Fact
	for range l.r.IntN(100) {
		own = append(own, normal(account(key(1000+l.next), "x", day)))
		l.next++
	}
	bind(l.t, table, own...)
	l.facts = append(l.facts, own...)
	m := correlate.Mark{
		Group: "g", Topic: "raw", Partition: int32(l.r.IntN(3)), Generation: int32(1 + l.r.IntN(3)),
		Time: l.r.time(), Known: l.r.Int64N(1000),
	}
	if err := table.Announce(l.t.Context(), []Report{{Mark: m}}); err != nil {
		l.t.Fatal(err)
	}
}

// check compares a table that has caught up, and its clock, with one over no disk.
func (l *incarnations) check(p *Pebble, table *Table, clock *correlate.Marks) {
	l.t.Helper()
	fresh, err := Open(l.t.Context(), l.b.cfg, l.b.opts(), NewMemory(), kinds(), slog.New(slog.DiscardHandler))
	if err != nil {
		l.t.Fatal(err)
	}
	defer fresh.Close()
	want := correlate.NewMarks("g", fresh.SessionsPartitions(), nil, func() time.Time { return day })
	fresh.Follow(want)
	if err := fresh.CatchUp(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	equal(l.t, "a warm start", table, fresh, l.facts)
	equal(l.t, "a warm start", table, tableOf(l.t, l.facts), l.facts)
	knowsItsRows(l.t, p)
	for _, m := range []*correlate.Marks{clock, want} {
		m.Expect("raw", 3)
	}
	if got, want := clock.ReadUpTo("raw"), want.ReadUpTo("raw"); !got.Equal(want) {
		l.t.Errorf("read up to %v, want %v", got, want)
	}
	for part := range int32(3) {
		if got, want := clock.Heard("raw", part), want.Heard("raw", part); got != want {
			l.t.Errorf("partition %d: heard %d, want %d", part, got, want)
		}
	}
	for part := range int32(fresh.SessionsPartitions()) {
		if got, want := clock.Known(part), want.Known(part); got != want {
			l.t.Errorf("sessions partition %d: known %d, want %d", part, got, want)
		}
	}
}

// knowsItsRows checks that a store lacks nothing that it has, whether its sieve is
// filled or not.
func knowsItsRows(t *testing.T, p *Pebble) {
	t.Helper()
	for range 2 {
		if err := p.scan(factRows, func(row, _ []byte) error {
			k, err := rowKey(bytes.Clone(row))
			if p.Lacks(k) {
				t.Errorf("%v is lacked", k)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		sifts(p)
	}
}
