package rules

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/expr-lang/expr/ast"
)

// TestIndexIsEveryRule makes sets of expressions up and compares what they say with
// the same rules asked one by one, by the engine alone.
func TestIndexIsEveryRule(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	w := writer{rnd}
	facets, matches := 0, 0
	for range 60 {
		names := []string{"action", w.name(""), w.pick("hops", "approvers", "candidates") + "[]" + w.pick(".key.kind", ".principal.id", ".method", ".id", ".via"), "resources[].id", "held[]"}
		var rules []*compiled
		for n := 1 + rnd.IntN(150); len(rules) < n; {
			terms := []string{w.truth(rnd.IntN(2), "")}
			for range rnd.IntN(4) {
				terms = append(terms, w.few(names))
			}
			rnd.Shuffle(len(terms), func(i, j int) { terms[i], terms[j] = terms[j], terms[i] })
			r := &compiled{Rule: Rule{ID: fmt.Sprintf("r%03d", len(rules)), Settled: rnd.IntN(4) == 0, When: strings.Join(terms, " and ")}}
			var err error
			if r.question, err = compile(r.When, someLists); err != nil {
				continue
			}
			switch rnd.IntN(6) {
			case 0:
				r.declared.sources = []string{"a", "aws.cloudtrail"}
			case 1:
				r.declared.prefixes = []string{"iam:", "iam:Create", "a"}
			}
			rules = append(rules, r)
		}
		s := newSet(rules)
		facets += len(s.index.facets)
		j, engine := s.NewJudge(), s.NewJudge()
		for range 60 {
			c := anyChain(rnd)
			found := map[string]bool{}
			for r := range j.matches(c) {
				found[r.ID] = true
			}
			j.release()
			for _, r := range rules {
				bare := &compiled{Rule: r.Rule, question: question{program: r.program}, declared: r.declared}
				if want := engine.verdict(bare, c) == matched; want != found[r.ID] {
					t.Fatalf("found: %t; %s of %+v", !want, r.When, c)
				}
			}
			engine.release()
			matches += len(found)
		}
	}
	t.Logf("%d facets, %d matches", facets, matches)
	if facets < 250 || matches < 10000 {
		t.Error("the sets are not telling")
	}
}

func TestLongestEnd(t *testing.T) {
	rnd := rand.New(rand.NewPCG(17, 18))
	some := func() string {
		b := make([]byte, rnd.IntN(6))
		for i := range b {
			b[i] = "abc"[rnd.IntN(3)]
		}
		return string(b)
	}
	for range 500 {
		terms := make([][]term, 1+rnd.IntN(100))
		starts := make([]string, len(terms))
		for i := range terms {
			starts[i] = some()
			h := hints{prefixes: starts[i : i+1]}
			terms[i] = h.terms()
		}
		begins := newFacet("action", terms)
		for i := range terms {
			terms[i] = []term{termOf(&ast.BinaryNode{
				Operator: "endsWith", Left: &ast.IdentifierNode{Value: "action"}, Right: &ast.StringNode{Value: starts[i]}}, nil)}
		}
		ends := newFacet("action"+atEnd, terms)
		for range 20 {
			v := some()
			front, back := begins.of(v), ends.of(v)
			for i, p := range starts {
				if got, want := front[i/64]>>(i%64)&1 == 1, strings.HasPrefix(v, p); got != want {
					t.Fatalf("%q begins with %q: %t, want %t; of %q", v, p, got, want, starts)
				}
				if got, want := back[i/64]>>(i%64)&1 == 1, strings.HasSuffix(v, p); got != want {
					t.Fatalf("%q ends with %q: %t, want %t; of %q", v, p, got, want, starts)
				}
			}
		}
	}
}
