package sources

import (
	"strings"
	"time"

	"whence/correlate/arena"
	"whence/sources/scan"
)

// when is the best time the body tells: that of what happened; for events on
// the repository itself, of its last change; then when the collector received
// it; then of the last change anyway.
func (h *githubHook) when() time.Time {
	t := h.happened()
	if t.IsZero() {
		t = h.changed()
	}
	if t.IsZero() {
		t = githubParseTime(h.headers.arrived())
	}
	if t.IsZero() {
		t = h.Repository.changed(&h.out.text)
	}
	if t.IsZero() {
		t = h.installed()
	}
	if t.IsZero() {
		t = githubNoTime()
	}
	return t
}

// happened is the time of what happened, where the event says where that is.
func (h *githubHook) happened() time.Time {
	mem := &h.out.text
	switch h.event {
	case "workflow_run":
		return githubLatest(mem, h.WorkflowRun.UpdatedAt, h.WorkflowRun.StartedAt, h.WorkflowRun.CreatedAt)
	case "workflow_job":
		return githubLatest(mem, h.WorkflowJob.CompletedAt, h.WorkflowJob.StartedAt, h.WorkflowJob.CreatedAt)
	case "deployment", "deployment_protection_rule":
		return githubLatest(mem, h.Deployment.UpdatedAt, h.Deployment.CreatedAt)
	case "deployment_status":
		return githubLatest(mem, h.DeploymentStatus.UpdatedAt, h.DeploymentStatus.CreatedAt)
	case "deployment_review":
		return h.reviewedDeployment(mem)
	case "pull_request_review":
		if h.ActionName == "submitted" {
			return githubFirstSet(mem, h.Review.SubmittedAt, h.Review.UpdatedAt)
		}
		return githubLatest(mem, h.Review.SubmittedAt, h.Review.UpdatedAt, h.PullRequest.UpdatedAt)
	case "push":
		return h.pushed(mem)
	case "status":
		return githubLatest(mem, h.UpdatedAt, h.CreatedAt)
	case "create", "delete", "public", "repository":
		return h.Repository.changed(mem)
	}
	return time.Time{}
}

func (h *githubHook) reviewedDeployment(mem *arena.Text) time.Time {
	latest := githubLatest(mem, h.Since, h.JobRun.UpdatedAt, h.WorkflowRun.UpdatedAt)
	for raw := range h.JobRuns.Elements() {
		if t := githubPart(h, githubWaitingJobTable, raw, &h.job).UpdatedAt.time(mem); t.After(latest) {
			latest = t
		}
	}
	return latest
}

// pushed goes by GitHub's own clock where it can: the time in a commit is its
// author's to choose.
func (h *githubHook) pushed(mem *arena.Text) time.Time {
	t := githubFirstSet(mem, h.Repository.PushedAt, h.HeadCommit.Timestamp)
	for raw := range h.Commits.Elements() {
		if !t.IsZero() {
			break
		}
		t = githubPart(h, githubCommitTable, raw, &h.commit).Timestamp.time(mem)
	}
	return t
}

// changed is when the object that the event is about changed last. Its times are
// known for the events that come by the thousand; for others all are looked at.
func (h *githubHook) changed() time.Time {
	mem, name := &h.out.text, githubObject(h.event)
	var t time.Time
	switch name {
	case "":
		return time.Time{}
	case "pull_request":
		t = h.PullRequest.changed(mem)
	case "issue":
		t = h.Issue.changed(mem)
	case "check_run":
		t = h.CheckRun.changed(mem)
	case "check_suite":
		t = h.CheckSuite.changed(mem)
	}
	if !t.IsZero() {
		return t
	}
	for member, value := range h.raw.Members(mem) {
		if member == name {
			return githubChanged(githubOne(value), mem)
		}
	}
	return time.Time{}
}

// githubChanged is the latest of the times in an object.
func githubChanged(object scan.Raw, mem *arena.Text) time.Time {
	var latest time.Time
	for name, value := range object.Members(mem) {
		if !strings.HasSuffix(name, "_at") || strings.Contains(name, "expire") || strings.Contains(name, "trial") {
			continue // the rest lies in the past
		}
		if t := githubAt(value).time(mem); t.After(latest) {
			latest = t
		}
	}
	return latest
}

// githubObject names the member that holds what an event is about. It is empty for
// events that are about none that has a time.
func githubObject(event string) string {
	switch event {
	case "issue_comment", "commit_comment", "discussion_comment", "pull_request_review_comment":
		return "comment"
	case "pull_request_review_thread":
		return "pull_request"
	case "issues":
		return "issue"
	case "deploy_key":
		return "key"
	case "organization":
		return "invitation"
	case "installation_repositories":
		return "installation"
	case "branch_protection_rule":
		return "rule"
	case "page_build":
		return "build"
	case "ping", "meta":
		return "hook"
	case "fork":
		return "forkee"
	case "code_scanning_alert", "dependabot_alert", "secret_scanning_alert", "repository_vulnerability_alert":
		return "alert"
	case "repository", "public", "workflow", "status":
		return ""
	}
	return event
}

func (h *githubHook) installed() time.Time {
	in := githubPart(h, githubInstallTable, h.Installation, &h.install)
	return githubLatest(&h.out.text, in.UpdatedAt, in.CreatedAt)
}

func (r *githubRepo) changed(mem *arena.Text) time.Time {
	return githubLatest(mem, r.PushedAt, r.UpdatedAt, r.CreatedAt)
}

func (p *githubPull) changed(mem *arena.Text) time.Time {
	return githubLatest(mem, p.UpdatedAt, p.CreatedAt, p.ClosedAt, p.MergedAt)
}

func (c *githubCheck) changed(mem *arena.Text) time.Time {
	return githubLatest(mem, c.UpdatedAt, c.CreatedAt, c.StartedAt, c.CompletedAt)
}
