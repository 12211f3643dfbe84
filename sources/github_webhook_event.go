package sources

import (
	"strings"

	"whence/correlate"
)

// githubActionsApp is the app that carries out workflow runs.
const githubActionsApp = "github-actions"

// walk says who acted and where the walk to whoever asked starts. What a run
// does is the run's doing: the account that GitHub names as its sender is, for a
// schedule, only the last to have changed the workflow, and asked for nothing.
func (b *githubBody) walk(e *correlate.Event) {
	e.Actor = b.Sender.principal()
	run := b.run()
	switch b.event {
	case "workflow_run", "workflow_job", "deployment", "deployment_status":
		if b.byRun(e, &run) {
			return
		}
	case "deployment_review":
		if b.ActionName == "requested" && b.byRun(e, &run) {
			return
		}
		if p := b.Approver.principal(); !p.IsZero() {
			e.Actor, e.Uses = p, githubAsked(p, "github.approver")
			return
		}
	case "deployment_protection_rule":
		run.ID = githubRunInURL(b.CallbackURL)
		if b.byRun(e, &run) {
			return
		}
	case "check_run", "check_suite":
		if b.byApp(e) {
			return
		}
	case "create", "delete":
		if b.PusherType == "deploy_key" {
			e.Actor = githubDeployKey(b.Repository.FullName)
			e.Uses = githubAsked(e.Actor, "github.deploy_key") // the directory may know whose it is
			return
		}
	}
	e.Uses = append(e.Uses, githubAsked(e.Actor, "github.sender")...)
	if e.Actor.IsZero() {
		e.Actor = githubUser{Login: b.Pusher.Name}.principal()
		e.Uses = append(e.Uses, githubAsked(e.Actor, "github.pusher")...)
	}
	if e.Actor.IsZero() {
		e.Actor = githubNobody()
	}
}

// byRun makes the run the executor, or, when the line names the run and not the
// attempt, leads to whichever attempt was live.
func (b *githubBody) byRun(e *correlate.Event, run *githubRun) bool {
	method := "github." + b.event
	if !run.key().IsZero() {
		e.Actor = run.principal()
		e.Uses = []correlate.Link{run.acting(method, run.Started)}
		return true
	}
	if run.alias().IsZero() {
		return false
	}
	e.Uses = []correlate.Link{{Role: correlate.Requestor, Key: run.alias(), Proof: correlate.Inferred, Method: method + ".run_id"}}
	if e.Actor.IsZero() {
		e.Actor = githubNobody()
	}
	return true
}

// byApp tells of a check: the app that runs it acts. Checks of GitHub Actions
// belong to a run, which knows better than the sender who asked.
func (b *githubBody) byApp(e *correlate.Event) bool {
	check := b.CheckRun
	if b.event == "check_suite" {
		check = b.CheckSuite
	}
	slug := check.App.Slug
	if slug == "" {
		return false
	}
	asked := e.Actor
	e.Actor = githubUser{Login: slug + "[bot]", Type: "Bot"}.principal()
	e.Actor.Name = strings.Clone(check.App.Name)
	if slug != githubActionsApp {
		e.Uses = githubAsked(asked, "github.sender")
		return true
	}
	run := githubRun{Repo: b.Repository.FullName, ID: githubRunInURL(check.DetailsURL)}
	if !run.alias().IsZero() {
		e.Uses = []correlate.Link{{Role: correlate.Requestor, Key: run.alias(), Proof: correlate.Inferred, Method: "github.check_run.details_url"}}
	}
	return true
}

// mint adds what the event tells of runs: accounts, subjects and approvals.
//
// An approving pull_request_review is not an approval here. It is of a commit,
// and no credential is named by one: whether what ran was what was reviewed is
// not something this log says.
func (b *githubBody) mint(e *correlate.Event) {
	run := b.run()
	method := "github." + b.event
	switch b.event {
	case "workflow_run":
		run.mint(e, githubWebhook, method)
	case "workflow_job":
		j := &b.WorkflowJob
		run.bindEnvironment(e, githubWebhook, method, b.Deployment.Environment, githubFirst(j.StartedAt, j.CreatedAt), j.CompletedAt.Time)
	case "deployment", "deployment_status":
		end := githubTime{}
		switch b.DeploymentStatus.State {
		case "success", "failure", "error":
			end = b.DeploymentStatus.CreatedAt
		}
		run.bindEnvironment(e, githubWebhook, method, b.Deployment.Environment, githubFirst(b.Deployment.CreatedAt, githubTime{run.Started}), end.Time)
	case "deployment_review":
		if b.ActionName == "approved" {
			b.approve(e, &run)
		}
	}
}

// approve adds who allowed the run to go on. The comment stays where it is.
func (b *githubBody) approve(e *correlate.Event, run *githubRun) {
	f := correlate.Fact{Kind: correlate.Approval, Key: run.key(), Proof: correlate.Attested, Method: "github.deployment_review", Principal: b.Approver.principal(), Start: e.Time}
	if f.Principal.IsZero() {
		f.Principal, f.Method = b.Sender.principal(), "github.deployment_review.sender"
	}
	if f.Principal.IsZero() {
		return
	}
	githubMint(e, githubWebhook, f)
	seen := map[string]bool{}
	for _, j := range append(b.JobRuns, b.JobRun, githubWaitingJob{Environment: b.Environment}) {
		if !seen[j.Environment] {
			seen[j.Environment] = true
			run.bindEnvironment(e, githubWebhook, "github.deployment_review", j.Environment, e.Time, githubTime{}.Time)
		}
	}
}

func (b *githubBody) outcome() (correlate.Outcome, string) {
	switch b.event {
	case "workflow_run":
		return githubOutcome(b.WorkflowRun.Conclusion)
	case "workflow_job":
		return githubOutcome(b.WorkflowJob.Conclusion)
	case "check_run":
		return githubOutcome(b.CheckRun.Conclusion)
	case "check_suite":
		return githubOutcome(b.CheckSuite.Conclusion)
	case "deployment_status":
		return githubOutcome(b.DeploymentStatus.State)
	case "status":
		return githubOutcome(b.State)
	case "deployment_protection_rule":
		return correlate.UnknownOutcome, ""
	case "deployment_review":
		switch b.ActionName {
		case "rejected":
			return correlate.Denied, "rejected"
		case "requested":
			return correlate.UnknownOutcome, ""
		}
	}
	return correlate.Success, ""
}

func (b *githubBody) resources() []correlate.Resource {
	repo := b.Repository.FullName
	in := func(sep, id string) string {
		if repo == "" || id == "" {
			return ""
		}
		return repo + sep + id
	}
	rs := githubResource("repository", repo)
	if repo == "" {
		rs = githubResource("organization", b.scope())
	}
	switch b.event {
	case "push":
		rs = append(rs, githubResource("ref", in("@", b.Ref))...)
	case "create", "delete":
		kind := map[string]string{"branch": "refs/heads/", "tag": "refs/tags/"}[b.RefType]
		rs = append(rs, githubResource("ref", in("@", kind+b.Ref))...)
	case "workflow_run", "workflow_job", "workflow_dispatch":
		run := b.run()
		path := run.Path
		if path == "" {
			path = b.Workflow.Path
		}
		rs = append(rs, githubResource("workflow", in("/", path))...)
		rs = append(rs, githubResource("workflow_run", in("/", run.ID))...)
	case "deployment", "deployment_status", "deployment_protection_rule", "deployment_review":
		env := b.Environment
		if env == "" {
			env = b.Deployment.Environment
		}
		if env == "" && len(b.JobRuns) > 0 {
			env = b.JobRuns[0].Environment
		}
		rs = append(rs, githubResource("environment", in("/", env))...)
		rs = append(rs, githubResource("deployment", in("/", b.Deployment.ID.String()))...)
	case "pull_request", "pull_request_review", "pull_request_review_comment", "pull_request_review_thread":
		rs = append(rs, githubResource("pull_request", in("#", b.PullRequest.Number.String()))...)
	case "issues", "issue_comment":
		rs = append(rs, githubResource("issue", in("#", b.Issue.Number.String()))...)
	case "release":
		rs = append(rs, githubResource("release", in("@", b.Release.Tag))...)
	}
	for _, u := range []githubUser{b.Member, b.Membership.User, b.Invitation} {
		rs = append(rs, githubResource("user", u.Login)...)
	}
	if b.Team.Slug != "" {
		rs = append(rs, githubResource("team", b.scope()+"/"+b.Team.Slug)...)
	}
	return rs
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
