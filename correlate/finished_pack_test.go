package correlate

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestKeptIsWhole keeps what a chain has whose every field is set, by reflection, so
// that a field that is added and forgotten in finished_pack.go is found, and then changes
// one after the other.
func TestKeptIsWhole(t *testing.T) {
	type part struct {
		Requestor     Principal
		Missing       Key
		Reason        string
		Hops          []Hop
		Candidates    []Candidate
		Walked, Waits []Key
	}
	f := NewFinished(1 << 20)
	k := keeper{names: &names{sharedNames: f.names}}
	var p part
	fields := 0
	same := func(path string) {
		var mem Memory
		fields++
		k.reset()
		var head finished
		c := Chain{Requestor: p.Requestor, Missing: p.Missing, Reason: p.Reason, Hops: p.Hops, Candidates: p.Candidates, Walked: p.Walked, Waits: p.Waits}
		if !k.chain(&c, &head) {
			t.Fatalf("%s: it is not kept", path)
		}
		var got Chain
		newFinished(head, &k.rest).giveTo(&got, f, &mem)
		if d := cmp.Diff(p, part{got.Requestor, got.Missing, got.Reason, got.Hops, got.Candidates, got.Walked, got.Waits}); d != "" {
			t.Errorf("%s (-want +got):\n%s", path, d)
		}
	}
	same("empty")
	fill(reflect.ValueOf(&p).Elem(), 0)
	for range 10 { // the last of them by names that are shared
		alter(reflect.ValueOf(&p).Elem(), "", same)
	}
	if fields < 500 {
		t.Errorf("only %d fields were tried", fields)
	}
	p.Hops[0].Time = time.Time{}
	p.Hops[1].EventID = strings.Repeat("x", maxPlaceText)
	same("at its bounds")
	p.Hops[1].EventID += "x"
	if k.reset(); k.chain(&Chain{Hops: p.Hops}, new(finished)) {
		t.Error("a text is kept that has no place")
	}
	p = part{Walked: make([]Key, maxPlace/maxPlaceText+3)}
	for i := range p.Walked {
		p.Walked[i].Value = strings.Repeat("x", maxPlaceText-i%100) + time.Duration(i).String()[:1]
	}
	if k.reset(); k.chain(&Chain{Walked: p.Walked}, new(finished)) {
		t.Error("more text is kept than there are places for")
	}
}

// BenchmarkGive is what it costs to use a finished walk again once it is found.
func BenchmarkGive(b *testing.B) {
	store, directory, e := ladder(3)
	w := (&Resolver{Index: store, Directory: directory, Kinds: scenarioKinds()}).NewWalker()
	var c Chain
	if err := w.Walk(b.Context(), &e, &c); err != nil {
		b.Fatal(err)
	}
	all := NewFinished(1 << 20)
	k := keeper{names: &names{sharedNames: all.names}}
	var head finished
	for range 10 { // the last time by names that are shared
		k.reset()
		k.chain(&c, &head)
	}
	f := newFinished(head, &k.rest)
	c = c.Clone()
	w.Reset()
	b.ReportAllocs()
	for b.Loop() {
		f.giveTo(&c, all, &w.mem)
		w.mem.Reset()
	}
	b.ReportMetric(float64(f.bytes()), "B/walk")
}
