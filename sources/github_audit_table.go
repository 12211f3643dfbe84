package sources

import (
	"strings"

	"whence/correlate"
)

// outcome: the log is of things that happened; the few that were refused say so
// in their names.
func (a *githubAuditFields) outcome() (correlate.Outcome, string) {
	switch {
	case a.Action == "workflows.completed_workflow_run":
		return githubOutcome(a.Conclusion)
	case strings.HasPrefix(a.Action, "workflows.created"), strings.HasPrefix(a.Action, "workflows.prepared"):
		return correlate.UnknownOutcome, ""
	case strings.HasSuffix(a.Action, ".rejected_ref_update"):
		return correlate.Denied, "rejected"
	case strings.Contains(a.Action, ".failed"):
		return correlate.Failure, "failed"
	}
	return correlate.Success, ""
}

func (a *githubAuditFields) resources() []correlate.Resource {
	rs := githubResource("repository", a.Repo)
	if len(rs) == 0 {
		rs = githubResource("organization", a.Organization)
	}
	if len(rs) == 0 {
		rs = githubResource("enterprise", a.Business)
	}
	if a.Repo != "" && a.Branch != "" {
		rs = append(rs, githubResource("ref", a.Repo+"@"+a.Branch)...)
	}
	if a.Repo != "" && a.Environment != "" {
		rs = append(rs, githubResource("environment", a.Repo+"/"+a.Environment)...)
	}
	if a.Repo != "" && a.RunID != "" {
		rs = append(rs, githubResource("workflow_run", a.Repo+"/"+a.RunID.String())...)
	}
	rs = append(rs, githubResource("team", a.Team)...)
	if a.User != a.Actor {
		rs = append(rs, githubResource("user", a.User)...)
	}
	return rs
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
