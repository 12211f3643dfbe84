package sources

import (
	"strings"
	"time"
)

// scope is who the event belongs to: the organisation or the repository's owner.
func (b *githubBody) scope() string {
	for _, s := range []string{b.Organization.Login, b.Repository.Owner.Login, b.Repository.Owner.Name, githubOwner(b.Repository.FullName), b.Installation.Account.Login} {
		if s != "" {
			return s
		}
	}
	return ""
}

func (b *githubBody) action() string {
	a := "github." + b.event
	if act := strings.ToLower(b.ActionName); githubPlainName(act) {
		a += "." + act
	}
	return a
}

// when is the best time the body tells: that of what happened; for events on
// the repository itself, of its last change; then when the collector received
// it; then of the last change anyway. Pushes go by GitHub's own clock: the time
// in a commit is its author's to choose.
func (b *githubBody) when(v Value, header func(string) string) time.Time {
	repo := githubNewest(b.Repository.PushedAt, b.Repository.UpdatedAt, b.Repository.CreatedAt)
	var t time.Time
	switch b.event {
	case "workflow_run":
		t = githubNewest(b.WorkflowRun.UpdatedAt, b.WorkflowRun.StartedAt, b.WorkflowRun.CreatedAt)
	case "workflow_job":
		t = githubNewest(b.WorkflowJob.CompletedAt, b.WorkflowJob.StartedAt, b.WorkflowJob.CreatedAt)
	case "deployment", "deployment_protection_rule":
		t = githubNewest(b.Deployment.UpdatedAt, b.Deployment.CreatedAt)
	case "deployment_status":
		t = githubNewest(b.DeploymentStatus.UpdatedAt, b.DeploymentStatus.CreatedAt)
	case "deployment_review":
		times := []githubTime{b.Since, b.JobRun.UpdatedAt, b.WorkflowRun.UpdatedAt}
		for _, j := range b.JobRuns {
			times = append(times, j.UpdatedAt)
		}
		t = githubNewest(times...)
	case "pull_request_review":
		t = githubFirst(b.Review.SubmittedAt, b.Review.UpdatedAt)
		if b.ActionName != "submitted" {
			t = githubNewest(b.Review.SubmittedAt, b.Review.UpdatedAt, b.PullRequest.UpdatedAt)
		}
	case "push":
		t = githubFirst(b.Repository.PushedAt, b.HeadCommit.Timestamp)
		for _, c := range b.Commits {
			if t.IsZero() {
				t = c.Timestamp.Time
			}
		}
	case "status":
		t = githubNewest(b.UpdatedAt, b.CreatedAt)
	case "create", "delete", "public", "repository":
		t = repo
	}
	for _, next := range []func() time.Time{
		func() time.Time { return githubObjectTime(v, b.event) },
		func() time.Time { return githubReceived(header).Time },
		func() time.Time { return repo },
		func() time.Time { return githubNewest(b.Installation.UpdatedAt, b.Installation.CreatedAt) },
		githubNoTime,
	} {
		if t.IsZero() {
			t = next()
		}
	}
	return t
}

// githubObjectTime is the newest time in the object an event is about.
func githubObjectTime(v Value, event string) time.Time {
	name := event
	switch event {
	case "issue_comment", "commit_comment", "discussion_comment", "pull_request_review_comment":
		name = "comment"
	case "pull_request_review_thread":
		name = "pull_request"
	case "issues":
		name = "issue"
	case "deploy_key":
		name = "key"
	case "organization":
		name = "invitation"
	case "installation_repositories":
		name = "installation"
	case "branch_protection_rule":
		name = "rule"
	case "page_build":
		name = "build"
	case "ping", "meta":
		name = "hook"
	case "fork":
		name = "forkee"
	case "code_scanning_alert", "dependabot_alert", "secret_scanning_alert", "repository_vulnerability_alert":
		name = "alert"
	case "repository", "public", "workflow", "status":
		return time.Time{}
	}
	var times []githubTime
	for k, raw := range v.Member(name).members {
		if !strings.HasSuffix(k, "_at") || strings.Contains(k, "expire") || strings.Contains(k, "trial") {
			continue // the rest lies in the past
		}
		var t githubTime
		if t.UnmarshalJSON(raw) == nil {
			times = append(times, t)
		}
	}
	return githubNewest(times...)
}

// run is the workflow run the event is about, as far as the body tells.
func (b *githubBody) run() githubRun {
	w, j := &b.WorkflowRun, &b.WorkflowJob
	if w.ID == "" {
		return githubRun{
			Repo: b.Repository.FullName, ID: j.RunID.String(), Attempt: j.Attempt, Name: j.Workflow,
			OwnerID: b.Repository.Owner.ID.String(), RepoID: b.Repository.ID.String(), Started: githubFirst(j.StartedAt, j.CreatedAt),
		}
	}
	repo := &b.Repository
	if repo.FullName == "" {
		repo = &w.Repository
	}
	r := githubRun{
		Repo: repo.FullName, ID: w.ID.String(), Attempt: w.Attempt, Name: w.Name, Path: w.Path, Event: w.Event,
		HeadBranch: w.HeadBranch, HeadRepo: w.HeadRepository.FullName, DefaultBranch: repo.DefaultBranch,
		OwnerID: repo.Owner.ID.String(), RepoID: repo.ID.String(),
		First: w.Actor.principal(), Started: githubFirst(w.StartedAt, w.CreatedAt),
	}
	if r.Name == "" {
		r.Name = b.Workflow.Name
	}
	if r.Path == "" {
		r.Path = b.Workflow.Path
	}
	r.Path, _, _ = strings.Cut(r.Path, "@")
	for _, p := range w.PullRequests {
		if p.Base.Repo.ID == repo.ID { // a pull request elsewhere from the same branch is none of this run's
			r.BaseRefs = append(r.BaseRefs, p.Base.Ref)
			r.PullNumbers = append(r.PullNumbers, p.Number.String())
		}
	}
	switch {
	case w.Triggering.Login != "":
		r.Asked, r.Via = w.Triggering.principal(), "github.triggering_actor"
	case w.Attempt <= 1: // whoever ran it again is not the one who ran it first
		r.Asked, r.Via = r.First, "github.actor"
	}
	if b.event == "workflow_run" && b.ActionName == "completed" {
		r.Ended = githubNewest(w.UpdatedAt, w.StartedAt)
	}
	return r
}

// githubRunInURL finds the run a GitHub URL belongs to: .../actions/runs/<id>/...
func githubRunInURL(url string) string {
	_, rest, ok := strings.Cut(url, "/actions/runs/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	for i := 0; i < len(id); i++ {
		if id[i] < '0' || id[i] > '9' {
			return ""
		}
	}
	return id
}
