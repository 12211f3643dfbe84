package correlate

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestEqualSeesEveryField changes each field of a fact, of its principal and of
// its parents in turn: a field that equal does not look at would let the order of
// arrival decide between two tellings.
func TestEqualSeesEveryField(t *testing.T) {
	whole := func() *Fact {
		p := Principal{Type: "human", ID: "a", Name: "A", Issuer: "okta", Unit: "u", Owner: "o", Names: []string{"n"}}
		at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		return &Fact{
			Kind: Account, Key: Key{"k", "1"}, Target: Key{"k", "2"}, Origin: NewID("x"), Source: "s", EventID: "e", Time: at,
			Proof: Issued, Method: "m", Principal: p, Start: at, End: at, Standing: true, Reason: "r",
			Parents: []Link{{Role: Holder, Key: Key{"k", "3"}, Principal: p, Proof: Issued, Method: "m", At: at}},
		}
	}
	if !equal(whole(), whole()) {
		t.Fatal("a fact is not equal to itself")
	}
	each := func(name string, of func(*Fact) reflect.Value) {
		for i := range of(whole()).NumField() {
			f := whole()
			of(f).Field(i).SetZero()
			if equal(f, whole()) || equal(whole(), f) {
				t.Errorf("%s: equal does not look at %s", name, of(f).Type().Field(i).Name)
			}
		}
	}
	each("fact", func(f *Fact) reflect.Value { return reflect.ValueOf(f).Elem() })
	each("principal", func(f *Fact) reflect.Value { return reflect.ValueOf(&f.Principal).Elem() })
	each("parent", func(f *Fact) reflect.Value { return reflect.ValueOf(&f.Parents[0]).Elem() })
	each("parent's principal", func(f *Fact) reflect.Value { return reflect.ValueOf(&f.Parents[0].Principal).Elem() })
}

func TestNewSession(t *testing.T) {
	k := Key{"k", "1"}
	fact := func(key Key, origin string, proof Proof) Fact {
		return Fact{Kind: Account, Key: key, Origin: NewID(origin), Proof: proof}
	}
	facts := []Fact{
		fact(k, "c", Issued), fact(k, "a", Claimed), fact(Key{"k", "2"}, "x", Issued), fact(k, "b", Issued), fact(k, "a", Issued), fact(k, "c", Issued),
	}
	want := Session{Key: k}
	for _, f := range facts {
		if f.Key == k {
			want = want.Merge(Session{Key: k, Facts: []Fact{f}})
		}
	}
	if len(want.Facts) != 3 {
		t.Fatalf("got %d facts one by one, want 3", len(want.Facts))
	}
	for range facts {
		if d := cmp.Diff(want, NewSession(k, facts...)); d != "" {
			t.Errorf("(-one by one +got):\n%s", d)
		}
		facts = append(facts[1:], facts[0])
	}
	for _, none := range [][]Fact{nil, {fact(Key{"k", "2"}, "x", Issued)}} {
		if d := cmp.Diff(Session{Key: k}, NewSession(k, none...)); d != "" {
			t.Errorf("nothing about the key (-want +got):\n%s", d)
		}
	}
}

// BenchmarkMergeEqual joins two copies of one long session, as a repair does for
// every look-up.
func BenchmarkMergeEqual(b *testing.B) {
	k := Key{"k", "1"}
	facts := make([]Fact, 500)
	for i := range facts {
		facts[i] = Fact{Kind: Binding, Key: k, Origin: NewID(string(rune(i))), Proof: Issued, Source: "aws.cloudtrail", EventID: "e"}
	}
	s, o := NewSession(k, facts...), NewSession(k, facts...)
	for b.Loop() {
		s.Merge(o)
	}
}
