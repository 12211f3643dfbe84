package correlate

import (
	"context"
	"testing"
	"time"
)

// growing is an index in which a fact lands between two look-ups of one key.
type growing struct {
	*simStore
	key  Key
	fact Fact
	asks int
}

func (g *growing) Lookup(ctx context.Context, k Key, at time.Time) (Session, error) {
	if k == g.key {
		if g.asks++; g.asks == 2 {
			g.put([]Fact{g.fact})
		}
	}
	return g.simStore.Lookup(ctx, k, at)
}

// TestFactsThatLandDuringAWalk: a chain is built from the facts that its rank
// counts, or two chains of one rank would differ.
func TestFactsThatLandDuringAWalk(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	key := Key{"aws.access_key", "ASIA1"}
	account := func(origin string, start time.Time, parent string) Fact {
		return Fact{Kind: Account, Key: key, Origin: NewID(origin), EventID: origin, Time: start, Start: start, Proof: Issued, Method: origin,
			Principal: Principal{Type: RoleType, ID: "r", Issuer: "aws"},
			Parents:   []Link{{Role: Requestor, Principal: Principal{Type: Human, ID: parent, Issuer: "idp"}, Proof: Attested, Method: origin}}}
	}
	first, second := account("first", at, "alice"), account("second", at.Add(-time.Second), "alice")
	name := Key{"github.sub", "name"}
	binding := Fact{Kind: Binding, Key: name, Target: key, Origin: NewID("b"), Time: at, Start: at.Add(-time.Minute), Proof: Attested, Method: "b"}
	// The key is visited for two times: that of the event, and that of the name.
	e := Event{ID: NewID("e"), Time: at.Add(time.Minute), Uses: []Link{
		{Role: Acting, Key: key, Proof: Attested, Method: "key"},
		{Role: Requestor, Key: name, Proof: Inferred, Method: "name", At: at},
	}}
	resolve := func(ix Index) Chain {
		r := &Resolver{Index: ix, Kinds: scenarioKinds()}
		c := must(r.Resolve(context.Background(), e))
		r.Settle(&c, FileClock{})
		return c
	}
	whole := &simStore{facts: map[Key]Session{}}
	whole.put([]Fact{first, second, binding})
	partly := &simStore{facts: map[Key]Session{}}
	partly.put([]Fact{first, binding})
	got, want := resolve(&growing{simStore: partly, key: key, fact: second}), resolve(whole)
	if got.Rank == want.Rank && got.Version != want.Version {
		t.Errorf("one rank, two contents:\n%s\n%s", content(got), content(want))
	}
}
