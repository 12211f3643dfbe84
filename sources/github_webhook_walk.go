package sources

import (
	"time"

	"whence/correlate"
)

// githubActionsApp is the app that carries out workflow runs.
const githubActionsApp = "github-actions"

// walk says who acted and where the walk to whoever asked starts. What a run
// does is the run's doing: the account that GitHub names as its sender is, for a
// schedule, only the last to have changed the workflow, and asked for nothing.
func (h *githubHook) walk(e *correlate.Event) {
	e.Actor = h.Sender.in(h.out)
	switch h.event {
	case "workflow_run", "workflow_job", "deployment", "deployment_status", "deployment_protection_rule":
		if h.byRun(e) {
			return
		}
	case "deployment_review":
		if h.ActionName == "requested" && h.byRun(e) {
			return
		}
		if p := h.Approver.in(h.out); !p.IsZero() {
			e.Actor, e.Uses = p, githubAsk(h.out, nil, p, "github.approver")
			return
		}
	case "check_run":
		if h.byApp(e, &h.CheckRun) {
			return
		}
	case "check_suite":
		if h.byApp(e, &h.CheckSuite) {
			return
		}
	case "create", "delete":
		if h.PusherType == "deploy_key" {
			e.Actor = githubByDeployKey(h.out, h.Repository.FullName)
			e.Uses = githubAsk(h.out, nil, e.Actor, "github.deploy_key") // the directory may know whose it is
			return
		}
	}
	e.Uses = githubAsk(h.out, e.Uses, e.Actor, "github.sender")
	if e.Actor.IsZero() {
		e.Actor = githubUser{Login: h.Pusher.Name}.in(h.out)
		e.Uses = githubAsk(h.out, e.Uses, e.Actor, "github.pusher")
	}
	if e.Actor.IsZero() {
		e.Actor = githubNobody()
	}
}

// byRun makes the run the executor, or, when the line names the run and not the
// attempt, leads to whichever attempt was live.
func (h *githubHook) byRun(e *correlate.Event) bool {
	run := &h.run
	if !run.Key.IsZero() {
		e.Actor = run.principal()
		e.Uses = h.out.links.Append(nil, run.acting(h.method, run.Started))
		return true
	}
	if run.RunID.IsZero() {
		return false
	}
	e.Uses = h.someAttempt(h.out.text.Join(h.method, ".run_id"))
	if e.Actor.IsZero() {
		e.Actor = githubNobody()
	}
	return true
}

// someAttempt is the link to whichever attempt of the run was live.
func (h *githubHook) someAttempt(method string) []correlate.Link {
	return h.out.links.Append(nil, correlate.Link{Role: correlate.Requestor, Key: h.run.RunID, Proof: correlate.Inferred, Method: method})
}

// byApp tells of a check: the app that runs it acts. Checks of GitHub Actions
// belong to a run, which knows better than the sender who asked.
func (h *githubHook) byApp(e *correlate.Event, check *githubCheck) bool {
	slug := check.App.Slug
	if slug == "" {
		return false
	}
	asked := e.Actor
	e.Actor = githubUser{Login: h.out.text.Join(slug, "[bot]"), Type: "Bot"}.in(h.out)
	e.Actor.Name = check.App.Name
	if slug != githubActionsApp {
		e.Uses = githubAsk(h.out, nil, asked, "github.sender")
		return true
	}
	h.run.reset()
	h.run.Repo, h.run.ID = h.Repository.FullName, githubRunInURL(check.DetailsURL)
	h.run.identify(&h.out.text)
	if !h.run.RunID.IsZero() {
		e.Uses = h.someAttempt("github.check_run.details_url")
	}
	return true
}

// part names a part of a run that has a beginning and an end of its own.
func (h *githubHook) part(kind string, id githubNumber) string {
	if number := id.text(); number != "" {
		return h.out.text.Join(kind, number)
	}
	return ""
}

// mint adds what the event tells of runs: accounts, subjects and approvals.
//
// An approving pull_request_review is not an approval here. It is of a commit,
// and no credential is named by one: whether what ran was what was reviewed is
// not something this log says.
func (h *githubHook) mint(e *correlate.Event) {
	out, mem, run := h.out, &h.out.text, &h.run
	switch h.event {
	case "workflow_run":
		run.mint(out, e, githubWebhook, h.method)
	case "workflow_job":
		j := &h.WorkflowJob
		run.bindEnvironment(out, e, githubWebhook, h.method, h.Deployment.Environment, h.part("job/", j.ID), githubFirstSet(mem, j.StartedAt, j.CreatedAt), j.CompletedAt.time(mem))
	case "deployment", "deployment_status":
		var end githubAt
		switch h.DeploymentStatus.State {
		case "success", "failure", "error":
			end = h.DeploymentStatus.CreatedAt
		}
		start := h.Deployment.CreatedAt.time(mem)
		if start.IsZero() {
			start = run.Started
		}
		run.bindEnvironment(out, e, githubWebhook, h.method, h.Deployment.Environment, h.part("deployment/", h.Deployment.ID), start, end.time(mem))
	case "deployment_review":
		if h.ActionName == "approved" {
			h.approve(e)
		}
	}
}

// approve adds who allowed the run to go on. The comment stays where it is.
func (h *githubHook) approve(e *correlate.Event) {
	f := correlate.Fact{
		Kind: correlate.Approval, Key: h.run.Key, Proof: correlate.Attested, Method: "github.deployment_review",
		Principal: h.Approver.in(h.out), Start: e.Time,
	}
	if f.Principal.IsZero() {
		f.Principal, f.Method = h.Sender.in(h.out), "github.deployment_review.sender"
	}
	if f.Principal.IsZero() {
		return
	}
	githubTell(h.out, e, githubWebhook, f)
	if len(h.allowed) > githubKept || h.allowed == nil {
		h.allowed = map[string]bool{}
	}
	clear(h.allowed)
	for raw := range h.JobRuns.Elements() {
		h.allow(e, githubPart(h, githubWaitingJobTable, raw, &h.job).Environment)
	}
	h.allow(e, h.JobRun.Environment)
	h.allow(e, h.Environment)
}

// allow binds the subject of jobs that may now go on in an environment, once.
func (h *githubHook) allow(e *correlate.Event, environment string) {
	if h.allowed[environment] {
		return
	}
	h.allowed[environment] = true
	h.run.bindEnvironment(h.out, e, githubWebhook, "github.deployment_review", environment, "", e.Time, time.Time{})
}
