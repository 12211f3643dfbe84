package correlate

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// counting is an index that counts how often it is asked.
type counting struct {
	sessions map[Key]Session
	asked    int
}

func (c *counting) Lookup(_ context.Context, k Key, _ time.Time) (Session, error) {
	c.asked++
	return c.sessions[k], nil
}

func (c *counting) add(f Fact) {
	c.sessions[f.Key] = c.sessions[f.Key].Merge(Session{Key: f.Key, Facts: []Fact{f}})
}

// TestLongChains: thousands of sessions, each asked for with the one before, cost
// an action no more than the walk can use.
func TestLongChains(t *testing.T) {
	const n = 5000
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	name := func(i int) Key { return Key{"aws.access_key", fmt.Sprintf("ASIA%05d", i)} }
	index := &counting{sessions: map[Key]Session{}}
	for i := 1; i <= n; i++ {
		index.add(Fact{
			Kind: Account, Key: name(i), Origin: NewID(fmt.Sprint(i)), Time: at, Start: at, Proof: Issued, Method: "test",
			Principal: Principal{Type: RoleType, ID: "r", Issuer: "aws"},
			Parents:   []Link{{Role: Requestor, Key: name(i - 1), Proof: Issued, Method: "test"}},
		})
	}
	r := &Resolver{Index: index, Kinds: scenarioKinds()}
	c, err := r.Resolve(context.Background(), Event{Time: at, Uses: []Link{{Role: Acting, Key: name(n), Proof: Attested, Method: "test"}}})
	if err != nil {
		t.Fatal(err)
	}
	if index.asked > 100 || len(c.Hops) > maxHops+1 || c.Status != Partial || c.Missing.IsZero() || c.Reason == "" {
		t.Errorf("%d look-ups, %d hops, %s, missing %s: %s", index.asked, len(c.Hops), c.Status, c.Missing, c.Reason)
	}
}

// TestManyCandidates: a name that thousands of sessions carry is not written out
// with every action, and the reason says how many there are.
func TestManyCandidates(t *testing.T) {
	const n = 2000
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	alias := Key{"github.sub", "repo:example/shop:pull_request"}
	index := &counting{sessions: map[Key]Session{}}
	for i := range n {
		run := Key{"github.run", fmt.Sprintf("example/shop/%d/1", i)}
		f := Fact{Kind: Account, Key: run, Origin: NewID(fmt.Sprint(i)), Time: at, Start: at, Proof: Issued, Method: "test",
			Principal: Principal{Type: Human, ID: fmt.Sprintf("p%d@example.com", i), Issuer: "github"}}
		index.add(f)
		f.Kind, f.Key, f.Target, f.Principal = Binding, alias, run, Principal{}
		index.add(f)
	}
	r := &Resolver{Index: index, Kinds: scenarioKinds()}
	c, err := r.Resolve(context.Background(), Event{Time: at, Uses: []Link{{Role: Requestor, Key: alias, Proof: Inferred, Method: "test"}}})
	if err != nil {
		t.Fatal(err)
	}
	if c.Status != Ambiguous || len(c.Candidates) != maxCandidates || !strings.Contains(c.Reason, "of 2000 candidates") {
		t.Errorf("%s with %d candidates: %s", c.Status, len(c.Candidates), c.Reason)
	}
	if int(c.Rank) != 2*n {
		t.Errorf("rank %d of %d facts", c.Rank, 2*n)
	}
}
