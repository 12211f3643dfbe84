package correlate

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestParkedIsWhole parks a chain whose every field is set, by reflection, so that a
// field that is added and forgotten in parked_pack.go is found, and then changes one
// after the other.
func TestParkedIsWhole(t *testing.T) {
	w := NewWindow(1 << 20)
	w.Poison()
	var c Chain
	fill(reflect.ValueOf(&c).Elem(), 0)
	same := func(path string) {
		w.Park(7, &c, time.Unix(1795320308, 0))
		p, ok := w.Read(w.WakeAll()[0])
		if !ok || p.Offset != 7 {
			t.Fatalf("%s: read %v of %+v", path, ok, p)
		}
		if d := cmp.Diff(&c, p.Chain, cmp.Exporter(func(reflect.Type) bool { return true }), lent); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
		w.Release(c.ID)
		w.Reset()
	}
	same("as it is")
	fields := 0
	alter(reflect.ValueOf(&c).Elem(), "", func(path string) {
		fields++
		same(path)
	})
	if fields < 150 {
		t.Errorf("only %d fields were tried", fields)
	}
	c = Chain{}
	same("empty")
}

// TestWindow compares one with maps and lists.
func TestWindow(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 4))
	w := NewWindow(12 << 10)
	w.Poison()
	type kept struct {
		chain  Chain
		offset int64
		since  time.Time
	}
	plain, order := map[ID]kept{}, []ID{}
	now := time.Unix(1795320308, 0).UTC()
	clock := readClock{read: map[Kind]time.Time{}}
	forget := func(id ID) {
		delete(plain, id)
		order = slices.DeleteFunc(order, func(o ID) bool { return o == id })
	}
	check := func(what string, refs []Ref, want func(kept) bool, extra bool) {
		var ids []ID
		for _, r := range refs {
			p, ok := w.Read(r)
			k, there := plain[r.id]
			if !ok || !there || p.Offset != k.offset || !p.Since.Equal(k.since) {
				t.Fatalf("%s: read %v at %d since %s; want %v at %d since %s", what, ok, p.Offset, p.Since, there, k.offset, k.since)
			}
			if d := cmp.Diff(k.chain, *p.Chain); d != "" {
				t.Fatalf("%s (-want +got):\n%s", what, d)
			}
			if want(k) {
				ids = append(ids, r.id)
			} else if !extra {
				t.Fatalf("%s: %s is not among them", what, r.id)
			}
		}
		n := 0
		for _, k := range plain {
			if want(k) {
				n++
			}
		}
		if n != len(ids) {
			t.Fatalf("%s: %d chains, want %d", what, len(ids), n)
		}
	}
	for round := range 20_000 {
		now = now.Add(time.Duration(dice.IntN(1000)) * time.Millisecond)
		clock.now = now
		c := Chain{Event: Event{ID: ID{byte(dice.IntN(60))}, Time: now, Action: fmt.Sprint("Do", dice.IntN(6000))}, Version: dice.Uint64()}
		for range 1 + dice.IntN(3) {
			c.Waits = append(c.Waits, Key{Kind: Kind(fmt.Sprint("k", dice.IntN(3))), Value: fmt.Sprint(dice.IntN(20))})
		}
		switch dice.IntN(5) {
		case 0, 1:
			offset := int64(dice.IntN(1000))
			k := kept{c, offset, now}
			if old, ok := plain[c.ID]; ok {
				k.offset, k.since = min(offset, old.offset), old.since
			} else {
				order = append(order, c.ID)
			}
			plain[c.ID] = k
			for _, id := range w.Park(offset, &c, now) {
				if id != order[0] {
					t.Fatalf("round %d: let go of %s; %s is the oldest", round, id, order[0])
				}
				forget(id)
			}
		case 2:
			forget(c.ID)
			w.Release(c.ID)
		case 3:
			check("woken", w.Wake(c.Waits), func(k kept) bool {
				return slices.ContainsFunc(k.chain.Waits, func(k Key) bool { return slices.Contains(c.Waits, k) })
			}, true)
		case 4:
			clock.read[Kind(fmt.Sprint("k", dice.IntN(3)))] = now.Add(-time.Minute)
			check("settled", w.Settled(&clock, time.Hour, len(plain)+1), func(k kept) bool {
				at := k.chain.Time.Add(Skew).Truncate(time.Second).Add(time.Second)
				return !slices.ContainsFunc(k.chain.Waits, func(k Key) bool { return !clock.Passed(k.Kind, at) })
			}, false)
		}
		w.Reset()
		if w.Len() != len(plain) || w.Len() == 0 && w.Bytes() != 0 || w.Bytes() > 12<<10 {
			t.Fatalf("round %d: %d chains in %d bytes; want %d", round, w.Len(), w.Bytes(), len(plain))
		}
	}
	if w.LetGo() == 0 {
		t.Error("it was never full")
	}
	for _, id := range slices.Clone(order) {
		w.Release(id)
	}
	if w.Bytes() != 0 || !w.waiting.empty() || w.oldest != 0 || w.newest != 0 {
		t.Errorf("it is empty and holds %d bytes", w.Bytes())
	}
}

// A readClock knows how far each kind has been read.
type readClock struct {
	now  time.Time
	read map[Kind]time.Time
}

func (c *readClock) Now() time.Time { return c.now }

func (c *readClock) Passed(k Kind, t time.Time) bool { return !c.read[k].Before(t) }

// TestParkAllocatesNothing once as many chains have been parked before.
func TestParkAllocatesNothing(t *testing.T) {
	w := NewWindow(1 << 20)
	var c Chain
	fill(reflect.ValueOf(&c).Elem(), 0)
	var waits [100][]Key
	for i := range waits {
		waits[i] = []Key{{Kind: "k", Value: fmt.Sprint(i)}}
	}
	turn := func() {
		for i := range 100 {
			c.ID[0], c.Waits = byte(i), waits[i]
			w.Park(int64(i), &c, time.Unix(1795320308, 0))
		}
		for i := range 100 {
			c.ID[0] = byte(i)
			w.Release(c.ID)
		}
		w.Reset()
	}
	turn()
	if n := testing.AllocsPerRun(10, turn); n > 2 {
		t.Errorf("parking 100 chains allocates %g times", n)
	}
}

// BenchmarkPark is of a chain of two hops that waits for one key.
func BenchmarkPark(b *testing.B) {
	w := NewWindow(64 << 20)
	var c Chain
	fill(reflect.ValueOf(&c).Elem(), 8)
	c.Mints, c.Waits = nil, c.Waits[:1]
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.ID[0], c.ID[1] = byte(i), byte(i>>8)
		w.Park(int64(i), &c, time.Unix(1795320308, 0))
		if i%512 == 0 {
			w.Reset()
		}
	}
}
