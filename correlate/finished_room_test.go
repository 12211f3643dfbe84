package correlate

import "testing"

// A walk for which there are no bytes is not packed in vain: it makes room only for
// itself, when it comes twice in a row.
func TestFinishedWithoutRoom(t *testing.T) {
	f := NewFinished(share * finishedBytes) // one set
	kept := newFinished(finished{start: start{1, 1 << 40}}, &rest{})
	f.keep(f.place(kept.start), kept)
	f.held.Store(f.limit)
	other := start{1, 2 << 40}
	if i := f.place(other); i >= 0 {
		t.Errorf("there is room for a walk that comes once, in slot %d", i)
	}
	i := f.place(other)
	if i < 0 || f.sets[0].walks[i].Load() != kept {
		t.Errorf("a walk that comes twice goes to slot %d, where there is nothing to make room", i)
	}
	f.sets[0].tags[i].Store(0)
	if f.place(start{1, 3 << 40}); f.place(start{1, 3 << 40}) >= 0 {
		t.Error("there is room where there is nothing to let go")
	}
}

// A walk whose set has nothing in it makes room in another one: all bytes may be there.
func TestFinishedMakesRoomElsewhere(t *testing.T) {
	f := NewFinished(2 * share * finishedBytes) // two sets
	kept := newFinished(finished{start: start{1, 1 << 40}}, &rest{text: make([]byte, finishedBytes)})
	f.keep(f.place(kept.start), kept)
	f.held.Store(f.limit)
	other := newFinished(finished{start: start{1 << 63, 2 << 40}}, &rest{})
	if f.set(kept.start) == f.set(other.start) {
		t.Fatal("they are of one set")
	}
	f.place(other.start)
	i := f.place(other.start)
	if i < 0 || f.find(kept.start) != nil {
		t.Fatalf("slot %d, and what was there before is kept", i)
	}
	if f.keep(i, other); f.find(other.start) != other {
		t.Error("it is not found")
	}
}
