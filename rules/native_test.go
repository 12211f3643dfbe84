package rules

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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

// pool is the text of chains and of constants.
var pool = []string{"", "a", "ab", "abc", "b", "bc", "A", "Ab", "\u00e9a", "success", "write", "iam:", "iam:Create", "iam:CreateUser", "revoked", "x/y"}

// writer makes expressions up.
type writer struct{ *rand.Rand }

func (w writer) pick(of ...string) string { return of[w.IntN(len(of))] }

func (w writer) quoted() string { return fmt.Sprintf("%q", w.pick(pool...)) }

// truth writes something that is true or false; list is what # walks, if anything.
func (w writer) truth(depth int, list string) string {
	if depth > 0 {
		a := func() string { return w.truth(depth-1, list) }
		switch w.IntN(10) {
		case 0, 1, 2, 3:
			return fmt.Sprintf("(%s %s %s)", a(), w.pick("and", "&&"), a())
		case 4, 5:
			return fmt.Sprintf("(%s %s %s)", a(), w.pick("or", "||"), a())
		case 6:
			return w.pick("not ", "!") + "(" + a() + ")"
		case 7:
			if list == "" {
				over := w.pick("hops", "approvers", "candidates", "resources")
				return fmt.Sprintf("%s(%s, %s)", w.pick("any", "any", "any", "all", "none", "one"), over, w.truth(depth-1, over))
			}
		case 8:
			return fmt.Sprintf("(%s %s %s)", a(), w.pick("==", "!="), a())
		}
	}
	switch w.IntN(14) {
	case 0, 1, 2:
		return fmt.Sprintf("%s %s %s", w.text(list), w.pick("==", "!=", "startsWith", "contains", "endsWith"), w.text(list))
	case 3, 4, 5:
		return fmt.Sprintf("%s %s %s", w.name(list), w.pick("==", "!=", "startsWith", "endsWith"), w.quoted())
	case 6:
		return fmt.Sprintf("%s %s [%s, %s]", w.text(list), w.pick("in", "not in"), w.quoted(), w.quoted())
	case 7:
		return fmt.Sprintf("%s %s %s", w.number(list), w.pick("==", "!=", "<", ">", "<=", ">="), w.number(list))
	case 8:
		return fmt.Sprintf("%s in [%d, %d]", w.pick("hour", "len(hops)", "usage.input_tokens"), w.IntN(5), w.IntN(5))
	case 9:
		return fmt.Sprintf(`%s matches "%s"`, w.text(list), w.pick("^a", "b$", "[ab]+c?", "(?i)AB"))
	case 10:
		return w.pick(`holds("aws.access_key")`, `holds("github.run")`, `holds("")`, "holds("+w.text(list)+")")
	case 11:
		return w.pick(`cidr(context.ip, "10.0.0.0/8")`, `cidr(context.ip, "192.0.2.0/24")`, `cidr("fe80::1", "fe80::/10")`, fmt.Sprintf("glob(%s, %s)", w.pick(`"*b*"`, `"a?"`), w.text(list)))
	case 12:
		// What only the engine can do, and what fails.
		return w.pick("hops[0].state == \"revoked\"", "hour % usage.input_tokens == 1", "action + source == \"ab\"", "len(filter(hops, .state == \"revoked\")) > 0",
			"(let n = len(hops); n > 1)", "(proven ? settled : truncated)", "action < source", "root.age / 2 > 5", "len([1, 2]) == 2", "action[0:1] == \"a\"")
	default:
		return w.pick("settled", "proven", "truncated", "usage.cost_known", "true", "false")
	}
}

func (w writer) text(list string) string {
	switch w.IntN(6) {
	case 0:
		return w.quoted()
	case 1:
		return w.pick("lower", "upper", "trim") + "(" + w.name(list) + ")"
	default:
		return w.name(list)
	}
}

// name writes the name of a text.
func (w writer) name(list string) string {
	names := []string{"action", "class", "source", "status", "proof", "outcome"} // often, so that they are indexed
	if w.IntN(2) == 0 {
		names = names[:0]
		for n := range known.texts {
			if !strings.Contains(n, "[]") {
				names = append(names, n)
			}
		}
	}
	if list != "" && w.IntN(3) > 0 {
		names = names[:0]
		for n := range known.texts {
			if e, ok := strings.CutPrefix(n, list+"[]"); ok {
				names = append(names, e)
			}
		}
	}
	slices.Sort(names)
	n := w.pick(names...)
	if n == "class" || n == "status" || n == "proof" || n == "outcome" || n == "weekday" {
		return w.pick(n, "lower("+n+")") // a constant beside the bare name has to be a word of it
	}
	return n
}

func (w writer) number(list string) string {
	of := []string{"hour", "usage.input_tokens", "usage.output_tokens", "usage.cost_usd", "root.age", "0", "1", "-2", "0.5", "2 * 3 - 4",
		"len(hops)", "len(approvers)", "len(candidates)", "len(resources)", "len(action)", "count(approvers, .via == \"a\")"}
	switch list {
	case "hops", "approvers":
		of = append(of, ".age", ".age")
	}
	return w.pick(of...)
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
		q, err := compile(when)
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

// few writes a term about one of few names, as the rules of one set are.
func (w writer) few(names []string) string {
	compare := func(name string) string {
		return fmt.Sprintf("%s %s %s", name, w.pick("==", "==", "!=", "startsWith", "startsWith"), w.quoted())
	}
	name := w.pick(names...)
	list, element, ok := strings.Cut(name, "[]")
	if !ok {
		return w.pick(compare(name), fmt.Sprintf("(%s or %s)", compare(name), compare(name)), fmt.Sprintf("%s not in [%s, %s]", name, w.quoted(), w.quoted()))
	}
	if list == "held" {
		return w.pick(`holds("aws.access_key")`, `not holds("aws.access_key")`, `holds("github.run")`, "holds(action)")
	}
	p := compare(element)
	switch w.IntN(6) {
	case 0:
		p += " and " + compare(element)
	case 1:
		p += " and " + w.truth(0, list)
	case 2:
		p += " or " + compare(element)
	case 3:
		p = w.pick("truncated", "not settled", "action == \"a\"", "true")
	}
	return fmt.Sprintf("%s(%s, %s)", w.pick("any", "any", "any", "none"), list, p)
}

// TestIndexIsEveryRule makes sets of expressions up and compares what they say with
// the same rules asked one by one, by the engine alone.
func TestIndexIsEveryRule(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	w := writer{rnd}
	facets, matches := 0, 0
	for range 100 {
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
			if r.question, err = compile(r.When); err != nil {
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
		for range 100 {
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
	if facets < 400 || matches < 10000 {
		t.Error("the sets are not telling")
	}
}

func TestLongestPrefix(t *testing.T) {
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
		f := newFacet("action", terms)
		for range 20 {
			v := some()
			r := f.of(v)
			for i, p := range starts {
				if got, want := r[i/64]>>(i%64)&1 == 1, strings.HasPrefix(v, p); got != want {
					t.Fatalf("%q begins with %q: %t, want %t; of %q", v, p, got, want, starts)
				}
			}
		}
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
		q, err := compile(when)
		if err != nil {
			return
		}
		rnd := rand.New(rand.NewPCG(seed, 1))
		for range 10 {
			sameAsEngine(t, j, when, q, anyChain(rnd))
		}
	})
}
