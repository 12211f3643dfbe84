package correlate

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// ladder is a person, a first session, and roles assumed one with the other, as
// CloudTrail tells of them: each session has a key and a name.
func ladder(hops int) (*simStore, *Directory, Event) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	s := &simStore{facts: map[Key]Session{}}
	key := func(i int) Key { return Key{"aws.access_key", fmt.Sprintf("ASIAEXAMPLE%09d", i)} }
	name := func(i int) Key { return Key{"aws.role_session", fmt.Sprintf("AROAEXAMPLE%09d:step-%d", i, i)} }
	role := func(i int) Principal {
		return Principal{Type: RoleType, ID: fmt.Sprintf("arn:aws:sts::123456789012:assumed-role/step-%d/session", i), Issuer: "aws",
			Name: fmt.Sprintf("step-%d", i), Names: []string{fmt.Sprintf("aws:arn:aws:iam::123456789012:role/step-%d", i)}}
	}
	person := Principal{Type: Human, ID: "alice@example.com", Issuer: "aws"}
	for i := range hops {
		parent := Link{Role: Requestor, Principal: person, Proof: Attested, Method: "aws.saml"}
		if i > 0 {
			parent = Link{Role: Requestor, Key: key(i - 1), Proof: Issued, Method: "aws.sts.assume_role"}
		}
		f := Fact{
			Kind: Account, Key: key(i), Origin: NewID(fmt.Sprint(i)), Source: "aws.cloudtrail", EventID: fmt.Sprint("event-", i),
			Time: at.Add(time.Duration(i) * time.Minute), Start: at.Add(time.Duration(i) * time.Minute), End: at.Add(5 * time.Hour),
			Proof: Issued, Method: "aws.sts.assume_role", Principal: role(i),
			Parents: []Link{parent, {Role: Requestor, Principal: person, Proof: Claimed, Method: "aws.role_session_name"}},
		}
		b := f
		b.Kind, b.Key, b.Target, b.Principal, b.Parents = Binding, name(i), key(i), Principal{}, nil
		s.put([]Fact{f, b})
	}
	d := must(NewDirectory(1, []Entry{{ID: "alice@example.com", Name: "Alice", Type: Human, Unit: "shop"}}))
	e := Event{
		ID: NewID("action"), Source: "aws.cloudtrail", EventID: "action", Time: at.Add(time.Hour), Action: "s3:GetObject", Class: Read, Outcome: Success,
		Actor: role(hops - 1),
		Uses: []Link{
			{Role: Acting, Key: key(hops - 1), Proof: Attested, Method: "aws.cloudtrail.accessKeyId"},
			{Role: Requestor, Key: name(hops - 1), Proof: Inferred, Method: "aws.role_session"},
			{Role: Requestor, Principal: person, Proof: Claimed, Method: "aws.role_session_name"},
		},
	}
	return s, d, e
}

// TestWalkAllocatesNothing: once the walker has its size, and as long as the walk
// ends at a person.
func TestWalkAllocatesNothing(t *testing.T) {
	s, d, e := ladder(4)
	w := (&Resolver{Index: s, Directory: d, Kinds: scenarioKinds()}).NewWalker()
	var c Chain
	if n := testing.AllocsPerRun(100, func() {
		if err := w.Walk(context.Background(), &e, &c); err != nil {
			t.Fatal(err)
		}
		c.Seal(1)
		w.Reset()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if err := w.Walk(context.Background(), &e, &c); err != nil || c.Status != Attributed || len(c.Hops) != 5 || c.Proof != Attested {
		t.Errorf("%s with %d hops, %s, %v", c.Status, len(c.Hops), c.Proof, err)
	}
}

func BenchmarkWalk(b *testing.B) {
	for hops := 1; hops <= 5; hops++ {
		b.Run(fmt.Sprint(hops), func(b *testing.B) {
			s, d, e := ladder(hops)
			w := (&Resolver{Index: s, Directory: d, Kinds: scenarioKinds()}).NewWalker()
			var c Chain
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Walk(b.Context(), &e, &c); err != nil {
					b.Fatal(err)
				}
				w.Reset()
			}
		})
	}
}
