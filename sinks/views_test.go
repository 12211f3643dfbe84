package sinks_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"whence/correlate"
	"whence/sinks"
)

// The views over a few chains made by hand, as text on file.
func TestViews(t *testing.T) {
	c := clickHouse(t)
	err := c.Write(t.Context(), &sinks.Output{
		Chains: estate(), Facts: fullChain(1).Mints, Rejects: []correlate.Reject{someReject(1), someReject(1), someReject(2)},
	})
	if err != nil {
		t.Fatal(err)
	}
	stale := estate()[0]
	stale.Status, stale.Version = correlate.Partial, stale.Version-1
	write(t, c, stale)
	closed := alertOn(&estate()[3], correlate.AlertClosed)
	open := closed
	open.State, open.Version = correlate.AlertOpen, closed.Version-1
	for _, a := range []correlate.Alert{closed, open} {
		if err := c.Write(t.Context(), &sinks.Output{Alerts: []correlate.Alert{a}}); err != nil {
			t.Fatal(err)
		}
	}

	var got strings.Builder
	for _, query := range []string{
		"SELECT event_id, status FROM chains_now ORDER BY event_id",
		"SELECT rule, state FROM alerts_now",
		"SELECT `offset`, reason, bytes FROM rejects FINAL ORDER BY `offset`",
		"SELECT fact, key, principal_id, `parents.key` FROM sessions FINAL",
		"SELECT status, missing, reason, executor_id, settled FROM unattributed ORDER BY time",
		"SELECT day, source, account, executor_id, status, proven, events, actions, share FROM coverage ORDER BY ALL",
		"SELECT sum(events) AS events FROM coverage",
		"SELECT * FROM model_spend ORDER BY ALL",
		"SELECT event_id FROM blast(key = 'okta.session:alice') ORDER BY event_id",
		"SELECT event_id FROM blast(key = 'alice@example.com') ORDER BY event_id",
		"SELECT event_id FROM blast(key = 'nobody''s') ORDER BY event_id",
		"SELECT event_id, status FROM by_requestor(id = 'alice@example.com') ORDER BY event_id",
	} {
		fmt.Fprintf(&got, "%s\n%s\n", query, table(t, query))
	}
	path := "testdata/views.txt"
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("views (-want +got; -update rewrites the file):\n%s", diff)
	}
}

// estate is one chain of each status, and one that rests on a claim.
func estate() []correlate.Chain {
	alice := correlate.Principal{Type: correlate.Human, ID: "alice@example.com", Unit: "payments"}
	session := correlate.Hop{Key: correlate.Key{Kind: "okta.session", Value: "alice"}, Principal: alice, Proof: correlate.Issued, Method: "okta.login"}
	line := func(n int, status correlate.Status, change func(*correlate.Chain)) correlate.Chain {
		c := bareChain(n)
		c.Source, c.Status, c.Settled, c.Primary = "litellm.spend", status, true, true
		c.Actor = correlate.Principal{Type: correlate.APIKey, ID: "key-1"}
		c.Context = correlate.Context{Account: "gateway", App: "helpdesk", Unit: "stated"}
		c.Class, c.Action = correlate.Model, "chat"
		c.Usage = correlate.Usage{Model: "example-large", InputTokens: 100, OutputTokens: 10, CostUSD: 0.5, CostKnown: true}
		change(&c)
		for _, h := range c.Hops {
			c.Walked = append(c.Walked, h.Key)
		}
		c.Seal(1)
		return c
	}
	return []correlate.Chain{
		line(1, correlate.Attributed, func(c *correlate.Chain) {
			c.Requestor, c.Hops, c.Proof = alice, []correlate.Hop{session}, correlate.Issued
		}),
		line(2, correlate.Attributed, func(c *correlate.Chain) { // the same deed, told by a second log
			c.Requestor, c.Hops, c.Primary = alice, []correlate.Hop{session}, false
		}),
		line(3, correlate.Attributed, func(c *correlate.Chain) { // whoever says so
			claim := session
			claim.Key, claim.Proof = correlate.Key{}, correlate.Claimed
			c.Requestor, c.Hops, c.Proof = alice, []correlate.Hop{claim}, correlate.Claimed
		}),
		line(4, correlate.Unattributed, func(c *correlate.Chain) {
			c.Missing, c.Reason = correlate.Key{Kind: "litellm.key", Value: "abc"}, "no log of it being issued"
			c.Usage.CostUSD, c.Usage.CostKnown = 0, false
		}),
		line(5, correlate.Partial, func(c *correlate.Chain) {
			c.Hops, c.Settled, c.Usage = []correlate.Hop{session}, false, correlate.Usage{}
		}),
		line(6, correlate.Ambiguous, func(c *correlate.Chain) {
			c.Candidates = []correlate.Candidate{{Key: session.Key, Principal: alice, Why: "two were live"}}
		}),
		line(7, correlate.Automated, func(c *correlate.Chain) {
			c.Requestor = correlate.Principal{Type: correlate.Schedule, ID: "nightly", Unit: "data", Owner: "bob@example.com"}
			c.Hops = []correlate.Hop{{Principal: c.Requestor, Proof: correlate.Attested, Method: "schedule"}}
		}),
	}
}

// table runs a query in the test's database and prints its rows.
func table(t *testing.T, query string) string {
	t.Helper()
	conn := connectTo(t, database(t))
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var b strings.Builder
	fmt.Fprintln(&b, strings.Join(rows.Columns(), " | "))
	for rows.Next() {
		var dests []any
		for _, ct := range rows.ColumnTypes() {
			dests = append(dests, reflect.New(ct.ScanType()).Interface())
		}
		if err := rows.Scan(dests...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for i, d := range dests {
			if i > 0 {
				b.WriteString(" | ")
			}
			fmt.Fprint(&b, reflect.ValueOf(d).Elem().Interface())
		}
		b.WriteByte('\n')
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return b.String()
}
