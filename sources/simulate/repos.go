package simulate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

// repo is a repository with one workflow that deploys it.
type repo struct {
	name       string
	id         int
	workflow   string // path
	workflowID int
	// sessionName says how its workflow names its AWS sessions.
	sessionName sessionName
	environment bool // its jobs name an environment, which changes the OIDC subject
	claims      bool // Vault copies the run's id from its token
	role        *role

	// Repository objects as GitHub shows them. In a webhook's own repository the
	// time of the last push is cut out.
	minimal           json.RawMessage
	beforePush, after []byte
	workflowObject    json.RawMessage
}

func (r *repo) fullName() string { return org + "/" + r.name }

func (r *repo) subject(branch string) string {
	return "repo:" + r.fullName() + ":ref:refs/heads/" + branch
}

type sessionName int

const (
	namedByDefault sessionName = iota // GitHubActions, whatever the run
	namedByRun                        // GitHubActions-<run id>
	namedByAttempt                    // gha-<run id>-<attempt>
)

func (c *cast) addRepos(cfg Config, d dice) {
	c.org = mustJSON(orgObject())
	for i := range cfg.Repos {
		c.addOneOfEach(i, d)
	}
	for i, r := range c.repos[:4] {
		c.schedules = append(c.schedules, &schedule{
			id: "schedule-" + r.name, name: "nightly " + r.name, repo: r, path: r.workflow, owner: c.managers[i],
		})
	}
}

// addOneOfEach adds the repositories of each kind that come after so many others.
func (c *cast) addOneOfEach(others int, d dice) {
	for _, r := range []*repo{
		{name: "payments-api", workflow: ".github/workflows/deploy.yml", sessionName: namedByRun, environment: true, claims: true, role: c.roles["prod/deploy"]},
		{name: "web-shop", workflow: ".github/workflows/deploy.yml", sessionName: namedByRun, claims: true, role: c.roles["prod/deploy"]},
		{name: "infra-live", workflow: ".github/workflows/apply.yml", sessionName: namedByAttempt, environment: true, claims: true, role: c.roles["shared/deploy"]},
		{name: "data-etl", workflow: ".github/workflows/nightly.yml", sessionName: namedByRun, claims: true, role: c.roles["data/deploy"]},
		{name: "mobile-app", workflow: ".github/workflows/release.yml", sessionName: namedByDefault, role: c.roles["staging/deploy"]},
		{name: "legacy-billing", workflow: ".github/workflows/main.yml", sessionName: namedByDefault, role: c.roles["staging/deploy"]},
		{name: "agent-tools", workflow: ".github/workflows/ship.yml", sessionName: namedByRun, role: c.roles["staging/deploy"]},
		{name: "docs-site", workflow: ".github/workflows/publish.yml", sessionName: namedByAttempt, role: c.roles["staging/deploy"]},
	} {
		if others > 0 {
			r.name = fmt.Sprintf("%s-%d", r.name, others+1)
		}
		r.id, r.workflowID = 500_000_000+d.between(0, 400_000_000), 50_000_000+d.between(0, 40_000_000)
		r.render()
		c.repos = append(c.repos, r)
	}
}

const pushedAt = `"@@pushed_at@@"`

func (r *repo) render() {
	r.minimal = mustJSON(repoObject(r, false))
	full := mustJSON(repoObject(r, true))
	before, after, ok := bytes.Cut(full, []byte(pushedAt))
	if !ok {
		panic("simulate: a full repository object has no time of its last push")
	}
	r.beforePush, r.after = before, after
	api := "https://api.github.com/repos/" + r.fullName()
	r.workflowObject = mustJSON(object{
		"id": r.workflowID, "node_id": nodeID("W_", r.workflowID), "name": "deploy", "path": r.workflow, "state": "active",
		"created_at": "2024-02-01T09:00:00.000Z", "updated_at": "2025-11-03T10:00:00.000Z",
		"url":       fmt.Sprintf("%s/actions/workflows/%d", api, r.workflowID),
		"html_url":  "https://github.com/" + r.fullName() + "/blob/main/" + r.workflow,
		"badge_url": "https://github.com/" + r.fullName() + "/workflows/deploy/badge.svg",
	})
}

// full is the repository as a webhook shows it at t; a push has the time as a number.
func (r *repo) full(t time.Time, number bool) json.RawMessage {
	pushed := `"` + t.Format(time.RFC3339) + `"`
	if number {
		pushed = fmt.Sprint(t.Unix())
	}
	return json.RawMessage(string(r.beforePush) + pushed + string(r.after))
}

func repoObject(r *repo, full bool) object {
	name := r.fullName()
	api := "https://api.github.com/repos/" + name
	o := object{
		"id": r.id, "node_id": nodeID("R_", r.id), "name": r.name, "full_name": name, "private": true, "description": "made up", "fork": false,
		"url": api, "html_url": "https://github.com/" + name, "owner": githubUser(org, 41000001, "Organization"),
	}
	for member, path := range repoURLs {
		o[member] = api + path
	}
	if !full {
		return o
	}
	more := object{
		"created_at": "2023-05-15T15:19:25Z", "updated_at": "2025-12-15T15:19:27Z", "pushed_at": "@@pushed_at@@",
		"git_url": "git://github.com/" + name + ".git", "ssh_url": "git@github.com:" + name + ".git", "clone_url": "https://github.com/" + name + ".git",
		"svn_url": "https://github.com/" + name, "homepage": nil, "size": 20431, "stargazers_count": 0, "watchers_count": 0, "language": "Go",
		"has_issues": true, "has_projects": true, "has_downloads": true, "has_wiki": false, "has_pages": false, "has_discussions": false,
		"forks_count": 0, "mirror_url": nil, "archived": false, "disabled": false, "open_issues_count": 12, "license": nil, "allow_forking": false,
		"is_template": false, "web_commit_signoff_required": false, "topics": []string{}, "visibility": "private", "forks": 0, "open_issues": 12,
		"watchers": 0, "default_branch": "main", "custom_properties": object{},
	}
	maps.Copy(o, more)
	return o
}

var repoURLs = map[string]string{
	"forks_url": "/forks", "keys_url": "/keys{/key_id}", "collaborators_url": "/collaborators{/collaborator}", "teams_url": "/teams",
	"hooks_url": "/hooks", "issue_events_url": "/issues/events{/number}", "events_url": "/events", "assignees_url": "/assignees{/user}",
	"branches_url": "/branches{/branch}", "tags_url": "/tags", "blobs_url": "/git/blobs{/sha}", "git_tags_url": "/git/tags{/sha}",
	"git_refs_url": "/git/refs{/sha}", "trees_url": "/git/trees{/sha}", "statuses_url": "/statuses/{sha}", "languages_url": "/languages",
	"stargazers_url": "/stargazers", "contributors_url": "/contributors", "subscribers_url": "/subscribers", "subscription_url": "/subscription",
	"commits_url": "/commits{/sha}", "git_commits_url": "/git/commits{/sha}", "comments_url": "/comments{/number}",
	"issue_comment_url": "/issues/comments{/number}", "contents_url": "/contents/{+path}", "compare_url": "/compare/{base}...{head}",
	"merges_url": "/merges", "archive_url": "/{archive_format}{/ref}", "downloads_url": "/downloads", "issues_url": "/issues{/number}",
	"pulls_url": "/pulls{/number}", "milestones_url": "/milestones{/number}", "notifications_url": "/notifications{?since,all,participating}",
	"labels_url": "/labels{/name}", "releases_url": "/releases{/id}", "deployments_url": "/deployments",
}

func githubUser(login string, id int, kind string) object {
	api := "https://api.github.com/users/" + login
	return object{
		"login": login, "id": id, "node_id": nodeID("U_", id), "avatar_url": fmt.Sprintf("https://avatars.githubusercontent.com/u/%d?v=4", id),
		"gravatar_id": "", "url": api, "html_url": "https://github.com/" + login, "followers_url": api + "/followers",
		"following_url": api + "/following{/other_user}", "gists_url": api + "/gists{/gist_id}", "starred_url": api + "/starred{/owner}{/repo}",
		"subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs", "repos_url": api + "/repos",
		"events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events", "type": kind, "user_view_type": "public", "site_admin": false,
	}
}

func orgObject() object {
	api := "https://api.github.com/orgs/" + org
	return object{
		"login": org, "id": 41000001, "node_id": nodeID("O_", 41000001), "url": api, "repos_url": api + "/repos", "events_url": api + "/events",
		"hooks_url": api + "/hooks", "issues_url": api + "/issues", "members_url": api + "/members{/member}",
		"public_members_url": api + "/public_members{/member}", "avatar_url": "https://avatars.githubusercontent.com/u/41000001?v=4", "description": "",
	}
}

func nodeID(prefix string, id int) string {
	return prefix + strings.TrimRight(base64.URLEncoding.EncodeToString(fmt.Appendf(nil, "k%011d", id)), "=")
}
