package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
	"whence/sources/scan"
)

// scope is who the event belongs to: the organisation or the repository's owner.
func (h *githubHook) scope() string {
	b := h.githubBody
	if s := cmp.Or(b.Organization.Login, b.Repository.Owner.Login, b.Repository.Owner.Name, githubOwner(b.Repository.FullName)); s != "" {
		return s
	}
	return githubPart(h, githubInstallTable, b.Installation, &h.install).Account.Login
}

func (h *githubHook) outcome() (correlate.Outcome, string) {
	switch h.event {
	case "workflow_run":
		return githubOutcome(h.WorkflowRun.Conclusion)
	case "workflow_job":
		return githubOutcome(h.WorkflowJob.Conclusion)
	case "check_run":
		return githubOutcome(h.CheckRun.Conclusion)
	case "check_suite":
		return githubOutcome(h.CheckSuite.Conclusion)
	case "deployment_status":
		return githubOutcome(h.DeploymentStatus.State)
	case "status":
		return githubOutcome(h.State)
	case "deployment_protection_rule":
		return correlate.UnknownOutcome, ""
	case "deployment_review":
		switch h.ActionName {
		case "rejected":
			return correlate.Denied, "rejected"
		case "requested":
			return correlate.UnknownOutcome, ""
		}
	}
	return correlate.Success, ""
}

// touch adds the resources of the event.
func (h *githubHook) touch(e *correlate.Event) {
	if h.Repository.FullName != "" {
		githubTouch(h.out, e, "github.repository", h.Repository.FullName)
	} else {
		githubTouch(h.out, e, "github.organization", h.owner)
	}
	switch h.event {
	case "push":
		h.touchIn(e, "github.ref", "@", h.Ref)
	case "create", "delete":
		h.touchRef(e)
	case "workflow_run", "workflow_job", "workflow_dispatch":
		path := h.run.Path
		if path == "" {
			path = h.readWorkflow().Path
		}
		h.touchIn(e, "github.workflow", "/", path)
		h.touchIn(e, "github.workflow_run", "/", h.run.ID)
	case "deployment", "deployment_status", "deployment_protection_rule", "deployment_review":
		environment := cmp.Or(h.Environment, h.Deployment.Environment)
		if first := githubOne(h.JobRuns); environment == "" && first.IsObject() && h.JobRuns.IsList() {
			environment = githubPart(h, githubWaitingJobTable, first, &h.job).Environment
		}
		h.touchIn(e, "github.environment", "/", environment)
		h.touchIn(e, "github.deployment", "/", h.Deployment.ID.text())
	case "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread":
		h.touchIn(e, "github.pull_request", "#", h.PullRequest.Number.text())
	case "issues", "issue_comment":
		h.touchIn(e, "github.issue", "#", h.Issue.Number.text())
	case "release":
		h.touchIn(e, "github.release", "@", githubPart(h, githubReleaseTable, h.Release, &h.release).Tag)
	}
	h.touchAccounts(e)
}

// touchIn adds something that belongs to the repository.
func (h *githubHook) touchIn(e *correlate.Event, kind, sep, id string) {
	if repo := h.Repository.FullName; repo != "" && id != "" {
		githubTouch(h.out, e, kind, h.out.text.Join(repo, sep, id))
	}
}

// touchRef adds the branch or tag that was made or deleted.
func (h *githubHook) touchRef(e *correlate.Event) {
	ref := h.Ref
	switch h.RefType {
	case "branch":
		ref = h.out.text.Join("refs/heads/", h.Ref)
	case "tag":
		ref = h.out.text.Join("refs/tags/", h.Ref)
	}
	h.touchIn(e, "github.ref", "@", ref)
}

// touchAccounts adds the accounts and the team that an event gives or takes rights.
func (h *githubHook) touchAccounts(e *correlate.Event) {
	githubTouch(h.out, e, "github.user", githubPart(h, githubUserTable, h.Member, &h.user).Login)
	githubTouch(h.out, e, "github.user", githubPart(h, githubMembershipTable, h.Membership, &h.member).User.Login)
	githubTouch(h.out, e, "github.user", githubPart(h, githubUserTable, h.Invitation, &h.user).Login)
	if slug := githubPart(h, githubTeamTable, h.Team, &h.team).Slug; slug != "" {
		githubTouch(h.out, e, "github.team", h.out.text.Join(h.owner, "/", slug))
	}
}

// githubPart reads a part of the body that few events have. What is not an object
// is empty.
func githubPart[T any](h *githubHook, table *scan.Table[T], raw scan.Raw, into *T) *T {
	if len(raw) == 0 || table.Read(raw, into, &h.out.text) != nil {
		var none T
		*into = none
	}
	return into
}

// githubWebhookClass says what an event of this name could do.
func githubWebhookClass(event string) correlate.Class {
	switch {
	case strings.HasPrefix(event, "workflow"), strings.HasPrefix(event, "deployment"), strings.HasPrefix(event, "check_"),
		event == "status", event == "repository_dispatch", event == "page_build":
		return correlate.Deploy
	case event == "watch", event == "star", event == "fork", event == "ping":
		return correlate.Read
	case event == "github_app_authorization":
		return correlate.Auth
	}
	for _, prefix := range []string{
		"member", "team", "organization", "org_block", "repository", "public", "installation", "deploy_key",
		"branch_protection", "secret_scanning", "code_scanning", "dependabot", "security_", "meta",
		"personal_access_token", "custom_property", "marketplace", "sponsorship", "enterprise", "exemption_request",
	} {
		if strings.HasPrefix(event, prefix) {
			return correlate.Admin
		}
	}
	return correlate.Write
}
