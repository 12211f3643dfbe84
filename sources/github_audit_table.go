package sources

import (
	"strings"

	"whence/correlate"
)

// githubMeaning is what an action's name tells.
type githubMeaning struct {
	class   correlate.Class
	outcome correlate.Outcome
	failure string
}

// githubAuditMeaning reads an action's name. The log is of things that happened;
// the few that were refused say so in their names.
func githubAuditMeaning(action string) githubMeaning {
	m := githubMeaning{class: githubAuditClass(action), outcome: correlate.Success}
	switch {
	case strings.HasPrefix(action, "workflows.created"), strings.HasPrefix(action, "workflows.prepared"):
		m.outcome = correlate.UnknownOutcome
	case strings.HasSuffix(action, ".rejected_ref_update"):
		m.outcome, m.failure = correlate.Denied, "rejected"
	case strings.Contains(action, ".failed"):
		m.outcome, m.failure = correlate.Failure, "failed"
	}
	return m
}

// githubIsDeploy reports whether a programmatic access type is a deploy key.
func githubIsDeploy(access string) bool { return strings.Contains(strings.ToLower(access), "deploy") }

// touch lists what the line is about.
func (a *githubEntry) touch() {
	out, e := a.out, a.e
	switch {
	case a.Repo != "":
		githubTouch(out, e, "github.repository", a.Repo)
	case a.Organization != "":
		githubTouch(out, e, "github.organization", a.Organization)
	default:
		githubTouch(out, e, "github.enterprise", a.Business)
	}
	if a.Repo != "" {
		a.touchIn("github.ref", "@", a.Branch)
		a.touchIn("github.environment", "/", a.Environment)
		a.touchIn("github.workflow_run", "/", a.RunID.text())
	}
	githubTouch(out, e, "github.team", a.Team)
	if a.User != a.Actor {
		githubTouch(out, e, "github.user", a.User)
	}
}

// touchIn lists something of the repository.
func (a *githubEntry) touchIn(kind, sep, name string) {
	if name != "" {
		githubTouch(a.out, a.e, kind, a.out.text.Join(a.Repo, sep, name))
	}
}

// githubAuditClass says what an action could do: by its whole name where that is
// telling, else by its category.
func githubAuditClass(action string) correlate.Class {
	category, verb, _ := strings.Cut(action, ".")
	switch {
	case strings.Contains(verb, "secret") && !strings.Contains(verb, "secret_scanning"):
		return correlate.Secret // org.create_actions_secret, environment.update_actions_secret ...
	case strings.Contains(verb, "export"), strings.Contains(verb, "download"):
		return correlate.Read
	case action == "git.clone", action == "git.fetch":
		return correlate.Read
	case strings.Contains(verb, "login"), strings.Contains(verb, "sso_response"):
		return correlate.Auth
	}
	switch category {
	case "git", "pull_request", "pull_request_review", "pull_request_review_comment", "issue", "issues", "issue_comment",
		"commit_comment", "discussion", "discussion_post", "discussion_post_reply", "discussion_comment", "gist", "release", "packages",
		"project", "project_card", "project_column", "merge_queue", "codespaces", "wiki":
		return correlate.Write
	case "workflows", "checks", "deployment", "artifact", "actions_cache":
		return correlate.Deploy
	case "oauth_access", "oauth_authorization", "two_factor_authentication", "passkey", "sso", "org_credential_authorization", "external_identity":
		return correlate.Auth
	case "secret_scanning_alert":
		return correlate.Write
	}
	return correlate.Admin // org, team, repo, hook, business, protected_branch, public_key ...: settings and rights
}
