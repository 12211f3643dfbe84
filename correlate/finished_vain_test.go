package correlate

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestVainWalksAreUsedAgain: of a session that nobody told of, by other actions and
// other principals of it, until something becomes known of one of its keys.
func TestVainWalksAreUsedAgain(t *testing.T) {
	store, directory, e := ladder(1)
	known := store.facts
	store.facts = map[Key]Session{}
	plain := &Resolver{Index: store, Kinds: scenarioKinds(), Directory: directory, Epoch: 1}
	again := *plain
	again.Finished = NewFinished(1 << 20)
	w := again.NewWalker()
	w.Poison()
	e.Uses = e.Uses[:2] // by keys alone
	walk := func(e Event) Chain {
		t.Helper()
		want := must(plain.Resolve(context.Background(), e))
		plain.Settle(&want, FileClock{})
		var got Chain
		if err := w.Walk(context.Background(), &e, &got); err != nil {
			t.Fatal(err)
		}
		w.Settle(&got, FileClock{})
		if d := cmp.Diff(whole(t, &want), whole(t, &got)); d != "" {
			t.Fatalf("-walked +used again:\n%s", d)
		}
		defer w.Reset()
		return got.Clone()
	}
	c := walk(e)
	kept := w.Finished.find(w.Finished.startOf(e.Uses))
	if kept == nil || !kept.vain || c.Status != Unattributed {
		t.Fatalf("%s: %+v is kept", c.Status, kept)
	}
	e.ID, e.EventID, e.Time = NewID("other"), "other", e.Time.Add(time.Minute)
	e.Actor = Principal{Type: Workload, ID: "other", Issuer: "aws"}
	walk(e)
	if w.Finished.find(w.Finished.startOf(e.Uses)) != kept {
		t.Error("it was walked anew")
	}
	for _, s := range known { // in any order: what is known so far may lead to nobody
		store.put(s.Facts)
		c = walk(e)
	}
	if c.Status == Unattributed {
		t.Errorf("%s although all is known", c.Status)
	}
	e.Uses, store.facts = append(e.Uses[:2:2], Link{Role: Requestor, Principal: Principal{Type: Human, ID: "bob@example.com"}, Proof: Claimed}), map[Key]Session{}
	walk(e)
	if w.Finished.find(w.Finished.startOf(e.Uses)) != nil {
		t.Error("a walk is kept that ends at whom the line names")
	}
}
