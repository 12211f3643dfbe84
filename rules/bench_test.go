package rules

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"whence/correlate"
)

// manyRules is a set of n, shaped as rule sets are: most about one action, some
// about a source and class, one in ten about everything.
func manyRules(b *testing.B, n int) *Set {
	b.Helper()
	var all []*compiled
	for i := range n {
		when := fmt.Sprintf(`action == "svc%d:Do" and outcome == "success" and requestor.type != "human"`, i)
		switch i % 10 {
		case 0:
			when = fmt.Sprintf(`outcome == "success" and executor.id endsWith "x%d" and hour > 5`, i)
		case 1, 2:
			when = fmt.Sprintf(`source == "source%d" and class in ["write", "admin"] and not proven`, i%40)
		}
		program, implied, err := compile(when)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, &compiled{Rule: Rule{ID: fmt.Sprintf("r%03d", i)}, program: program, implied: implied})
	}
	return newSet(all)
}

func BenchmarkJudge(b *testing.B) {
	rnd := rand.New(rand.NewPCG(7, 8))
	chains := make([]*correlate.Chain, 1024)
	for i := range chains {
		chains[i] = write(1, true, correlate.Unattributed, 0)
		chains[i].Source = fmt.Sprintf("source%d", rnd.IntN(8))
		chains[i].Action = fmt.Sprintf("svc%d:Do", rnd.IntN(500))
		chains[i].Hops = make([]correlate.Hop, 3)
		chains[i].Class = correlate.Class(words["class"][rnd.IntN(8)])
	}
	run := func(name string, s *Set) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			j := s.NewJudge()
			var out []correlate.Alert
			i := 0
			for b.Loop() {
				out = j.Judge(nil, chains[i&1023], out[:0])
				i++
			}
		})
	}
	run("library", Library())
	for _, n := range []int{50, 500} {
		s := manyRules(b, n)
		run(fmt.Sprintf("indexed/%d", n), s)
		run(fmt.Sprintf("naive/%d", n), unindexed(s))
	}
}

// unindexed is s with every rule run on every chain.
func unindexed(s *Set) *Set {
	var bare []*compiled
	for _, r := range s.rules {
		bare = append(bare, &compiled{Rule: r.Rule, program: r.program})
	}
	return newSet(bare)
}

func BenchmarkFill(b *testing.B) {
	c := write(1, true, correlate.Unattributed, 0)
	c.Hops = make([]correlate.Hop, 3)
	var e Env
	var boxed any
	b.ReportAllocs()
	for b.Loop() {
		e.fill(c)
		boxed = e
	}
	_ = boxed
}
