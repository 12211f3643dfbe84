package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"whence/sources"
	"whence/sources/simulate"
)

// A corpus is lines of one source.
type corpus struct {
	sample
	origin  string              // of the lines, in words
	scopes  []string            // of each line
	headers []map[string]string // likewise
}

func (c *corpus) take(line []byte, scope string, headers map[string]string) {
	c.add(line)
	c.scopes, c.headers = append(c.scopes, scope), append(c.headers, headers)
}

// takeAll takes a sample whose lines have neither scope nor headers.
func (c *corpus) takeAll(s *sample, origin string) {
	c.origin, c.sample = origin, *s
	c.scopes, c.headers = make([]string, s.len()), make([]map[string]string, s.len())
}

func (c *corpus) input(i int) sources.Input {
	return sources.Input{Raw: c.line(i), Scope: c.scopes[i], Header: func(name string) string {
		for n, value := range c.headers[i] { // two at most
			if strings.EqualFold(n, name) {
				return value
			}
		}
		return ""
	}}
}

// mostSimulated is how many lines of a source are taken of the simulated estate's.
const mostSimulated = 20_000

// corpora are lines of every source that is registered: CloudTrail of the estate,
// GitHub's audit log as made below, of others what the simulated estate's native logs
// say (about 2,000 bytes a line of Okta and LiteLLM, 1,500 of Vault, 13,000 of a
// webhook), and of those that it has none of, their fixtures.
func corpora(ctx context.Context) (map[string]*corpus, error) {
	all := map[string]*corpus{}
	for _, s := range sources.All() {
		all[s.Name] = &corpus{origin: "simulated"}
	}
	began := time.Now().UTC().Add(-24 * time.Hour)
	e := newEstate(10_000, 0, 0, 0.05, began)
	all["aws.cloudtrail"].takeAll(e.sample(sampleLines), "of the estate")
	all["github.audit"].takeAll(githubAuditSample(sampleLines, began), "made for this")
	cfg := simulate.Default()
	cfg.Events = 30_000
	for r := range simulate.New(cfg).Records {
		c, ok := all[r.Source]
		if !ok || c.origin != "simulated" || c.len() >= mostSimulated {
			continue
		}
		c.take(r.Value, "prod/file0", r.Headers)
	}
	for name, c := range all {
		if c.len() > 0 {
			continue
		}
		if err := c.takeFixtures(ctx, name); err != nil {
			return nil, fmt.Errorf("lines of %s: %w", name, err)
		}
	}
	return all, nil
}

// githubAuditSample is lines with all that GitHub writes: of a person, an app and a
// run, by turns. The simulated estate has no audit log of GitHub.
func githubAuditSample(n int, began time.Time) *sample {
	const (
		head = `{"@timestamp":%[2]d,"_document_id":"0hGvQ2Zy1mB9mX%08[1]d","action":`
		who  = `,"actor":"dev%[1]d","actor_id":%[1]d,"actor_ip":"203.0.113.7","actor_is_bot":false,"actor_location":{"country_code":"FR","location":{"lat":48.85,"lon":2.35}},` +
			`"business":"example-corp","business_id":77,"created_at":%[2]d,"external_identity_nameid":"dev%[1]d@example.com","external_identity_username":"dev%[1]d",`
		what = `"operation_type":"modify","org":"example","org_id":9001,"public_repo":false,"repo":"example/payments","repo_id":30001,` +
			`"request_id":"1D4C:2A1B:7F3E9C:8A0B1C:%08[1]X","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36",` +
			`"user_agent_family":"chrome","visibility":"private"}`
		token = `"hashed_token":"Xoj5lZkE0s0bG5bC2k7cWm0m0k0Qe1mS1Q2b%08[1]d","token_id":55,"token_scopes":"contents:read","programmatic_access_type":"GitHub App server-to-server token",` +
			`"transport_protocol":1,"transport_protocol_name":"http",`
		run = `"completed_at":"2026-03-02T09:05:00.000Z","conclusion":"success","event":"push","head_branch":"main","head_sha":"abababababababababababababababababababab","is_hosted_runner":true,` +
			`"name":"deploy","run_attempt":1,"run_number":%[1]d,"started_at":"2026-03-02T09:00:00.000Z","topic":"workflows","trigger_id":null,"workflow_id":42,"workflow_run_id":77%08[1]d,`
	)
	forms := [...]string{
		head + `"protected_branch.policy_override"` + who + `"branch":"refs/heads/main","overridden_codes":["review_policy_not_satisfied"],` + what,
		head + `"git.clone"` + who + token + what,
		head + `"workflows.completed_workflow_run"` + who + run + what,
	}
	s := &sample{}
	var b []byte
	for i := range n {
		b = fmt.Appendf(b[:0], forms[i%len(forms)], i+1, began.Add(time.Duration(i)*time.Millisecond).UnixMilli())
		s.add(b)
	}
	return s
}
