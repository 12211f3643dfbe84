package sources

import "testing"

// githubAuditFullLines are lines with all that GitHub writes: of a person, an app
// and a run.
func githubAuditFullLines() []Input {
	const (
		head = `{"@timestamp":1772442000123,"_document_id":"0hGvQ2Zy1mB9mXo3l5wR4A","action":`
		who  = `,"actor":"amoreau","actor_id":100,"actor_ip":"203.0.113.7","actor_is_bot":false,"actor_location":{"country_code":"FR","location":{"lat":48.85,"lon":2.35}},` +
			`"business":"example-corp","business_id":77,"created_at":1772442000123,"external_identity_nameid":"anne.moreau@example.com","external_identity_username":"amoreau",`
		what = `"operation_type":"modify","org":"example","org_id":9001,"public_repo":false,"repo":"example/payments","repo_id":30001,` +
			`"request_id":"1D4C:2A1B:7F3E9C:8A0B1C:65E2F3A1","user_agent":"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36",` +
			`"user_agent_family":"chrome","visibility":"private"`
		token = `"hashed_token":"Xoj5lZkE0s0bG5bC2k7cWm0m0k0Qe1mS1Q2b1v0q3dA=","token_id":55,"token_scopes":"contents:read","programmatic_access_type":"GitHub App server-to-server token",` +
			`"transport_protocol":1,"transport_protocol_name":"http",`
		run = `"completed_at":"2026-03-02T09:05:00.000Z","conclusion":"success","event":"push","head_branch":"main","head_sha":"abababababababababababababababababababab","is_hosted_runner":true,` +
			`"name":"deploy","run_attempt":1,"run_number":512,"started_at":"2026-03-02T09:00:00.000Z","topic":"workflows","trigger_id":null,"workflow_id":42,"workflow_run_id":7700001,`
	)
	return []Input{
		{Raw: []byte(head + `"protected_branch.policy_override"` + who + `"branch":"refs/heads/main","overridden_codes":["review_policy_not_satisfied"],` + what + `}`)},
		{Raw: []byte(head + `"git.clone"` + who + token + what + `}`)},
		{Raw: []byte(head + `"workflows.completed_workflow_run"` + who + run + what + `}`)},
	}
}

func BenchmarkDecodeGitHubAudit(b *testing.B) {
	b.Run("fixtures", func(b *testing.B) { benchDecode(b, githubAudit, eventLines(b, githubAudit)) })
	b.Run("full", func(b *testing.B) { benchDecode(b, githubAudit, githubAuditFullLines()) })
}

func TestGitHubAuditAllocatesNothing(t *testing.T) {
	lines := eventLines(t, githubAudit)
	if len(lines) < 20 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, githubAudit, append(lines, githubAuditFullLines()...))
}
