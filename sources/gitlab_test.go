package sources

import (
	"strings"
	"testing"

	"whence/correlate"
)

func BenchmarkDecodeGitLab(b *testing.B) {
	b.Run("log", func(b *testing.B) { benchDecode(b, gitlabLog, eventLines(b, gitlabLog)) })
	b.Run("webhook", func(b *testing.B) { benchDecode(b, gitlabWebhook, eventLines(b, gitlabWebhook)) })
}

func TestGitLabAllocatesNothing(t *testing.T) {
	for _, source := range []string{gitlabLog, gitlabWebhook} {
		lines := eventLines(t, source)
		if len(lines) < 14 {
			t.Fatalf("only %d lines of %s", len(lines), source)
		}
		allocatesNothing(t, source, lines)
	}
}

// ECS has only the method of a controller as the action.
func TestGitLabECS(t *testing.T) {
	checkECS(t, gitlabLog, "cicd/gitlab", ecsOptions{
		action: func(e *correlate.Event) string {
			_, method, _ := strings.Cut(e.Action, "#")
			return method
		},
	})
}
