package correlate_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
)

func TestChainJSONRoundTrip(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 891_000_000, time.UTC)
	alice := correlate.Principal{Type: correlate.Human, ID: "alice@example.com", Name: "Alice", Issuer: "okta", Unit: "payments", Names: []string{"00u1"}}
	role := correlate.Principal{Type: correlate.RoleType, ID: "arn:aws:sts::123456789012:assumed-role/deploy/alice", Issuer: "aws"}
	key := correlate.Key{Kind: "aws.access_key", Value: "ASIAEXAMPLE0000000001"}
	full := correlate.Chain{
		Event: correlate.Event{
			ID: correlate.NewID("e"), Source: "aws.cloudtrail", EventID: "e-1", Time: at, ActionID: correlate.NewID("a"), Primary: true,
			Tenant: "t", Actor: role, Uses: []correlate.Link{{Role: correlate.Acting, Key: key, Proof: correlate.Issued, Method: "aws.sts.assume_role"}},
			Action: "s3:DeleteObject", Class: correlate.Write, Outcome: correlate.Denied, Error: "AccessDenied",
			Resources: []correlate.Resource{{Type: "aws.s3.object", ID: "arn:aws:s3:::b/k?<>&"}},
			Context:   correlate.Context{IP: "192.0.2.1", Account: "123456789012"},
			Usage:     correlate.Usage{Model: "m", InputTokens: 3, CostUSD: 0.25, CostKnown: true},
			Evidence:  correlate.Evidence{Topic: "raw", Partition: 2, Offset: 9, SHA256: "00"},
		},
		Rank: 7, Version: 1<<53 - 1, Settled: true, Status: correlate.Attributed, Proof: correlate.Claimed,
		Requestor: alice,
		Approvers: []correlate.Approver{{Principal: alice, Time: at, Via: "github.deployment_review", EventID: "r"}},
		Hops: []correlate.Hop{
			{Key: key, Principal: role, Proof: correlate.Issued, Method: "aws.sts.assume_role", EventID: "m", Source: "aws.cloudtrail", Time: at, State: "expired"},
			{Principal: alice, Proof: correlate.Claimed, Method: "okta.login"},
		},
		Candidates: []correlate.Candidate{{Key: key, Principal: alice, Proof: correlate.Inferred, Method: "x", EventID: "y", Why: "weaker"}},
	}
	bare := correlate.Chain{
		Event:   correlate.Event{ID: correlate.NewID("b"), Time: at, Actor: role, Outcome: correlate.Success},
		Status:  correlate.Unattributed,
		Missing: key, Reason: "no log",
		Hops: []correlate.Hop{},
	}
	nameless := bare
	nameless.Missing = correlate.Principal{Type: correlate.Unknown, ID: "batch-7"}.Key()
	nameless.Candidates = []correlate.Candidate{{Key: nameless.Missing, Why: "one of several"}}
	free := bare
	free.Usage = correlate.Usage{CostKnown: true}
	uncosted := bare
	uncosted.Usage = correlate.Usage{Model: "m"}
	for name, want := range map[string]correlate.Chain{"full": full, "bare": bare, "nameless": nameless, "free": free, "uncosted": uncosted} {
		t.Run(name, func(t *testing.T) {
			text, err := json.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			var got correlate.Chain
			if err := json.Unmarshal(text, &got); err != nil {
				t.Fatal(err)
			}
			if len(want.Approvers) == 0 {
				want.Approvers = nil
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			again, err := json.Marshal(got)
			if err != nil || string(again) != string(text) {
				t.Errorf("got  %s\nwant %s (%v)", again, text, err)
			}
			if got.ContentHash() != want.ContentHash() {
				t.Error("the content hash changed")
			}
		})
	}
}

func TestChainJSONRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"no object": `[]`, "bad id": `{"id":"zz"}`, "bad proof": `{"proof":"sure"}`, "bad key": `{"missing":"nokind"}`,
	} {
		var c correlate.Chain
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
