package rules

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"whence/correlate"
)

// matches compiles when and asks it of c, by the engine and by its terms.
func matches(t *testing.T, when string, c *correlate.Chain) bool {
	t.Helper()
	q, err := compile(when, someLists)
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	s := newSet([]*compiled{{Rule: Rule{ID: "r"}, question: q}})
	j := s.NewJudge()
	j.OnError = func(_ string, _ bool, err error) { t.Errorf("%s: %v", when, err) }
	sameAsEngine(t, j, when, q, c)
	return j.verdict(s.rules[0], c) == matched
}

func TestEnvHoldsTheChain(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.FixedZone("east", 9*3600)) // 20:06 the day before, in UTC
	alice := correlate.Principal{Type: correlate.Human, ID: "alice@example.com", Name: "Alice", Issuer: "okta", Unit: "payments", Owner: "dora@example.com"}
	key := correlate.Key{Kind: "aws.access_key", Value: "ASIAEXAMPLE000000001"}
	run := correlate.Key{Kind: "github.run", Value: "acme/shop/1/1"}
	c := &correlate.Chain{
		Event: correlate.Event{
			Source: "aws.cloudtrail", Action: "s3:DeleteObject", Class: correlate.Write, Outcome: correlate.Success, Error: "e", Tenant: "t", Time: at, Primary: true,
			Actor: alice, Uses: []correlate.Link{{Role: correlate.Acting, Key: key}},
			Resources: []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::example/a/b"}},
			Context:   correlate.Context{IP: "::ffff:10.1.2.3", Agent: "cli", Account: "123456789012", Region: "eu-west-1", Session: "s", Trace: "t", Ticket: "T-1", App: "shop", Unit: "u"},
			Usage:     correlate.Usage{Model: "m", InputTokens: 7, OutputTokens: 8, CostUSD: 0.5, CostKnown: true},
		},
		Settled: true, Status: correlate.Attributed, Proof: correlate.Issued, Missing: run, Reason: "because", Requestor: alice,
		Approvers:  []correlate.Approver{{Principal: alice, Via: "ticket", Time: at.Add(-time.Minute)}},
		Hops:       []correlate.Hop{{Key: key, Principal: alice, Proof: correlate.Issued, Method: "m", Source: "s", State: "revoked"}, {Key: run, Time: at.Add(-time.Hour)}},
		Candidates: []correlate.Candidate{{Key: run, Principal: alice, Proof: correlate.Claimed, Method: "m", Why: "dead"}},
	}
	for _, when := range []string{
		`source == "aws.cloudtrail" and action == "s3:DeleteObject" and class == "write" and outcome == "success" and error == "e" and tenant == "t"`,
		`hour == 20 and weekday == "tuesday"`,
		`status == "attributed" and proof == "issued" and proven and settled and not truncated and reason == "because"`,
		`missing.kind == "github.run" and missing.value == "acme/shop/1/1"`,
		`executor.type == "human" and executor.id == "alice@example.com" and executor.key.kind == "aws.access_key" and executor.key.value startsWith "ASIA"`,
		`requestor.name == "Alice" and requestor.issuer == "okta" and requestor.unit == "payments" and requestor.owner == "dora@example.com"`,
		`len(hops) == 2 and hops[0].proof == "issued" and hops[0].method == "m" and hops[0].source == "s" and hops[0].state == "revoked" and hops[0].age == 0`,
		`root.key.kind == "github.run" and root.age == 3600 and any(hops, .principal.id == "alice@example.com")`,
		`approvers[0].id == requestor.id and approvers[0].via == "ticket" and approvers[0].age == 60`,
		`candidates[0].key.kind == "github.run" and candidates[0].principal.name == "Alice" and candidates[0].proof == "claimed" and candidates[0].method == "m" and candidates[0].why == "dead"`,
		`resources[0].type == "aws.s3.object" and glob(resources[0].id, "arn:*:::example/*/b")`,
		`context.agent == "cli" and context.account == "123456789012" and context.region == "eu-west-1" and context.session == "s"`,
		`context.trace == "t" and context.ticket == "T-1" and context.app == "shop" and context.unit == "u"`,
		`usage.model == "m" and usage.input_tokens == 7 and usage.output_tokens == 8 and usage.cost_usd == 0.5 and usage.cost_known`,
		`holds("aws.access_key") and holds("github.run") and not holds("vault.accessor")`,
		`cidr(context.ip, "10.0.0.0/8") and not cidr(context.ip, "192.0.2.0/24") and not cidr("cloudformation.amazonaws.com", "0.0.0.0/0")`,
	} {
		if !matches(t, when, c) {
			t.Errorf("does not match: %s", when)
		}
	}
	// Nothing is left over from the chain before.
	empty := &correlate.Chain{Event: correlate.Event{Primary: true}}
	var used, fresh Env
	used.fill(c)
	used.fill(empty)
	fresh.fill(empty)
	if d := cmp.Diff(fresh, used, cmpopts.IgnoreFields(Env{}, "Holds", "Signal", "Crosses"), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("-fresh +used:\n%s", d)
	}
}

func TestListsAreBounded(t *testing.T) {
	c := &correlate.Chain{Event: correlate.Event{Primary: true}}
	grow := func(with string) {
		c.Hops = append(c.Hops, correlate.Hop{Method: with, Key: correlate.Key{Kind: correlate.Kind(with)}})
		c.Approvers = append(c.Approvers, correlate.Approver{Via: with})
		c.Candidates = append(c.Candidates, correlate.Candidate{Why: with})
		c.Resources = append(c.Resources, correlate.Resource{Type: with})
	}
	check := func(why string, whens ...string) {
		t.Helper()
		for _, when := range whens {
			if !matches(t, when, c) {
				t.Errorf("%s: %s", why, when)
			}
		}
	}
	for range maxList {
		grow("m")
	}
	check("64 fit", `len(hops) == 64 and len(approvers) == 64 and len(candidates) == 64 and len(resources) == 64 and not truncated`)
	grow("last")
	check("the 65th is cut, and said so; the root stays",
		`len(hops) == 64 and truncated and root.method == "last" and not holds("last") and holds("m")`,
		`len(approvers) == 64 and len(candidates) == 64 and len(resources) == 64`,
		`none(hops, .method == "last") and none(approvers, .via == "last") and none(candidates, .why == "last") and none(resources, .type == "last")`)
}
