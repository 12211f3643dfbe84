package sinks_test

import (
	"fmt"
	"time"

	"whence/correlate"
)

// day is when the fixtures happen.
var day = time.Date(2026, 3, 4, 10, 0, 0, 123456789, time.UTC)

func deployRun() correlate.Key {
	return correlate.Key{Kind: "github.run", Value: "example/shop/4711/1"}
}

func accessKey(n int) correlate.Key {
	return correlate.Key{Kind: "aws.access_key", Value: fmt.Sprintf("ASIAEXAMPLE%09d", n)}
}

// fullChain sets every field there is.
func fullChain(n int) correlate.Chain {
	id := correlate.NewID("fixture", fmt.Sprint(n))
	alice := correlate.Principal{
		Type: correlate.Human, ID: "alice@example.com", Name: "Alice", Issuer: "okta", Unit: "payments", Owner: "bob@example.com",
		Names: []string{"00uALICE", "alice"},
	}
	role := correlate.Principal{
		Type: correlate.RoleType, ID: "arn:aws:sts::123456789012:assumed-role/deploy/run-4711", Name: "deploy", Issuer: "aws",
		Names: []string{"AROAEXAMPLE:run-4711"},
	}
	run := correlate.Principal{Type: correlate.CIRun, ID: "example/shop/4711/1", Issuer: "github", Names: []string{"run 4711"}}
	c := correlate.Chain{
		Event: correlate.Event{
			ID: id, Source: "aws.cloudtrail", EventID: fmt.Sprintf("00000000-0000-4000-8000-%012d", n), Time: day.Add(time.Duration(n) * time.Second),
			ActionID: correlate.NewID("action", fmt.Sprint(n)), Primary: true, Tenant: "example",
			Actor: role,
			Uses: []correlate.Link{
				{Role: correlate.Acting, Key: accessKey(n), Principal: role, Proof: correlate.Issued, Method: "aws.access_key"},
				{Role: correlate.Requestor, Key: deployRun(), Proof: correlate.Claimed, Method: "github.run_id_in_session_name", At: day.Add(-time.Minute)},
			},
			Mints: []correlate.Fact{{
				Kind: correlate.Account, Key: accessKey(n + 1), Origin: id, Source: "aws.cloudtrail", EventID: "e", Time: day,
				Proof: correlate.Issued, Method: "aws.sts.assume_role", Principal: role, Start: day, End: day.Add(time.Hour),
				Parents: []correlate.Link{{Role: correlate.Requestor, Key: accessKey(n), Proof: correlate.Issued, Method: "aws.sts.assume_role"}},
			}},
			Action: "s3:DeleteObject", Class: correlate.Write, Outcome: correlate.Denied, Error: "AccessDenied",
			Resources: []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::shop/receipts/1"}, {Type: "aws.s3.bucket", ID: "arn:aws:s3:::shop"}},
			Context: correlate.Context{
				IP: "192.0.2.7", Agent: "aws-cli/2.15 \"quoted\" 'too' \\ \t\n", Account: "123456789012", Region: "eu-west-1", Session: "s",
				Trace: "4bf92f3577b34da6a3ce929d0e0e4736", Ticket: "OPS-1", App: "shop", Unit: "claimed unit",
			},
			Usage:    correlate.Usage{Model: "example-large", InputTokens: 1200, OutputTokens: 34, CostUSD: 0.0125, CostKnown: true},
			Evidence: correlate.Evidence{Topic: "raw.cloudtrail", Partition: 3, Offset: 1 << 40, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
		},
		Rank: 3, Settled: true, Status: correlate.Attributed, Proof: correlate.Claimed,
		Missing: correlate.Key{Kind: "github.run", Value: "example/shop/4712/1"}, Reason: "no log of it",
		Requestor: alice,
		Approvers: []correlate.Approver{
			{Principal: correlate.Principal{Type: correlate.Human, ID: "bob@example.com", Names: []string{"bob"}}, Time: day.Add(-time.Hour), Via: "github.deployment_review", EventID: "r1"},
			{Principal: correlate.Principal{Type: correlate.Human, ID: "carol@example.com"}, Via: "ticket", EventID: "r2"},
		},
		Hops: []correlate.Hop{
			{Key: accessKey(n), Principal: role, Proof: correlate.Issued, Method: "aws.sts.web_identity", EventID: "h1", Source: "aws.cloudtrail", Time: day.Add(-time.Minute), State: "revoked"},
			{Key: deployRun(), Principal: run, Proof: correlate.Claimed, Method: "github.run_id_in_session_name", EventID: "h2", Source: "github.webhook", Time: day.Add(-2 * time.Minute)},
			{Principal: alice, Proof: correlate.Attested, Method: "github.actor"},
		},
		Candidates: []correlate.Candidate{
			{Key: correlate.Key{Kind: "okta.session", Value: "102a"}, Principal: correlate.Principal{Type: correlate.Human, ID: "dan@example.com", Names: []string{"dan"}}, Proof: correlate.Inferred, Method: "okta.alias", EventID: "c1", Why: "ended before"},
			{Why: "not known"},
		},
		Walked: []correlate.Key{accessKey(n), deployRun(), {Kind: "github.sub", Value: "repo:example/shop:ref:refs/heads/main"}},
		Waits:  []correlate.Key{deployRun()},
	}
	c.Seal(1)
	return c
}

// bareChain sets as little as a decoder may.
func bareChain(n int) correlate.Chain {
	c := correlate.Chain{
		Event: correlate.Event{
			ID: correlate.NewID("bare", fmt.Sprint(n)), Source: "okta.system_log", EventID: fmt.Sprint(n), Time: day.Add(time.Duration(n) * time.Second),
			ActionID: correlate.NewID("bare", fmt.Sprint(n)), Action: "user.session.start", Class: correlate.Auth, Outcome: correlate.Success,
		},
		Status: correlate.Unattributed,
	}
	c.Seal(1)
	return c
}

// improved is c one version later.
func improved(c correlate.Chain) correlate.Chain {
	c.Rank++
	c.Reason = "improved"
	c.Seal(1)
	return c
}

func alertOn(c *correlate.Chain, state correlate.AlertState) correlate.Alert {
	return correlate.Alert{
		ID: correlate.NewID("alert", "no-requestor", c.ID.String()), Version: c.Version, State: state, Rule: "no-requestor",
		Title: "Nobody asked for this", Severity: "high", RuleVersion: "5f0c2d9a7e41", ChainID: c.ID, ActionID: c.ActionID, Time: c.Time, Source: c.Source,
		Action: c.Action, Status: c.Status, Requestor: c.Requestor, Executor: c.Actor, Resources: c.Resources, Reason: "no log of it",
	}
}

func someReject(offset int64) correlate.Reject {
	return correlate.Reject{
		Source: "aws.cloudtrail", Reason: correlate.RejectNotJSON, Detail: "the record is not valid JSON", Topic: "raw.cloudtrail",
		Partition: 1, Offset: offset, Time: day, SHA256: "00", Raw: []byte("{"),
	}
}
