package sinks

import (
	"time"

	"whence/correlate"
)

// siemChains are chains of every kind that a SIEM is sent, by what they are.
func siemChains() map[string]correlate.Chain {
	all := map[string]correlate.Chain{
		"api_activity": deleted(), "authentication": assumed(), "logon": loggedIn(), "authorize_session": reviewed(), "user_access": activated(),
		"model_call": called(), "unattributed": unknownSecret(),
	}
	for name, c := range all {
		c.Seal(1)
		all[name] = c
	}
	return all
}

// siemAlerts are one alert from its first version to its end.
func siemAlerts() map[string]correlate.Alert {
	c := unknownSecret()
	c.Seal(1)
	a := correlate.Alert{
		ID: correlate.NewID("alert", "unattributed-secret-access", c.ID.String()), Version: c.Version, State: correlate.AlertOpen,
		Rule: "unattributed-secret-access", Title: "A secret was read and nobody can be held to it", Severity: "high", RuleVersion: "5d41402a",
		ChainID: c.ID, ActionID: c.ActionID, Time: c.Time, Source: c.Source, Action: c.Action, Status: c.Status,
		Executor: c.Actor, Resources: c.Resources, Reason: c.Reason,
	}
	update := a
	update.Update, update.Status, update.Version = true, correlate.Partial, a.Version+1<<23
	closed := a
	closed.State, closed.Status, closed.Version = correlate.AlertClosed, correlate.Attributed, a.Version+1<<24
	closed.Requestor = person("alice")
	closed.Reason = "the chain is attributed to alice@example.com (issued) since a later fact"
	over := a
	over.Rule, over.Title, over.Group = "secrets-read-by-one", "One principal read more secrets than it ever did", []string{"prod/hvs.abc"}
	over.ID = correlate.NewID("alert", over.Rule, "window")
	over.ChainID = over.ID
	over.Over = correlate.OverTime{From: siemDay.Truncate(time.Hour), To: siemDay.Truncate(time.Hour).Add(time.Hour), Value: 12, Limit: 10, Chains: []correlate.ID{c.ID, correlate.NewID("other")}}
	return map[string]correlate.Alert{"finding_over": over, "finding_create": a, "finding_update": update, "finding_close": closed}
}

var siemDay = time.Date(2026, 3, 4, 10, 0, 0, 123456789, time.UTC)

func person(name string) correlate.Principal {
	return correlate.Principal{Type: correlate.Human, ID: name + "@example.com", Issuer: "okta", Unit: "payments"}
}

func roleOf(name, session string) correlate.Principal {
	return correlate.Principal{Type: correlate.RoleType, ID: "arn:aws:sts::123456789012:assumed-role/" + name + "/" + session, Name: name, Issuer: "aws"}
}

func siemEvent(source, eventID, action string, class correlate.Class) correlate.Event {
	return correlate.Event{
		ID: correlate.NewID("siem", source, eventID), ActionID: correlate.NewID("siem", source, eventID), Primary: true,
		Source: source, EventID: eventID, Time: siemDay, Action: action, Class: class, Outcome: correlate.Success,
		Evidence: correlate.Evidence{Topic: "raw." + source, Partition: 3, Offset: 4711, SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
	}
}

func acting(k correlate.Key, method string) []correlate.Link {
	return []correlate.Link{{Role: correlate.Acting, Key: k, Proof: correlate.Attested, Method: method}}
}

// deleted is a person who deletes by way of a run and a role.
func deleted() correlate.Chain {
	key := correlate.Key{Kind: "aws.access_key", Value: "ASIAEXAMPLE000000001"}
	run := correlate.Key{Kind: "github.run", Value: "example/shop/4711/1"}
	e := siemEvent("aws.cloudtrail", "11111111-1111-4111-8111-111111111111", "s3:DeleteObject", correlate.Write)
	e.Actor, e.Uses = roleOf("deploy", "run-4711"), acting(key, "aws.cloudtrail.accessKeyId")
	e.Resources = []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::shop/receipts/1"}}
	e.Context = correlate.Context{IP: "192.0.2.7", Agent: "aws-cli/2.15", Account: "123456789012", Region: "eu-west-1", Trace: "4bf92f3577b34da6a3ce929d0e0e4736"}
	return correlate.Chain{
		Event: e, Rank: 3, Settled: true, Status: correlate.Attributed, Proof: correlate.Claimed, Requestor: person("alice"),
		Approvers: []correlate.Approver{{Principal: person("bob"), Time: siemDay.Add(-5 * time.Minute), Via: "github.deployment_review", EventID: "r1"}},
		Hops: []correlate.Hop{
			{Key: key, Principal: e.Actor, Proof: correlate.Issued, Method: "aws.sts.web_identity", EventID: "22222222-2222-4222-8222-222222222222", Source: "aws.cloudtrail", Time: siemDay.Add(-time.Minute)},
			{Key: run, Principal: correlate.Principal{Type: correlate.CIRun, ID: run.Value, Issuer: "github"}, Proof: correlate.Claimed, Method: "github.run_id_in_session_name", EventID: "h2", Source: "github.webhook", Time: siemDay.Add(-2 * time.Minute)},
			{Principal: person("alice"), Proof: correlate.Attested, Method: "github.actor"},
		},
	}
}

// assumed is a role that somebody took on.
func assumed() correlate.Chain {
	key := correlate.Key{Kind: "aws.access_key", Value: "AKIAEXAMPLE000000001"}
	minted := correlate.Key{Kind: "aws.access_key", Value: "ASIAEXAMPLE000000002"}
	e := siemEvent("aws.cloudtrail", "33333333-3333-4333-8333-333333333333", "sts:AssumeRole", correlate.Auth)
	e.Actor = correlate.Principal{Type: correlate.Human, ID: "arn:aws:iam::123456789012:user/alice", Name: "alice", Issuer: "aws"}
	e.Uses = acting(key, "aws.cloudtrail.accessKeyId")
	e.Mints = []correlate.Fact{{
		Kind: correlate.Account, Key: minted, Origin: e.ID, Source: e.Source, EventID: e.EventID, Time: e.Time, Proof: correlate.Issued,
		Method: "aws.sts.assume_role", Principal: roleOf("deploy", "alice"), Start: e.Time, End: e.Time.Add(time.Hour),
	}}
	e.Context = correlate.Context{IP: "2001:db8::7", Account: "123456789012", Region: "eu-west-1"}
	return correlate.Chain{
		Event: e, Rank: 1, Settled: true, Status: correlate.Attributed, Proof: correlate.Attested, Requestor: person("alice"),
		Hops: []correlate.Hop{{Key: key, Principal: person("alice"), Proof: correlate.Attested, Method: "aws.iam.user"}},
	}
}

// loggedIn is as little as a line may say.
func loggedIn() correlate.Chain {
	e := siemEvent("okta.system_log", "44444444-4444-4444-8444-444444444444", "user.session.start", correlate.Auth)
	e.Actor, e.Outcome, e.Error = person("carol"), correlate.Denied, "INVALID_CREDENTIALS"
	return correlate.Chain{Event: e, Settled: true, Status: correlate.Attributed, Proof: correlate.Attested, Requestor: person("carol")}
}

// reviewed is a run that was allowed to go on.
func reviewed() correlate.Chain {
	run := correlate.Key{Kind: "github.run", Value: "example/shop/4711/1"}
	e := siemEvent("github.webhook", "55555555", "github.deployment_review.approved", correlate.Deploy)
	e.Actor = person("bob")
	e.Mints = []correlate.Fact{{
		Kind: correlate.Approval, Key: run, Origin: e.ID, Source: e.Source, EventID: e.EventID, Time: e.Time, Proof: correlate.Attested,
		Method: "github.deployment_review", Principal: e.Actor, Start: e.Time,
	}}
	e.Resources = []correlate.Resource{{Type: "github.environment", ID: "example/shop/production"}}
	e.Context.Account = "example"
	return correlate.Chain{
		Event: e, Settled: true, Status: correlate.Attributed, Proof: correlate.Attested, Requestor: person("bob"),
		Hops: []correlate.Hop{{Principal: person("bob"), Proof: correlate.Attested, Method: "github.reviewer"}},
	}
}

// activated is a role that a person asked for and was allowed to have.
func activated() correlate.Chain {
	request := correlate.Key{Kind: "entra.pim_request", Value: "11112222-3333-4444-8555-666677778888/9e9e0001-0000-4000-8000-000000000001"}
	e := siemEvent("entra.audit", "Directory_cccc0002", "Add member to role request approved (PIM activation)", correlate.Admin)
	e.Actor = person("carol")
	e.Mints = []correlate.Fact{{
		Kind: correlate.Approval, Key: request, Origin: e.ID, Source: e.Source, EventID: e.EventID, Time: e.Time, Proof: correlate.Issued,
		Method: "entra.pim_approval", Principal: e.Actor, Start: e.Time,
	}}
	e.Resources = []correlate.Resource{
		{Type: "entra.role", ID: "62e90394-69f5-4237-9190-012177145e10"},
		{Type: "entra.request", ID: "9e9e0001-0000-4000-8000-000000000001"},
		{Type: "entra.user", ID: "a11ce000-0000-4000-8000-000000000001"},
	}
	e.Context = correlate.Context{IP: "192.0.2.10", Account: "11112222-3333-4444-8555-666677778888", Ticket: "INC-4711"}
	return correlate.Chain{
		Event: e, Rank: 1, Settled: true, Status: correlate.Attributed, Proof: correlate.Attested, Requestor: person("carol"),
		Hops: []correlate.Hop{{Principal: person("carol"), Proof: correlate.Attested, Method: "entra.initiated_by"}},
	}
}

// called is a call of a model behind a gateway, by one of two.
func called() correlate.Chain {
	key := correlate.Key{Kind: "litellm.key", Value: "9b7f6c5d"}
	e := siemEvent("litellm.spend", "chatcmpl-1", "litellm.acompletion", correlate.Model)
	e.Actor, e.Uses = correlate.Principal{Type: correlate.APIKey, ID: "9b7f6c5d", Name: "support-bot", Issuer: "litellm"}, acting(key, "litellm.api_key")
	e.Resources = []correlate.Resource{{Type: "model", ID: "gpt-4o"}}
	e.Context = correlate.Context{App: "support", Unit: "care"}
	e.Usage = correlate.Usage{Model: "gpt-4o", InputTokens: 1200, OutputTokens: 34, CostUSD: 0.00334, CostKnown: true}
	return correlate.Chain{
		Event: e, Rank: 2, Status: correlate.Ambiguous, Proof: correlate.Inferred, Missing: correlate.Key{Kind: "trace", Value: "4bf92f3577b34da6a3ce929d0e0e4736"},
		Reason: "2 candidates remain and the logs do not tell them apart",
		Hops:   []correlate.Hop{{Key: key, Principal: e.Actor, Proof: correlate.Attested, Method: "litellm.api_key"}},
		Candidates: []correlate.Candidate{
			{Key: correlate.Key{Kind: "agent.session", Value: "s1"}, Principal: person("dan"), Proof: correlate.Inferred, Method: "agent.alias", EventID: "c1", Why: "one of 2 that were live"},
			{Key: correlate.Key{Kind: "agent.session", Value: "s2"}, Principal: person("erin"), Proof: correlate.Inferred, Method: "agent.alias", EventID: "c2", Why: "one of 2 that were live"},
		},
	}
}

// unknownSecret is a secret that nobody can be held to have read.
func unknownSecret() correlate.Chain {
	key := correlate.Key{Kind: "vault.accessor", Value: "prod/hvs.abc"}
	e := siemEvent("vault.audit", "66666666-6666-4666-8666-666666666666/response", "vault.read", correlate.Secret)
	e.Actor, e.Uses = correlate.Principal{Type: correlate.Unknown, ID: "prod/hvs.abc", Issuer: "vault"}, acting(key, "vault.accessor")
	e.Resources = []correlate.Resource{{Type: "vault.kv", ID: "secret/data/payments"}}
	e.Context = correlate.Context{IP: "ci-7.internal"}
	return correlate.Chain{
		Event: e, Settled: true, Status: correlate.Unattributed, Missing: key,
		Reason: "no log of vault.accessor:prod/hvs.abc being issued; is the vault audit device enabled?",
	}
}
