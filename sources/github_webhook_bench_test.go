package sources

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// githubFullBodies are bodies of the events that come most, as large as GitHub sends
// them: most of a body is addresses.
func githubFullBodies(t testing.TB) []Input {
	t.Helper()
	user, repo, org := githubFullUser("amoreau", "User"), githubFullRepo(), githubFullUser("example", "Organization")
	run := githubFull("https://api.github.com/repos/example/payments/actions/runs/7700001/", "jobs logs check_suite artifacts cancel rerun workflow", map[string]any{
		"id": 7700001, "name": "deploy", "node_id": "WFR_kwLOExample", "head_branch": "main", "head_sha": strings.Repeat("ab", 20), "path": ".github/workflows/deploy.yml",
		"display_title": "Mend rounding of totals", "run_number": 512, "run_attempt": 1, "event": "push", "status": "completed", "conclusion": "success",
		"workflow_id": 42, "check_suite_id": 43, "pull_requests": []any{}, "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T09:05:00Z",
		"run_started_at": "2026-03-02T09:00:00Z", "actor": user, "triggering_actor": user, "repository": repo, "head_repository": repo,
		"head_commit": map[string]any{"id": strings.Repeat("ab", 20), "message": "Mend \"rounding\" of totals\n", "timestamp": "2026-03-02T08:59:58Z"},
	})
	job := githubFull("https://api.github.com/repos/example/payments/actions/jobs/9/", "run check_run", map[string]any{
		"id": 9, "run_id": 7700001, "workflow_name": "deploy", "head_branch": "main", "run_attempt": 1, "status": "completed", "conclusion": "failure",
		"created_at": "2026-03-02T09:00:00Z", "started_at": "2026-03-02T09:00:08Z", "completed_at": "2026-03-02T09:05:00Z", "name": "deploy", "labels": []any{"ubuntu-latest"},
		"steps": []any{
			map[string]any{"name": "Set up job", "status": "completed", "conclusion": "success", "number": 1, "started_at": "2026-03-02T09:00:08Z"},
			map[string]any{"name": "Run actions/checkout@v4", "status": "completed", "conclusion": "failure", "number": 2, "started_at": "2026-03-02T09:00:10Z"},
		},
	})
	commit := map[string]any{
		"id": strings.Repeat("cd", 20), "message": "Mend rounding of totals\n\nHalves go to even.", "timestamp": "2026-03-02T10:00:00+01:00", "distinct": true,
		"author": map[string]any{"name": "Anne Moreau", "email": "anne@example.com", "username": "amoreau"}, "modified": []any{"totals/round.go", "totals/round_test.go"},
	}
	side := map[string]any{"label": "example:main", "ref": "main", "sha": strings.Repeat("ef", 20), "user": user, "repo": repo}
	pull := githubFull("https://api.github.com/repos/example/payments/pulls/17/", "diff patch issue commits review_comments comments statuses", map[string]any{
		"id": 5, "number": 17, "state": "closed", "title": "Mend rounding", "user": user, "body": strings.Repeat("Halves go to even. ", 40),
		"created_at": "2026-03-01T09:00:00Z", "updated_at": "2026-03-02T09:00:00Z", "closed_at": "2026-03-02T09:00:00Z", "merged_at": "2026-03-02T09:00:00Z",
		"head": side, "base": side, "merged_by": user, "requested_reviewers": []any{user, user},
	})
	check := githubFull("https://api.github.com/repos/example/payments/check-runs/3/", "details", map[string]any{
		"id": 3, "name": "test", "head_sha": strings.Repeat("ab", 20), "status": "completed", "conclusion": "success", "started_at": "2026-03-02T09:00:08Z",
		"completed_at": "2026-03-02T09:05:00Z", "details_url": "https://github.com/example/payments/actions/runs/7700001/job/9",
		"app": map[string]any{"id": 15368, "slug": "github-actions", "name": "GitHub Actions", "owner": org}, "pull_requests": []any{},
	})
	var lines []Input
	for event, members := range map[string]map[string]any{
		"workflow_run": {"action": "completed", "workflow_run": run, "workflow": map[string]any{"id": 42, "name": "deploy", "path": ".github/workflows/deploy.yml"}},
		"workflow_job": {"action": "completed", "workflow_job": job, "deployment": map[string]any{"id": 4, "environment": "production", "created_at": "2026-03-02T09:00:05Z"}},
		"push":         {"ref": "refs/heads/main", "head_commit": commit, "commits": []any{commit, commit}, "pusher": map[string]any{"name": "amoreau"}},
		"pull_request": {"action": "closed", "number": 17, "pull_request": pull},
		"check_run":    {"action": "completed", "check_run": check},
	} {
		maps.Copy(members, map[string]any{"repository": repo, "organization": org, "sender": user})
		raw, err := json.Marshal(members)
		if err != nil {
			t.Fatal(err)
		}
		named := githubFixed(func(name string) string { return map[string]string{"X-GitHub-Event": event}[name] })
		lines = append(lines, Input{Raw: raw}, Input{Raw: raw, Header: named})
	}
	return lines
}

// githubFixed asks for all headers now, so that asking later allocates nothing.
func githubFixed(header func(string) string) func(string) string {
	event, date, received := header("X-GitHub-Event"), header("Date"), header("whence-received-at")
	return func(name string) string {
		switch name {
		case "X-GitHub-Event":
			return event
		case "Date":
			return date
		case "whence-received-at":
			return received
		}
		return ""
	}
}

// githubFull adds addresses to an object.
func githubFull(base, names string, members map[string]any) map[string]any {
	members["url"], members["html_url"] = base, base
	for _, n := range strings.Fields(names) {
		if _, ok := members[n+"_url"]; !ok {
			members[n+"_url"] = base + n + "{/" + n + "}"
		}
	}
	return members
}

func githubFullUser(login, kind string) map[string]any {
	return githubFull("https://api.github.com/users/"+login+"/", "avatar followers following gists starred subscriptions organizations repos events received_events",
		map[string]any{"login": login, "id": 9001, "node_id": "U_kgDOExample", "gravatar_id": "", "type": kind, "site_admin": false, "user_view_type": "public"})
}

func githubFullRepo() map[string]any {
	return githubFull("https://api.github.com/repos/example/payments/", `forks keys collaborators teams hooks issue_events events assignees branches tags blobs
		git_tags git_refs trees statuses languages stargazers contributors subscribers subscription commits git_commits comments issue_comment contents
		compare merges archive downloads issues pulls milestones notifications labels releases deployments git ssh clone svn`, map[string]any{
		"id": 30001, "node_id": "R_kgDOExample", "name": "payments", "full_name": "example/payments", "private": true, "owner": githubFullUser("example", "Organization"),
		"description": "Takes money", "fork": false, "default_branch": "main", "created_at": 1706774400, "updated_at": "2026-03-01T08:00:00Z", "pushed_at": 1772442000,
		"size": 5120, "stargazers_count": 3, "language": "Go", "has_issues": true, "license": nil, "topics": []any{"payments"}, "visibility": "private",
	})
}

func BenchmarkDecodeGitHubWebhook(b *testing.B) {
	benchDecode(b, githubWebhook, githubFullBodies(b))
}

// The samples are laid out for people; GitHub sends them without the blanks.
func BenchmarkDecodeGitHubWebhookSamples(b *testing.B) {
	paths, _ := filepath.Glob("../../shared/samples/cicd/github_webhooks/octokit-*.json")
	var lines []Input
	for _, p := range paths {
		for _, raw := range githubValues(b, p) {
			var tight bytes.Buffer
			if json.Compact(&tight, raw) == nil {
				lines = append(lines, Input{Raw: tight.Bytes()})
			}
		}
	}
	if len(lines) == 0 {
		b.Skip("no samples")
	}
	benchDecode(b, githubWebhook, lines)
}

func TestGitHubWebhookAllocatesNothing(t *testing.T) {
	s, _ := Find(githubWebhook)
	lines := githubFullBodies(t)
	for _, f := range fixtures(t, githubWebhook) {
		for _, in := range f.inputs {
			in.Raw, in.Header = bytes.TrimSpace(in.Raw), githubFixed(in.Header)
			var out Batch
			if s.DecodeRecord(in, &out); len(out.Rejects) == 0 {
				lines = append(lines, in)
			}
		}
	}
	if len(lines) < 60 {
		t.Fatalf("only %d lines", len(lines))
	}
	allocatesNothing(t, githubWebhook, lines)
}
