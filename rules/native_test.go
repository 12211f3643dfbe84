package rules

import (
	"math/rand/v2"
	"testing"
	"time"

	"whence/correlate"
)

// anyChain is a chain of values from small pools, so that comparisons hold now and
// then, with odd ones among them.
func anyChain(rnd *rand.Rand) *correlate.Chain {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	word := func() string { return pick(pool...) }
	c := someChain(rnd)
	who := func() correlate.Principal {
		return correlate.Principal{Type: correlate.PrincipalType(pick("human", "agent", "role", "")), ID: word(), Name: word(), Issuer: word(), Unit: word(), Owner: word()}
	}
	key := func() correlate.Key {
		return correlate.Key{Kind: correlate.Kind(pick("aws.access_key", "github.run", "")), Value: word()}
	}
	when := func() time.Time {
		if rnd.IntN(4) == 0 {
			return time.Time{}
		}
		return c.Time.Add(time.Duration(rnd.IntN(200)-100) * time.Second)
	}
	many := func(n int) int {
		if rnd.IntN(20) == 0 {
			return maxList - 1 + rnd.IntN(4)
		}
		return rnd.IntN(n)
	}
	c.Primary = rnd.IntN(9) > 0
	c.Time = c.Time.Add(time.Duration(rnd.IntN(14*24)) * time.Hour)
	if rnd.IntN(3) == 0 {
		c.Action, c.Source, c.Class, c.Outcome, c.Status = word(), word(), correlate.Class(word()), correlate.Outcome(word()), correlate.Status(word())
		c.Proof = correlate.Proof(rnd.IntN(7))
	}
	c.Error, c.Tenant, c.Reason, c.Missing, c.Actor, c.Requestor = word(), word(), word(), key(), who(), who()
	c.Uses = nil
	if rnd.IntN(2) == 0 {
		c.Uses = []correlate.Link{{Role: correlate.Acting, Key: key()}}
	}
	c.Hops, c.Approvers, c.Candidates, c.Resources = nil, nil, nil, nil
	for range many(4) {
		c.Hops = append(c.Hops, correlate.Hop{Key: key(), Principal: who(), Proof: correlate.Proof(rnd.IntN(6)), Method: word(), Source: word(), State: pick("", "revoked", "expired", word()), Time: when()})
	}
	for range many(3) {
		c.Approvers = append(c.Approvers, correlate.Approver{Principal: who(), Via: word(), Time: when()})
	}
	for range many(3) {
		c.Candidates = append(c.Candidates, correlate.Candidate{Key: key(), Principal: who(), Proof: correlate.Proof(rnd.IntN(5)), Method: word(), Why: word()})
	}
	for range many(3) {
		c.Resources = append(c.Resources, correlate.Resource{Type: word(), ID: word()})
	}
	c.Context = correlate.Context{IP: pick("10.1.2.3", "::ffff:192.0.2.9", "host.example.com", "fe80::1%eth0"), Agent: word(), Account: word(), Region: word(), Session: word(), Trace: word(), Ticket: word(), App: word(), Unit: word()}
	c.Usage = correlate.Usage{Model: word(), InputTokens: int64(rnd.IntN(5)), OutputTokens: int64(rnd.IntN(5)) - 2, CostUSD: float64(rnd.IntN(6)) / 2, CostKnown: rnd.IntN(2) == 0}
	return c
}

// sameAsEngine compares what the terms of an expression say of c with the engine.
func sameAsEngine(t *testing.T, j *Judge, when string, q question, c *correlate.Chain) {
	t.Helper()
	j.release()
	c.Primary = true
	got := j.verdict(&compiled{question: q}, c)
	j.release()
	want := j.verdict(&compiled{question: question{program: q.program}}, c)
	switch {
	case got == want:
	case want == failed && got == noMatch && !q.implied.fits(c):
		// By contract: the hints come first, and a rule is not run for nothing.
	default:
		t.Fatalf("%s\nis %d, and %d to the engine; all of it native: %t; of %+v", when, got, want, q.whole, c)
	}
}

func TestNativeIsTheEngine(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	chains := make([]*correlate.Chain, 400)
	for i := range chains {
		chains[i] = anyChain(rnd)
	}
	j := newSet(nil).NewJudge()
	for _, r := range Library().rules {
		if !r.whole {
			t.Errorf("%s needs the engine", r.ID)
		}
		for _, c := range chains {
			sameAsEngine(t, j, r.When, r.question, c)
		}
	}
	all, native := 0, 0
	for range 4000 {
		when := writer{rnd}.truth(rnd.IntN(4), "")
		q, err := compile(when, someLists)
		if err != nil {
			continue // the vocabulary has no such word, say
		}
		all++
		if q.whole {
			native++
		}
		for range 20 {
			sameAsEngine(t, j, when, q, chains[rnd.IntN(len(chains))])
		}
	}
	t.Logf("%d expressions, %d of them native", all, native)
	if all < 2000 || native < all/2 || native == all {
		t.Error("the expressions are not telling")
	}
}

func FuzzNative(f *testing.F) {
	for _, r := range Library().rules {
		f.Add(r.When, uint64(1))
	}
	rnd := rand.New(rand.NewPCG(15, 16))
	for range 50 {
		f.Add(writer{rnd}.truth(3, ""), rnd.Uint64())
	}
	j := newSet(nil).NewJudge()
	f.Fuzz(func(t *testing.T, when string, seed uint64) {
		q, err := compile(when, someLists)
		if err != nil {
			return
		}
		rnd := rand.New(rand.NewPCG(seed, 1))
		for range 10 {
			sameAsEngine(t, j, when, q, anyChain(rnd))
		}
	})
}
