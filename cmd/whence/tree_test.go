package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

func TestTree(t *testing.T) {
	at := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	run := correlate.Principal{Type: correlate.CIRun, ID: "org/repo/123/1", Issuer: "github"}
	bob := correlate.Principal{Type: correlate.Human, ID: "bob@example.com", Name: "Bob", Issuer: "github"}
	c := correlate.Chain{
		Event: correlate.Event{
			ID: correlate.NewID("x"), Source: "aws.cloudtrail", EventID: "e-1", Time: at, Action: "s3:DeleteObject",
			Outcome: correlate.Denied, Error: "AccessDenied",
			Usage: correlate.Usage{Model: "claude", InputTokens: 12, OutputTokens: 3, CostUSD: 0.5, CostKnown: true},
		},
		Rank: 3, Version: 9, Status: correlate.Ambiguous, Proof: correlate.Inferred,
		Missing: correlate.Key{Kind: "github.sub", Value: "repo:org/repo"}, Reason: "2 candidates remain and the logs do not tell them apart",
		Approvers: []correlate.Approver{{Principal: bob, Time: at, Via: "github.deployment_review", EventID: "r-1"}},
		Hops: []correlate.Hop{
			{Key: correlate.Key{Kind: "aws.access_key", Value: "ASIA1"}, Principal: correlate.Principal{Type: correlate.RoleType, ID: "deploy\x1b[31m"},
				Proof: correlate.Issued, Method: "aws.sts.web_identity", EventID: "m-1", Source: "aws.cloudtrail", Time: at, State: "expired"},
			{Principal: run, Proof: correlate.Claimed, Method: "github.run_id"},
		},
		Candidates: []correlate.Candidate{
			{Key: correlate.Key{Kind: "github.run", Value: "org/repo/123/1"}, Principal: run, Proof: correlate.Inferred, Method: "github.sub", EventID: "w-1", Why: "live under the same name at the same time"},
			{Key: correlate.Key{Kind: "github.run", Value: "org/repo/124/1"}, Why: "live under the same name at the same time"},
		},
	}
	var got bytes.Buffer
	tree(&got, c, false)
	want := `s3:DeleteObject  denied AccessDenied  2026-03-04T12:00:00Z
|  claude, 12 tokens in and 3 out, 0.5 USD
|  told by aws.cloudtrail e-1
|
|- executor   role deploy?[31m
|             aws.access_key:ASIA1
|             issued by aws.sts.web_identity: aws.cloudtrail m-1 at 2026-03-04T12:00:00Z
|             it should not have worked any more, or not yet: expired
|- through    ci_run org/repo/123/1
|             claimed by github.run_id
` + "`" + `- missing    github.sub:repo:org/repo
              2 candidates remain and the logs do not tell them apart
              to fix it: let the logs carry an id that the candidates do not share, such as a run id or a source identity
approved      human bob@example.com (Bob)
              github.deployment_review, 2026-03-04T12:00:00Z, event r-1
not chosen    ci_run org/repo/123/1
              live under the same name at the same time
              github.run:org/repo/123/1
              inferred by github.sub: w-1
not chosen    github.run:org/repo/124/1
              live under the same name at the same time
ambiguous, proof inferred, may still improve, rank 3
chain ` + c.ID.String() + `, version 9
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	// On a terminal it says the same, with colors and lines that join.
	got.Reset()
	tree(&got, c, true)
	text := strings.NewReplacer("\u251c\u2500 ", "|- ", "\u2514\u2500 ", "`- ", "\u2502", "|").Replace(got.String())
	for _, code := range []string{terminal.bold, terminal.dim, terminal.good, terminal.fair, terminal.poor, terminal.missing, terminal.none} {
		text = strings.ReplaceAll(text, code, "")
	}
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("without colors: -want +got:\n%s", diff)
	}
	// No escape of the log's own reaches the terminal.
	if strings.Contains(text, "\x1b") {
		t.Errorf("an escape: %q", text)
	}
}
