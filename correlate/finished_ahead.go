package correlate

import "unsafe"

// lookAhead is how many events' walks are looked for at once. Each is a few reads of
// memory that no cache has, one after the other; those of many go on at the same time.
const lookAhead = 16

// cacheLine is what one read of memory brings.
const cacheLine = 64

// ahead are the events that come next, and what was found for some of them.
type ahead struct {
	events []Event
	next   int // event
	looked int // events that were looked for
	starts [lookAhead]start
	found  [lookAhead]*finished
	kept   [lookAhead]bool // found is not nil
	read   uint64          // what was read to have it in the cache
}

// Ahead tells the walker that it will walk events, in this order, and that they do not
// change before it does. It makes walks cheaper and changes nothing of what they find,
// even if others are walked instead; after one that was left out it is of no more use.
// Only the last Ahead counts, until Reset.
func (w *Walker) Ahead(events []Event) {
	w.ahead.events, w.ahead.next, w.ahead.looked = events, 0, 0
}

// begun returns where the walk of e starts, and the finished one that started there
// when it was looked for.
func (w *Walker) begun(e *Event) (start, *finished) {
	a := &w.ahead
	w.foreseen = -1
	if a.next == len(a.events) || e != &a.events[a.next] {
		s := w.Finished.startOf(e.Uses)
		return s, w.Finished.find(s)
	}
	if a.next == a.looked {
		w.lookFor()
	}
	i := a.next % lookAhead
	a.next++
	w.foreseen = i
	return a.starts[i], a.found[i]
}

// lookFor finds the walks of the next events. Nothing in a loop waits for what another
// round of it reads.
func (w *Walker) lookFor() {
	a := &w.ahead
	events := a.events[a.looked:min(a.looked+lookAhead, len(a.events))]
	a.looked += len(events)
	for i := range events {
		a.starts[i] = w.Finished.startOf(events[i].Uses)
	}
	for i := range events {
		a.read += uint64(w.Finished.set(a.starts[i]).state.Load())
	}
	for i := range events {
		f := w.Finished.tagged(a.starts[i])
		a.found[i] = f
		if f != nil {
			a.read += f.start.slot
		}
	}
	for i := range events {
		f := a.found[i]
		if f == nil {
			continue
		}
		if f.start != a.starts[i] {
			a.found[i] = nil
			continue
		}
		for at, end := 0, f.bytes(); at < end; at += cacheLine {
			a.read += uint64(*(*byte)(unsafe.Add(unsafe.Pointer(f), at)))
		}
		_ = w.stamper.Holds(f.stamped()) // it will be asked again, when it counts
	}
	if w.foreseer == nil {
		return
	}
	for i := range events {
		a.kept[i] = a.found[i] != nil
	}
	w.foreseer.Foresee(events, a.kept[:len(events)])
}
