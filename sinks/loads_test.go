package sinks

import "testing"

// TestLoads: what is kept is bounded, and a load of very many rows is not kept.
func TestLoads(t *testing.T) {
	var ls loads
	of := func(bytes int) *load {
		l := new(load)
		l.chains.strips = []strip{{cells: make([]byte, bytes)}}
		return l
	}
	for range 100 {
		ls.give(of(1 << 20))
	}
	if got := len(ls.idle); got != idleBytes>>20 {
		t.Errorf("%d loads of a MiB are kept; want %d", got, idleBytes>>20)
	}
	for range 100 {
		ls.take()
	}
	if ls.bytes != 0 || len(ls.idle) != 0 {
		t.Errorf("%d loads and %d bytes are left of nothing", len(ls.idle), ls.bytes)
	}
	ls.give(of(largeBytes + 1))
	if len(ls.idle) != 0 {
		t.Error("a large load was kept")
	}
}

// TestLoadsAreMadeToMeasure: a new load has room for what the others have held.
func TestLoadsAreMadeToMeasure(t *testing.T) {
	var ls loads
	if l := ls.take(); l.chains.strips != nil {
		t.Error("a load has room before it is known for what")
	}
	used := strip{cells: make([]byte, 1000), ends: make([]uint64, 10)}
	used.codes = make([]byte, 100)
	ls.give(&load{chains: block{rows: 10, strips: []strip{used, {}}}})
	ls.take()
	s := &ls.take().chains.strips[0]
	if len(s.cells)+len(s.ends)+len(s.codes) != 0 {
		t.Error("a new load holds something")
	}
	if cap(s.cells) < 1000 || cap(s.cells) > 1500 || cap(s.ends) < 10 || cap(s.codes) < 100 {
		t.Errorf("room for %d bytes, %d ends and %d codes; want that for 1000, 10 and 100, and a little more", cap(s.cells), cap(s.ends), cap(s.codes))
	}
	ls.give(&load{facts: block{rows: 1, strips: []strip{{cells: make([]byte, 10)}}}})
	if got := ls.usual[0].cells; got < 1000 {
		t.Errorf("a load without chains made room for %d bytes of theirs", got)
	}
}
