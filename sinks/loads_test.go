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
