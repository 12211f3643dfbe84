package sources

import (
	"whence/correlate/arena"
	"whence/sources/scan"
)

// githubMarks are members that only tell which event a body is of.
type githubMarks struct {
	Comment                    scan.Raw `json:"comment"`
	Thread                     scan.Raw `json:"thread"`
	Discussion                 scan.Raw `json:"discussion"`
	MasterBranch               scan.Raw `json:"master_branch"`
	ClientPayload              scan.Raw `json:"client_payload"`
	Key                        scan.Raw `json:"key"`
	Package                    scan.Raw `json:"package"`
	RegistryPackage            scan.Raw `json:"registry_package"`
	RepositoriesAdded          scan.Raw `json:"repositories_added"`
	Scope                      scan.Raw `json:"scope"`
	Build                      scan.Raw `json:"build"`
	Rule                       scan.Raw `json:"rule"`
	RepositoryRuleset          scan.Raw `json:"repository_ruleset"`
	PersonalAccessTokenRequest scan.Raw `json:"personal_access_token_request"`
	Forkee                     scan.Raw `json:"forkee"`
	Pages                      scan.Raw `json:"pages"`
	Label                      scan.Raw `json:"label"`
	Milestone                  scan.Raw `json:"milestone"`
	MergeGroup                 scan.Raw `json:"merge_group"`
	Zen                        scan.Raw `json:"zen"`
	Hook                       scan.Raw `json:"hook"`
	Sha                        scan.Raw `json:"sha"`
	StarredAt                  scan.Raw `json:"starred_at"`
	Actor                      scan.Raw `json:"actor"`
	ObjectKind                 scan.Raw `json:"object_kind"`
}

// githubShapes tells events by the members that only they have, the most telling
// first: a deployment's status holds the deployment too.
var githubShapes = []githubShaped{
	{"deployment_status", githubBodyTable.Seen("deployment_status")},
	{"deployment_protection_rule", githubBodyTable.Seen("deployment_callback_url")},
	{"workflow_job", githubBodyTable.Seen("workflow_job")},
	{"deployment", githubBodyTable.Seen("deployment")},
	{"deployment_review", githubBodyTable.Seen("workflow_run", "since")},
	{"deployment_review", githubBodyTable.Seen("workflow_run", "approver")},
	{"workflow_run", githubBodyTable.Seen("workflow_run")},
	{"pull_request_review", githubBodyTable.Seen("pull_request", "review")},
	{"pull_request_review_comment", githubBodyTable.Seen("pull_request", "comment")},
	{"pull_request_review_thread", githubBodyTable.Seen("pull_request", "thread")},
	{"pull_request", githubBodyTable.Seen("pull_request")},
	{"issue_comment", githubBodyTable.Seen("issue", "comment")},
	{"issues", githubBodyTable.Seen("issue")},
	{"discussion_comment", githubBodyTable.Seen("discussion", "comment")},
	{"discussion", githubBodyTable.Seen("discussion")},
	{"check_run", githubBodyTable.Seen("check_run")},
	{"check_suite", githubBodyTable.Seen("check_suite")},
	{"push", githubBodyTable.Seen("ref", "commits")},
	{"push", githubBodyTable.Seen("ref", "pusher")},
	{"create", githubBodyTable.Seen("ref_type", "master_branch")},
	{"delete", githubBodyTable.Seen("ref_type")},
	{"repository_dispatch", githubBodyTable.Seen("client_payload")},
	{"workflow_dispatch", githubBodyTable.Seen("workflow", "ref")},
	{"deploy_key", githubBodyTable.Seen("key")},
	{"release", githubBodyTable.Seen("release")},
	{"package", githubBodyTable.Seen("package")},
	{"registry_package", githubBodyTable.Seen("registry_package")},
	{"installation_repositories", githubBodyTable.Seen("installation", "repositories_added")},
	{"membership", githubBodyTable.Seen("scope", "member", "team")},
	{"member", githubBodyTable.Seen("member")},
	{"organization", githubBodyTable.Seen("membership")},
	{"organization", githubBodyTable.Seen("invitation")},
	{"commit_comment", githubBodyTable.Seen("comment")},
	{"page_build", githubBodyTable.Seen("build")},
	{"branch_protection_rule", githubBodyTable.Seen("rule")},
	{"repository_ruleset", githubBodyTable.Seen("repository_ruleset")},
	{"personal_access_token_request", githubBodyTable.Seen("personal_access_token_request")},
	{"fork", githubBodyTable.Seen("forkee")},
	{"gollum", githubBodyTable.Seen("pages")},
	{"label", githubBodyTable.Seen("label")},
	{"milestone", githubBodyTable.Seen("milestone")},
	{"merge_group", githubBodyTable.Seen("merge_group")},
	{"ping", githubBodyTable.Seen("zen")},
	{"meta", githubBodyTable.Seen("hook")},
	{"status", githubBodyTable.Seen("sha", "state")},
}

type githubShaped struct {
	event   string
	members scan.Seen
}

var (
	githubHasAction       = githubBodyTable.Seen("action")
	githubHasAlert        = githubBodyTable.Seen("alert")
	githubHasInstallation = githubBodyTable.Seen("installation")
	githubHasOrganization = githubBodyTable.Seen("organization")
	githubHasRepository   = githubBodyTable.Seen("repository")
	githubHasTeam         = githubBodyTable.Seen("team")
	githubHasStarredAt    = githubBodyTable.Seen("starred_at")
)

// shape names the event of a body that came without its header. What even the shape
// does not tell is an "event".
func (h *githubHook) shape() string {
	for i := range githubShapes {
		if h.Seen.Has(githubShapes[i].members) {
			return githubShapes[i].event
		}
	}
	switch {
	case h.Seen.Has(githubHasAlert):
		return githubAlertEvent(h.Alert, &h.out.text)
	case h.Seen.Has(githubHasTeam) && !h.Seen.Has(githubHasAction):
		return "team_add"
	case h.Seen.Has(githubHasTeam):
		return "team"
	case h.Seen.Has(githubHasRepository):
		return h.repositoryEvent()
	case h.Seen.Has(githubHasInstallation):
		return "installation"
	case h.Seen.Has(githubHasOrganization):
		return "organization"
	case h.ActionName == "revoked":
		return "github_app_authorization"
	}
	return "event"
}

// githubAlertEvent tells alerts apart by what they are about.
func githubAlertEvent(alert scan.Raw, mem *arena.Text) string {
	var secret, dependency, rule bool
	for name := range githubOne(alert).Members(mem) {
		secret = secret || name == "secret_type"
		dependency = dependency || name == "dependency"
		rule = rule || name == "rule"
	}
	switch {
	case secret:
		return "secret_scanning_alert"
	case dependency:
		return "dependabot_alert"
	case rule:
		return "code_scanning_alert"
	}
	return "secret_scanning_alert"
}

// repositoryEvent tells apart the events that have nothing but a repository.
func (b *githubBody) repositoryEvent() string {
	switch b.ActionName {
	case "":
		return "public"
	case "started":
		return "watch"
	case "created", "deleted", "archived", "unarchived", "edited", "renamed", "transferred", "publicized", "privatized":
		if b.Seen.Has(githubHasStarredAt) {
			return "star"
		}
		return "repository"
	}
	return "event"
}
