package sources

import "testing"

func BenchmarkDecodeGitHubAudit(b *testing.B) {
	benchDecode(b, githubAudit, eventLines(b, githubAudit))
}

func TestGitHubAuditAllocatesNothing(t *testing.T) {
	lines := eventLines(t, githubAudit)
	if len(lines) < 20 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, githubAudit, lines)
}
