package sources

// githubShapes tells events by the members that only they have, the most telling
// first: a deployment's status holds the deployment too.
func githubShapes() []githubShaped {
	return []githubShaped{
		{"deployment_status", []string{"deployment_status"}},
		{"deployment_protection_rule", []string{"deployment_callback_url"}},
		{"workflow_job", []string{"workflow_job"}},
		{"deployment", []string{"deployment"}},
		{"deployment_review", []string{"workflow_run", "since"}},
		{"deployment_review", []string{"workflow_run", "approver"}},
		{"workflow_run", []string{"workflow_run"}},
		{"pull_request_review", []string{"pull_request", "review"}},
		{"pull_request_review_comment", []string{"pull_request", "comment"}},
		{"pull_request_review_thread", []string{"pull_request", "thread"}},
		{"pull_request", []string{"pull_request"}},
		{"issue_comment", []string{"issue", "comment"}},
		{"issues", []string{"issue"}},
		{"discussion_comment", []string{"discussion", "comment"}},
		{"discussion", []string{"discussion"}},
		{"check_run", []string{"check_run"}},
		{"check_suite", []string{"check_suite"}},
		{"push", []string{"ref", "commits"}},
		{"push", []string{"ref", "pusher"}},
		{"create", []string{"ref_type", "master_branch"}},
		{"delete", []string{"ref_type"}},
		{"repository_dispatch", []string{"client_payload"}},
		{"workflow_dispatch", []string{"workflow", "ref"}},
		{"deploy_key", []string{"key"}},
		{"release", []string{"release"}},
		{"package", []string{"package"}},
		{"registry_package", []string{"registry_package"}},
		{"installation_repositories", []string{"installation", "repositories_added"}},
		{"membership", []string{"scope", "member", "team"}},
		{"member", []string{"member"}},
		{"organization", []string{"membership"}},
		{"organization", []string{"invitation"}},
		{"commit_comment", []string{"comment"}},
		{"page_build", []string{"build"}},
		{"branch_protection_rule", []string{"rule"}},
		{"repository_ruleset", []string{"repository_ruleset"}},
		{"personal_access_token_request", []string{"personal_access_token_request"}},
		{"fork", []string{"forkee"}},
		{"gollum", []string{"pages"}},
		{"label", []string{"label"}},
		{"milestone", []string{"milestone"}},
		{"merge_group", []string{"merge_group"}},
		{"ping", []string{"zen"}},
		{"meta", []string{"hook"}},
		{"status", []string{"sha", "state"}},
	}
}

type githubShaped struct {
	event   string
	members []string
}

// githubShape names the event of a body that came without its header. What even
// the shape does not tell is an "event".
func githubShape(v Value) string {
	for _, s := range githubShapes() {
		if v.Has(s.members...) {
			return s.event
		}
	}
	switch alert := v.Member("alert"); {
	case alert.Has("secret_type"):
		return "secret_scanning_alert"
	case alert.Has("dependency"):
		return "dependabot_alert"
	case alert.Has("rule"):
		return "code_scanning_alert"
	case v.Has("alert"):
		return "secret_scanning_alert"
	}
	action := v.Text("action")
	switch {
	case v.Has("team") && !v.Has("action"):
		return "team_add"
	case v.Has("team"):
		return "team"
	case v.Has("repository"):
		return githubRepositoryEvent(v, action)
	case v.Has("installation"):
		return "installation"
	case v.Has("organization"):
		return "organization"
	case action == "revoked":
		return "github_app_authorization"
	}
	return "event"
}

// githubRepositoryEvent tells apart the events that have nothing but a repository.
func githubRepositoryEvent(v Value, action string) string {
	switch action {
	case "":
		return "public"
	case "started":
		return "watch"
	case "created", "deleted", "archived", "unarchived", "edited", "renamed", "transferred", "publicized", "privatized":
		if v.Has("starred_at") {
			return "star"
		}
		return "repository"
	}
	return "event"
}
