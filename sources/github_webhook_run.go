package sources

import (
	"cmp"
	"strings"
)

// readRun sets h.run to the workflow run the event is about, as far as the body
// tells.
func (h *githubHook) readRun() {
	h.run.reset()
	if h.WorkflowRun.ID.text() != "" {
		h.runOfBody()
	} else {
		h.runOfJob()
	}
	if h.event == "deployment_protection_rule" {
		h.run.ID = githubRunInURL(h.callback())
	}
	h.run.identify(&h.out.text)
}

func (h *githubHook) runOfJob() {
	j, repo := &h.WorkflowJob, &h.Repository
	r := &h.run
	r.Repo, r.ID, r.Number, r.Name = repo.FullName, j.RunID.text(), j.Attempt, j.Workflow
	r.OwnerID, r.RepoID = repo.Owner.ID.text(), repo.ID.text()
	r.Started = githubFirstSet(&h.out.text, j.StartedAt, j.CreatedAt)
}

func (h *githubHook) runOfBody() {
	mem, w, repo, r := &h.out.text, &h.WorkflowRun, &h.Repository, &h.run
	if repo.FullName == "" {
		repo = &w.Repository
	}
	r.Repo, r.ID, r.Number, r.Event = repo.FullName, w.ID.text(), w.Attempt, w.Event
	r.HeadBranch, r.HeadRepo, r.DefaultBranch = w.HeadBranch, w.HeadRepository.FullName, repo.DefaultBranch
	r.OwnerID, r.RepoID = repo.Owner.ID.text(), repo.ID.text()
	r.First = w.Actor.in(h.out)
	r.Started = githubFirstSet(mem, w.StartedAt, w.CreatedAt)
	r.Name, r.Path = w.Name, w.Path
	if r.Name == "" || r.Path == "" {
		flow := h.readWorkflow()
		r.Name, r.Path = cmp.Or(r.Name, flow.Name), cmp.Or(r.Path, flow.Path)
	}
	r.Path, _, _ = strings.Cut(r.Path, "@")
	for raw := range w.PullRequests.Elements() {
		p := githubPart(h, githubPullTable, raw, &h.pull)
		if p.Base.Repo.ID.text() == r.RepoID { // a pull request elsewhere from the same branch is none of this run's
			r.BaseRefs = append(r.BaseRefs, p.Base.Ref)
			r.PullNumbers = append(r.PullNumbers, p.Number.text())
		}
	}
	switch {
	case w.Triggering.Login != "":
		r.Asked, r.Via = w.Triggering.in(h.out), "github.triggering_actor"
	case w.Attempt <= 1: // whoever ran it again is not the one who ran it first
		r.Asked, r.Via = r.First, "github.actor"
	}
	if h.event == "workflow_run" && h.ActionName == "completed" {
		r.Ended = githubLatest(mem, w.UpdatedAt, w.StartedAt)
	}
}

// readWorkflow reads the workflow beside the run: an object, or only its path.
func (h *githubHook) readWorkflow() *githubWorkflow {
	if path, ok := h.Workflow.Text(&h.out.text); ok {
		h.workflow = githubWorkflow{Path: path}
		return &h.workflow
	}
	return githubPart(h, githubWorkflowTable, h.Workflow, &h.workflow)
}

// callback is the address that answers a deployment's protection rule.
func (h *githubHook) callback() string {
	url, _ := h.Callback.Text(&h.out.text)
	return url
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
