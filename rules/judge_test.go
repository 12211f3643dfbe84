package rules

import (
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

// absence waits for the chain to settle; presence does not.
const (
	absence  = `{id: absence, title: Nobody, severity: high, why: w, settled: true, when: "class == 'write' and not proven", tests: [{name: n, match: true, chain: {class: write}}]}`
	presence = `{id: presence, title: Open door, severity: low, why: w, when: "class == 'write' and len(approvers) == 0", tests: [{name: n, match: true, chain: {class: write}}]}`
	broken   = `{id: broken, title: Broken, severity: low, why: w, when: "hops[0].state == 'revoked'", tests: [{name: n, match: false, chain: {hops: [{proof: issued}]}}]}`
)

func write(version uint64, settled bool, status correlate.Status, proof correlate.Proof) *correlate.Chain {
	c := &correlate.Chain{
		Event: correlate.Event{
			ID: correlate.NewID("event"), ActionID: correlate.NewID("action"), Primary: true, Time: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
			Source: "aws.cloudtrail", Action: "s3:DeleteObject", Class: correlate.Write, Outcome: correlate.Success,
			Actor:     correlate.Principal{Type: correlate.RoleType, ID: "arn:aws:sts::123456789012:assumed-role/deploy/run-1", Issuer: "aws"},
			Resources: []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::example/key"}},
		},
		Version: version, Settled: settled, Status: status, Proof: proof, Reason: "no log of it",
	}
	if status == correlate.Attributed {
		c.Reason = ""
		c.Requestor = correlate.Principal{Type: correlate.Human, ID: "alice@example.com", Issuer: "okta"}
	}
	return c
}

func approved(c *correlate.Chain) *correlate.Chain {
	c.Approvers = []correlate.Approver{{Principal: correlate.Principal{Type: correlate.Human, ID: "bob@example.com"}, Via: "ticket"}}
	return c
}

func secondary(c *correlate.Chain) *correlate.Chain {
	c.Primary = false
	return c
}

// brief is what the tests compare of an alert.
func brief(as []correlate.Alert) []string {
	var out []string
	for _, a := range as {
		out = append(out, strings.Join([]string{a.Rule, string(a.State), string(rune('0' + a.Version)), a.Reason}, "|"))
	}
	return out
}

func TestJudge(t *testing.T) {
	s := mustLoad(t, absence, presence)
	const no, at = correlate.Unattributed, correlate.Attributed
	for _, c := range []struct {
		name       string
		prev, next *correlate.Chain
		want       []string
	}{
		{"both match, in the order of their ids", nil, write(1, true, no, 0), []string{"absence|open|1|no log of it", "presence|open|1|no log of it"}},
		{"undecided says nothing", nil, write(1, false, no, 0), []string{"presence|open|1|no log of it"}},
		{"a claim is no proof", nil, approved(write(1, true, at, correlate.Claimed)), []string{"absence|open|1|"}},
		{"an inference is no proof", nil, approved(write(1, true, at, correlate.Inferred)), []string{"absence|open|1|"}},
		{"proven", nil, approved(write(1, true, at, correlate.Attested)), nil},
		{"nothing opened, nothing closed", write(1, true, at, correlate.Issued), approved(write(2, true, at, correlate.Issued)), []string{
			"presence|closed|2|the chain is attributed to alice@example.com (issued) since a later fact"}},
		{"the missing fact arrives", approved(write(1, true, no, 0)), approved(write(2, true, at, correlate.Issued)), []string{
			"absence|closed|2|the chain is attributed to alice@example.com (issued) since a later fact"}},
		{"it opens when it settles", approved(write(1, false, no, 0)), approved(write(2, true, no, 0)), []string{"absence|open|2|no log of it"}},
		{"what was undecided opened nothing", approved(write(1, false, no, 0)), approved(write(2, true, at, correlate.Issued)), nil},
		{"undecided again: the alert stays as it is", approved(write(1, true, no, 0)), approved(write(2, false, correlate.Partial, correlate.Issued)), nil},
		{"still so: a new version of the same alert", approved(write(1, true, no, 0)), approved(write(2, true, correlate.Partial, correlate.Issued)), []string{"absence|open|2|no log of it"}},
		{"one closes and one opens", approved(write(1, true, no, 0)), write(2, true, at, correlate.Issued), []string{
			"absence|closed|2|the chain is attributed to alice@example.com (issued) since a later fact", "presence|open|2|"}},
		{"still not known, but approved", write(1, false, no, 0), approved(write(2, false, no, 0)), []string{
			"presence|closed|2|the chain is unattributed since a later fact and the rule does not match any more"}},
		{"secondary lines are not judged", nil, secondary(write(1, true, no, 0)), nil},
		{"the line became secondary", approved(write(1, true, no, 0)), secondary(write(2, true, no, 0)), []string{
			"absence|closed|2|another line of the same action is the primary one since a later fact"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := s.NewJudge()
			got := j.Judge(c.prev, c.next, nil)
			if d := cmp.Diff(c.want, brief(got)); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if d := cmp.Diff(got, j.Judge(c.prev, c.next, nil)); d != "" {
				t.Errorf("the second time differs:\n%s", d)
			}
		})
	}
	if n := s.Failures(); len(n) != 0 {
		t.Errorf("errors: %v", n)
	}
}

func TestAlertIsOfItsChain(t *testing.T) {
	c := write(7, true, correlate.Unattributed, 0)
	before := []correlate.Alert{{Rule: "zzz"}}
	as := mustLoad(t, absence).NewJudge().Judge(nil, c, before)
	want := correlate.Alert{
		ID: correlate.NewID("alert", "absence", c.ID.String()), Version: 7, State: correlate.AlertOpen, Rule: "absence", Title: "Nobody", Severity: "high", RuleVersion: as[1].RuleVersion,
		ChainID: c.ID, ActionID: c.ActionID, Time: c.Time, Source: c.Source, Action: c.Action, Status: c.Status, Executor: c.Actor,
		Resources: []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::example/key"}}, Reason: "no log of it",
	}
	c.Resources[0].ID = "changed afterwards"
	if d := cmp.Diff([]correlate.Alert{{Rule: "zzz"}, want}, as); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestAgain(t *testing.T) {
	s := mustLoad(t, absence, broken)
	first := write(3, true, correlate.Unattributed, 0)
	open := s.NewJudge().Judge(nil, first, nil)[0]
	gone, failing := open, open
	gone.Rule, failing.Rule = "gone", "broken"
	for _, c := range []struct {
		name  string
		alert correlate.Alert
		chain *correlate.Chain
		want  string
	}{
		{"still so", open, write(4, true, correlate.Partial, correlate.Issued), "absence|open|4|no log of it"},
		{"attributed", open, write(4, true, correlate.Attributed, correlate.Issued), "absence|closed|4|the chain is attributed to alice@example.com (issued) since a later fact"},
		{"cannot tell yet", open, write(4, false, correlate.Attributed, correlate.Issued), "absence|open|4|"},
		{"an older version", open, write(2, true, correlate.Attributed, correlate.Issued), "absence|open|3|no log of it"},
		{"the rule has changed", open, write(3, true, correlate.Attributed, correlate.Issued), "absence|closed|3|the rule has changed and does not match any more"},
		{"no such rule", gone, write(4, true, correlate.Unattributed, 0), `gone|closed|4|there is no rule "gone" any more`},
		{"a rule that fails closes nothing", failing, write(4, true, correlate.Attributed, correlate.Issued), "broken|open|4|"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.NewJudge().Again(c.alert, c.chain)
			if d := cmp.Diff([]string{c.want}, brief([]correlate.Alert{got})); d != "" {
				t.Errorf("-want +got:\n%s", d)
			}
			if c.alert.Rule == "absence" && got.ID != open.ID {
				t.Error("another id")
			}
		})
	}
}

func TestErrorsAreCounted(t *testing.T) {
	s := mustLoad(t, broken, absence)
	j := s.NewJudge()
	var told []string
	var first []bool
	j.OnError = func(rule string, f bool, err error) {
		first, told = append(first, f), append(told, rule+": "+err.Error())
	}
	c := write(1, true, correlate.Unattributed, 0)
	if got := brief(j.Judge(nil, c, nil)); len(got) != 1 {
		t.Errorf("a rule that fails must not stop the others: %v", got)
	}
	want := []string{`broken: evaluate rule "broken": line 1, column 5: index out of range`}
	if d := cmp.Diff(want, told); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	j.Judge(nil, c, nil)
	if got := s.Failures(); len(got) != 1 || got[0].Rule != "broken" || got[0].Count != 2 || !strings.HasSuffix(want[0], got[0].Err.Error()) {
		t.Errorf("failures: %+v", got)
	}
	if d := cmp.Diff([]bool{true, false}, first); d != "" {
		t.Errorf("first time: -want +got:\n%s", d)
	}
}

// A value of the chain must not get into an error, and so into a log.
func TestErrorsHoldNoValues(t *testing.T) {
	s := mustLoad(t, `{id: r, title: t, severity: low, why: w, when: "int(error) > 0", tests: [{name: n, match: true, chain: {error: "7"}}]}`)
	j := s.NewJudge()
	var told error
	j.OnError = func(_ string, _ bool, err error) { told = err }
	c := write(1, true, correlate.Unattributed, 0)
	c.Error = "SECRET-MARKER"
	j.Judge(nil, c, nil)
	if told == nil || strings.Contains(told.Error(), "SECRET") {
		t.Errorf("error: %v", told)
	}
}

// The index must not change what is found: the same chains, judged by every
// rule in turn, give the same alerts.
func TestIndexFindsAll(t *testing.T) {
	s := Library()
	rnd := rand.New(rand.NewPCG(1, 2))
	j, all := s.NewJudge(), s.NewJudge()
	matches := 0
	for range 5000 {
		c := someChain(rnd)
		got := j.Judge(nil, c, nil)
		var want []correlate.Alert
		for _, r := range s.rules {
			if r.Over != nil {
				continue // asks of windows
			}
			bare := &compiled{Rule: r.Rule, question: question{program: r.program}}
			all.bound = nil
			if all.verdict(bare, c) == matched {
				want = append(want, alert(&r.Rule, c, correlate.AlertOpen, c.Reason))
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("-want +got:\n%s", d)
		}
		matches += len(got)
	}
	if matches < 1000 {
		t.Errorf("only %d matches: the chains are not telling", matches)
	}
}

func TestJudgesShareASet(t *testing.T) {
	s := Library()
	var want [][]correlate.Alert
	var chains []*correlate.Chain
	rnd := rand.New(rand.NewPCG(3, 4))
	j := s.NewJudge()
	for range 300 {
		c := someChain(rnd)
		chains = append(chains, c)
		want = append(want, j.Judge(nil, c, nil))
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			j := s.NewJudge()
			for i, c := range chains {
				if !cmp.Equal(want[i], j.Judge(nil, c, nil)) {
					t.Error("another judge says something else")
				}
			}
		})
	}
	wg.Wait()
}

// someChain is a chain made of what the library asks about.
func someChain(rnd *rand.Rand) *correlate.Chain {
	pick := func(of ...string) string { return of[rnd.IntN(len(of))] }
	types := []string{"human", "agent", "schedule", "role", "ci_run", "unknown"}
	c := write(uint64(rnd.IntN(9)), rnd.IntN(4) > 0, correlate.Status(pick(words["status"]...)), correlate.Proof(rnd.IntN(5)))
	c.Source = pick("aws.cloudtrail", "okta.system_log", "vault.audit", "github.webhook")
	c.Class, c.Outcome = correlate.Class(pick(words["class"]...)), correlate.Outcome(pick("success", "success", "denied"))
	c.Action = pick("cloudtrail:StopLogging", "iam:AttachRolePolicy", "iam:CreateAccessKey", "vault.delete", "github.deployment_status.created",
		"user.session.impersonation.grant", "s3:DeleteObject", "signin:ConsoleLogin", "")
	c.Actor.ID = pick("arn:aws:iam::123456789012:root", "config.amazonaws.com", "x")
	c.Actor.Type = correlate.PrincipalType(pick(types...))
	c.Requestor.ID = pick("", "alice@example.com", "bob@example.com")
	c.Resources = []correlate.Resource{{Type: "github.environment", ID: pick("acme/shop/production", "prod/sys/audit/file", "arn:aws:iam::aws:policy/AdministratorAccess", "x")}}
	if rnd.IntN(2) == 0 {
		approved(c)
	}
	for range rnd.IntN(3) {
		c.Hops = append(c.Hops, correlate.Hop{Principal: correlate.Principal{Type: correlate.PrincipalType(pick(types...))}, State: pick("", "", "revoked", "expired")})
	}
	return c
}

// An alert that the version before had is an update of it, and nothing else is.
func TestJudgeTellsUpdates(t *testing.T) {
	set := Library()
	j := set.NewJudge()
	var c correlate.Chain
	for _, r := range set.Rules() {
		for _, test := range r.Tests {
			if r.ID == "unattributed-secret-access" && test.Match && test.Prev == nil {
				c = test.Chain
			}
		}
	}
	if c.ID.IsZero() {
		c.ID = correlate.NewID("update")
	}
	c.Primary, c.Settled = true, true
	first := j.Judge(nil, &c, nil)
	if len(first) == 0 || first[0].Update {
		t.Fatalf("the first version: got %+v", first)
	}
	next := c
	next.Rank++
	next.Seal(1)
	for _, a := range j.Judge(&c, &next, nil) {
		if !a.Update || a.State != correlate.AlertOpen {
			t.Errorf("the next version: got %+v", a)
		}
	}
	before := c
	before.Settled = false // an alert on absence was not raised then
	for _, a := range j.Judge(&before, &c, nil) {
		if a.Rule == "unattributed-secret-access" && a.Update {
			t.Errorf("raised when it settled: got %+v", a)
		}
	}
}
