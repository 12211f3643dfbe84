package sources

import (
	"strings"

	"whence/correlate/arena"
	"whence/sources/scan"
)

func githubWebhookDetect(v Value) bool {
	if v.Has("sender") || v.Has("repository") {
		return githubLooksLikeBody(v)
	}
	w := githubWrapping{Body: scan.Raw(v.members["body"]), Payload: scan.Raw(v.members["payload"])}
	body, ok := w.inside(new(arena.Text))
	return ok && githubLooksLikeBody(NewValue(body))
}

// githubLooksLikeBody reports whether v is a webhook's body: an account that sent
// it, or a repository with something that happened to it.
func githubLooksLikeBody(v Value) bool {
	if v.Has("actor") || v.Has("object_kind") || strings.Contains(v.Text("action"), ".") {
		return false // Bitbucket and the GitHub audit log; GitLab
	}
	if v.Member("sender").Has("login") {
		return true
	}
	if !v.Member("repository").Has("full_name") {
		return false
	}
	for _, m := range []string{"action", "ref", "commits", "pull_request", "workflow_run", "workflow_job", "hook", "installation"} {
		if v.Has(m) {
			return true
		}
	}
	return false
}
