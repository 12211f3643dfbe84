package index

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"whence/correlate"
)

// BenchmarkFinished uses finished walks again, of benchSessions sessions in random
// order, as a lane does: a batch at a time, with nothing of the walks in the caches of
// the processor when it begins.
func BenchmarkFinished(b *testing.B) {
	table := local(b, 256<<20, 0, NewMemory())
	facts := make([]correlate.Fact, benchSessions)
	for i := range facts {
		facts[i] = signedIn(i)
	}
	if _, err := table.apply(facts, nil); err != nil {
		b.Fatal(err)
	}
	kinds := kinds()
	r := &correlate.Resolver{Index: table, Kinds: kinds, Finished: correlate.NewFinished(160 << 20)}
	w := r.NewWalker()
	const batch = 1000
	events, chains := make([]correlate.Event, batch), make([]correlate.Chain, batch)
	for i := range events {
		events[i].Uses = make([]correlate.Link, 1)
	}
	walk := func() {
		w.Ahead(events)
		for i := range events {
			if err := w.Walk(b.Context(), &events[i], &chains[i]); err != nil {
				b.Fatal(err)
			}
			w.Settle(&chains[i], correlate.FileClock{})
		}
	}
	for from := 0; from < benchSessions; from += batch {
		for i := range events {
			act(&events[i], &facts[from+i])
		}
		walk()
		w.Reset()
	}
	rng := rand.New(rand.NewPCG(1, 1))
	other := make([]byte, 16<<20)
	reused, walked := 0, 0
	var cpu float64
	for range b.N {
		for i := range events {
			act(&events[i], &facts[rng.IntN(benchSessions)])
		}
		for i := 0; i < len(other); i += 64 {
			other[i]++
		}
		began := cpuSeconds()
		walk()
		cpu += cpuSeconds() - began
		reused += w.Reused()
		walked += batch
		w.Reset()
	}
	b.ReportMetric(cpu*1e9/float64(walked), "cpu-ns/walk")
	b.ReportMetric(float64(reused)/float64(walked), "reused/walk")
}

// signedIn is the account of session n: three in ten are those of persons, the others
// were asked for with one of them, or with one of the four in ten after them.
func signedIn(n int) correlate.Fact {
	const first, second = benchSessions * 3 / 10, benchSessions * 7 / 10
	rng := rand.New(rand.NewPCG(uint64(n), 2))
	f := estateFact(n)
	l := &f.Parents[0]
	switch {
	case n < first:
		l.Key, l.Proof = correlate.Key{}, correlate.Attested
		l.Principal = correlate.Principal{Type: correlate.Human, ID: fmt.Sprintf("person.%d@example.com", rng.IntN(5000)), Issuer: "saml"}
	case n < second:
		l.Key = estateKey(rng.IntN(first))
	default:
		l.Key = estateKey(first + rng.IntN(second-first))
	}
	f.Time, f.Start, f.End = day, day, day.Add(12*time.Hour)
	return f
}

// act makes e an action by the session of f.
func act(e *correlate.Event, f *correlate.Fact) {
	uses := e.Uses
	*e = correlate.Event{
		ID: f.Origin, Source: f.Source, EventID: "event", Time: day.Add(time.Hour), Actor: f.Principal, Uses: uses,
		Action: "s3:GetObject", Class: correlate.Read, Outcome: correlate.Success,
	}
	uses[0] = correlate.Link{Role: correlate.Acting, Key: f.Key, Proof: correlate.Attested, Method: "aws.cloudtrail.accessKeyId"}
}
