package index

import (
	"fmt"
	"testing"
	"time"

	"whence/correlate"
)

// BenchmarkName walks actions of roles that were assumed under one name, which runs
// have carried one after the other for five weeks: three at a time.
func BenchmarkName(b *testing.B) {
	sub := correlate.KindInfo{Kind: alias, Alias: true, Life: 35 * 24 * time.Hour, Best: correlate.Attested}
	run := correlate.KindInfo{Kind: "github.run", Life: 35 * 24 * time.Hour, Best: correlate.Issued}
	for _, n := range []int{10, 1000, 30_000} {
		b.Run(fmt.Sprintf("bindings=%d", n), func(b *testing.B) {
			p, err := OpenPebble(b.TempDir(), 64<<20)
			if err != nil {
				b.Fatal(err)
			}
			ks := correlate.NewKinds(sub, run)
			table := local(b, 64<<20, 1<<20, p)
			table.lives = lives(ks)
			every := sub.Life / time.Duration(n+1)
			at := day
			tell := func(i int) {
				at = day.Add(time.Duration(i) * every)
				k := correlate.Key{Kind: run.Kind, Value: fmt.Sprintf("example/shop/%d/1", i)}
				who := correlate.Principal{Type: correlate.CIRun, ID: k.Value, Issuer: "github"}
				asked := []correlate.Link{{Role: correlate.Requestor, Proof: correlate.Attested, Method: "github.actor",
					Principal: correlate.Principal{Type: correlate.Human, ID: "alice", Issuer: "github"}}}
				bound := binding("repo:example/shop:ref:refs/heads/main", i, at)
				bound.Target = k
				begun := correlate.Fact{Kind: correlate.Account, Key: k, Origin: bound.Origin, Source: bound.Source, EventID: bound.EventID,
					Time: at, Start: at, Proof: correlate.Issued, Method: "github.run", Principal: who, Parents: asked}
				over, ended := bound, begun
				over.Origin = correlate.NewID("over", fmt.Sprint(i))
				over.End, over.Reason, over.Time = at.Add(3*every-time.Second), "completed", at.Add(3*every-time.Second)
				ended.Origin, ended.End, ended.Time = over.Origin, over.End, over.Time
				if _, err := table.apply([]correlate.Fact{bound, begun, over, ended}, nil); err != nil {
					b.Fatal(err)
				}
			}
			for i := range n {
				tell(i)
			}
			w := (&correlate.Resolver{Index: table, Kinds: ks}).NewWalker()
			e := correlate.Event{ID: correlate.NewID("e"), EventID: "e", Source: "aws.cloudtrail", Uses: []correlate.Link{
				{Role: correlate.Requestor, Proof: correlate.Inferred, Method: "github.sub", Key: correlate.Key{Kind: alias, Value: "repo:example/shop:ref:refs/heads/main"}}}}
			var c correlate.Chain
			walk := func() {
				e.Time = at.Add(time.Second)
				if err := w.Walk(b.Context(), &e, &c); err != nil {
					b.Fatal(err)
				}
				w.Reset()
			}
			walk()
			b.Run("walk", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					walk()
				}
				b.ReportMetric(float64(len(c.Walked)), "walked")
			})
			b.Run("bind and walk", func(b *testing.B) {
				for b.Loop() {
					tell(n)
					n++
					walk()
				}
			})
			b.ReportMetric(float64(table.Stats().RollBytes), "roll-B")
		})
	}
}
