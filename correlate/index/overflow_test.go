package index

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"whence/correlate"
)

// spooled gives table an overflow of so many chunks in place of its own.
func spooledTo(t testing.TB, table *Table, file spool, chunks int) *Table {
	t.Helper()
	if err := table.overflow.close(); err != nil {
		t.Fatal(err)
	}
	table.overflow = newOverflow(file, int64(chunks)*chunkBytes, func(error) {})
	table.hot.spill(table.overflow)
	return table
}

func tempSpool(t testing.TB) spool {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "spool"))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// A poor spool fails once it has been written to, or read, so many times.
type poor struct {
	spool
	writes, reads atomic.Int64
}

var errPoor = errors.New("no space left on device")

func (p *poor) WriteAt(b []byte, at int64) (int, error) {
	if p.writes.Add(-1) < 0 {
		return 0, errPoor
	}
	return p.spool.WriteAt(b, at)
}

func (p *poor) ReadAt(b []byte, at int64) (int, error) {
	if p.reads.Add(-1) < 0 {
		return 0, errPoor
	}
	return p.spool.ReadAt(b, at)
}

func poorSpool(t testing.TB, writes, reads int64) spool {
	p := &poor{spool: tempSpool(t)}
	p.writes.Store(writes)
	p.reads.Store(reads)
	return p
}

// What left memory is found in the overflow, at any time and whatever became of its key
// since; what left the overflow is not, and takes no slot.
func TestOverflowHasWhatLeftMemory(t *testing.T) {
	const n = 9000 // three times what there is memory for
	for _, chunks := range []int{1 << 10, 2} {
		h, hash := hotAlone(minHotBytes)
		o := newOverflow(tempSpool(t), int64(chunks)*chunkBytes, func(err error) { t.Error(err) })
		h.spill(o)
		told := map[correlate.Key]string{}
		set := func(i int, what string) {
			k := key(i)
			h.set(hash(k), gather(k, []correlate.Fact{account(k, what, day)}), whole)
			told[k] = what
		}
		for i := range n {
			set(i, "first")
			switch {
			case i%5 == 1:
				set(i/2, "second") // most of them are away
			case i%5 == 2:
				h.drop(hash(key(i/3)), key(i/3))
				delete(told, key(i/3))
			}
		}
		held, gone := 0, 0
		for i := range n {
			k := key(i)
			s, _, ok := h.get(hash(k), k, whole, whole, nil)
			want, is := told[k]
			switch {
			case !is && ok:
				t.Fatalf("%d chunks: key %d was dropped, and is there", chunks, i)
			case ok && s.Facts[0].Origin != account(k, want, day).Origin:
				t.Fatalf("%d chunks: key %d is what it was before it was set anew", chunks, i)
			case ok:
				held++
			case is:
				gone++
			}
		}
		entries, bytes, _, fetched := h.stats()
		if entries != held || bytes > minHotBytes || fetched == 0 || o.bytes() > int64(chunks)*chunkBytes {
			t.Errorf("%d chunks: %d entries for %d that are found, %d bytes of memory, %d of overflow, of which %d were asked for", chunks, entries, held, bytes, o.bytes(), fetched)
		}
		if all := chunks > 2; all != (gone == 0) {
			t.Errorf("%d chunks: %d have gone", chunks, gone)
		}
	}
}

// An overflow that fails, in the middle of what it holds, costs what it had.
func TestOverflowFails(t *testing.T) {
	const n = 20_000
	for _, c := range []struct{ writes, reads int64 }{{0, 1 << 40}, {10, 1 << 40}, {1 << 40, 50}, {1 << 40, 0}} {
		h, hash := hotAlone(minHotBytes)
		failed := 0
		o := newOverflow(poorSpool(t, c.writes, c.reads), 1<<30, func(err error) {
			if failed++; !errors.Is(err, errPoor) {
				t.Error(err)
			}
		})
		h.spill(o)
		for i := range n {
			k := key(i)
			h.set(hash(k), gather(k, []correlate.Fact{account(k, "a", day)}), whole)
			if _, _, ok := h.get(hash(k), k, whole, whole, nil); !ok {
				t.Fatalf("%+v: key %d is not there right after it was set", c, i)
			}
			if j := i / 2; i%100 == 0 {
				h.get(hash(key(j)), key(j), whole, whole, nil)
			}
		}
		if failed != 1 || o.takes() {
			t.Errorf("%+v: told of %d failures", c, failed)
		}
		for i := range hotShards {
			if len(h.shards) > i {
				if sh := &h.shards[i]; uint16(len(sh.away))+sh.farthest != sh.oldest {
					t.Fatalf("%+v: chunks away from %d on are %d, and in memory they begin with %d", c, sh.farthest, len(sh.away), sh.oldest)
				}
			}
		}
	}
}

// Chunks make room for others while entries in them are read: what comes out is the
// key's own, and no older than what was set before it was asked for.
func TestOverflowWhileChunksGo(t *testing.T) {
	const keys, rounds = 2000, 15
	h, hash := hotAlone(minHotBytes)
	h.spill(newOverflow(tempSpool(t), 3*chunkBytes, func(err error) { t.Error(err) }))
	var set [keys]atomic.Int64
	var all, readers sync.WaitGroup
	done := make(chan struct{})
	var fetched atomic.Int64
	for r := range 2 {
		readers.Go(func() {
			for i := r; ; i = (i + 7) % keys {
				select {
				case <-done:
					return
				default:
				}
				k, least := key(i), set[i].Load()
				s, _, ok := h.get(hash(k), k, whole, whole, nil)
				if !ok {
					continue
				}
				fetched.Add(1)
				var version int64
				if _, err := fmt.Sscanf(s.Facts[0].EventID, "v%d", &version); err != nil || version < least || s.Facts[0].Origin != versioned(k, version).Origin {
					t.Errorf("key %d: version %s of at least %d: %v", i, s.Facts[0].EventID, least, err)
					return
				}
			}
		})
	}
	all.Go(func() {
		for v := int64(1); v <= rounds; v++ {
			for i := range keys {
				k := key(i)
				h.set(hash(k), gather(k, []correlate.Fact{versioned(k, v)}), whole)
				set[i].Store(v)
			}
		}
	})
	all.Wait()
	close(done)
	readers.Wait()
	if fetched.Load() == 0 {
		t.Error("nothing was ever found")
	}
}

func versioned(k correlate.Key, v int64) correlate.Fact {
	f := account(k, fmt.Sprint(v), day)
	f.EventID = fmt.Sprintf("v%d", v)
	return f
}

// A meddling spool has something happen while it is read.
type meddling struct {
	spool
	during func(read []byte)
}

func (m *meddling) ReadAt(b []byte, at int64) (int, error) {
	n, err := m.spool.ReadAt(b, at)
	if m.during != nil {
		m.during(b)
	}
	return n, err
}

// A chunk that makes room for another one while it is read has half of each in it.
func TestOverflowReadsNothingTorn(t *testing.T) {
	h, hash := hotAlone(minHotBytes)
	m := &meddling{spool: tempSpool(t)}
	h.spill(newOverflow(m, 2*chunkBytes, func(err error) { t.Error(err) }))
	next := 0
	some := func() {
		f := account(key(next), "a", day)
		f.Parents = nil // to be read at once
		h.set(hash(f.Key), gather(f.Key, []correlate.Fact{f}), whole)
		next++
	}
	for h.shards[0].oldest == 0 {
		some()
	}
	first := key(0)
	for _, torn := range []bool{false, true} {
		read, within := 0, false
		m.during = func(b []byte) {
			if within || !torn {
				read++
				return
			}
			for within = true; h.shards[0].farthest == 0; {
				some() // reads the chunk that makes room
			}
			within = false
			b[len(b)-1] ^= 0x55
			read++
		}
		if _, _, ok := h.get(hash(first), first, whole, whole, nil); ok == torn || read == 0 {
			t.Errorf("torn: %v; found: %v, after %d reads", torn, ok, read)
		}
	}
}

// The slots of what is away take half of the memory at most, however much disk there is.
func TestSlotsOfTheOverflowAreBounded(t *testing.T) {
	h, hash := hotAlone(minHotBytes)
	h.spill(newOverflow(tempSpool(t), 1<<30, func(err error) { t.Error(err) }))
	for i := range 60_000 {
		k := key(i)
		h.set(hash(k), gather(k, []correlate.Fact{account(k, "a", day)}), whole)
	}
	entries, bytes, _, _ := h.stats()
	if slots := h.shards[0].slots.bytes(); slots > minHotBytes/2 || bytes > minHotBytes {
		t.Errorf("%d bytes of slots for %d entries, %d in all", slots, entries, bytes)
	}
	if entries < 5000 {
		t.Errorf("%d entries are left", entries)
	}
}

// A store that is opened anew does not mind what a crash left of an overflow, and there
// is no file of it while it is used.
func TestOverflowHasNoName(t *testing.T) {
	dir := t.TempDir()
	keptIn(t, dir, 0, 10)
	if err := os.WriteFile(filepath.Join(dir, spooled), []byte("left behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := openPebble(t, dir)
	table := local(t, minHotBytes, 0, p)
	if table.overflow == nil {
		t.Fatal("there is none")
	}
	if left := glob(t, dir, spooled+"*"); len(left) > 0 {
		t.Errorf("%v", left)
	}
}

// Keys whose slots look alike cost each other their entries once these are away, and are
// never taken for each other.
func TestKeysThatLookAlike(t *testing.T) {
	h := newHot(minHotBytes, newCompact(), func(correlate.Key) uint64 { return 1 << 40 })
	h.spill(newOverflow(tempSpool(t), 1<<30, func(err error) { t.Error(err) }))
	const hash, n = 1 << 40, 4500
	wrong := 0
	for i := range n {
		k := key(i)
		h.set(hash, gather(k, []correlate.Fact{account(k, "a", day)}), whole)
		for _, j := range []int{i, i / 2, i - 700} {
			other := key(max(j, 0))
			s, _, ok := h.get(hash, other, whole, whole, nil)
			switch {
			case !ok:
				wrong++
			case s.Facts[0].Origin != account(other, "a", day).Origin:
				t.Fatalf("key %d has what was told of another", j)
			}
		}
	}
	if wrong == 0 {
		t.Error("none was in the way of another")
	}
}
