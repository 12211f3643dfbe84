package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// Pipelines and jobs: who asked for them, and the names their tokens carry.

const (
	gitlabByPipelineUser = "gitlab.pipeline_user"
	gitlabByJobUser      = "gitlab.job_user"
	gitlabByPipeline     = "gitlab.pipeline"
	gitlabByUpstream     = "gitlab.source_pipeline"
	gitlabBySchedule     = "gitlab.schedule"
)

// key is a key of this project, or none where the number or the project is missing.
func (h *gitlabHook) key(kind correlate.Kind, project string, id scan.Raw) correlate.Key {
	number := id.Loose(&h.out.text)
	if project == "" || !isDigits(number) {
		return correlate.Key{}
	}
	return correlate.Key{Kind: kind, Value: h.out.text.Join(project, "/", number)}
}

func gitlabRun(k correlate.Key, name string) correlate.Principal {
	return correlate.Principal{Type: correlate.CIRun, ID: k.Value, Name: name, Issuer: gitlabIssuer}
}

func (h *gitlabHook) pipeline() {
	b, e, out := &h.body, h.e, h.out
	o := &b.Object
	e.Action, e.Class = "gitlab.pipeline", correlate.Deploy
	e.Outcome, e.Error = gitlabOutcome(o.Status)
	if h.project != "" {
		out.touched(e, "gitlab.ref", out.join(h.project, "@", o.Ref))
	}
	k := h.key(GitLabPipeline, h.project, o.ID)
	if k.IsZero() {
		e.Actor = b.User.in(out)
		h.by(gitlabByPipelineUser)
		return
	}
	e.Actor = gitlabRun(k, o.Ref)
	started := firstTime(o.CreatedAt)
	out.acted(e, k, gitlabByPipeline)
	e.Uses[0].At = started.Time // the line may come after the end
	if !h.dated || !started.ok {
		return
	}
	user := b.User.in(out)
	ended := firstTime(o.FinishedAt)
	out.tell(e, &correlate.Fact{
		Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: gitlabByPipeline, Principal: e.Actor,
		Parents: h.parents(user), Start: started.Time,
	})
	h.bind(k, started.Time, ended.Time)
	for raw := range b.Builds.Elements() {
		if gitlabBuildTable.Read(raw, &h.build, &out.text) == nil {
			h.built(k, &user, started.Time)
		}
	}
	if ended.ok {
		// Or its subject would be taken for that of every pipeline after it.
		out.tell(e, &correlate.Fact{
			Kind: correlate.Ending, Key: k, Proof: correlate.Issued, Method: gitlabByPipeline, Start: ended.Time, Reason: "completed",
		})
	}
}

// parents are whoever asked for the pipeline: another pipeline, a schedule, or the
// user. A schedule's owner, whose rights it has, is shown and did not ask.
func (h *gitlabHook) parents(user correlate.Principal) []correlate.Link {
	b, links := &h.body, &h.out.links
	if up := h.key(GitLabPipeline, b.Source.Project.path(), b.Source.PipelineID); !up.IsZero() {
		return links.Append(nil, correlate.Link{Role: correlate.Requestor, Key: up, Proof: correlate.Issued, Method: gitlabByUpstream})
	}
	if b.Object.Source != "schedule" {
		if user.IsZero() {
			return nil
		}
		return links.Append(nil, correlate.Link{Role: requestorOf(&user), Principal: user, Proof: correlate.Attested, Method: gitlabByPipelineUser})
	}
	name := h.out.text.Join("gitlab.schedule:", h.project)
	out := links.Append(nil, correlate.Link{
		Role: correlate.Requestor, Proof: correlate.Attested, Method: gitlabBySchedule, Principal: correlate.Principal{
			Type: correlate.Schedule, ID: strings.TrimPrefix(name, "gitlab.schedule:"), Issuer: "gitlab.schedule", Names: h.out.names.Append(nil, name),
		},
	})
	if user.IsZero() {
		return out
	}
	return links.Append(out, correlate.Link{Role: correlate.Creator, Principal: user, Proof: correlate.Attested, Method: gitlabBySchedule})
}

// built tells of a job of the pipeline that has begun. It was asked for with the
// pipeline, unless somebody pressed its button, or ran it again.
func (h *gitlabHook) built(pipeline correlate.Key, asked *correlate.Principal, created time.Time) {
	b, out := &h.build, h.out
	k, started := h.key(GitLabJob, h.project, b.ID), firstTime(b.Started)
	if k.IsZero() || !started.ok {
		return
	}
	// A pipeline that has finished goes on when a job of it is run again.
	parent := correlate.Link{Role: correlate.Requestor, Key: pipeline, Proof: correlate.Issued, Method: gitlabByPipeline, At: created}
	user := b.User.in(out)
	other := !user.IsZero() && (b.Manual || !asked.IsZero() && user.ID != asked.ID)
	if other {
		parent = correlate.Link{Role: requestorOf(&user), Principal: user, Proof: correlate.Attested, Method: gitlabByJobUser}
	}
	ended := firstTime(b.Finished)
	out.tell(h.e, &correlate.Fact{
		Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: gitlabByPipeline, Principal: gitlabRun(k, b.Name),
		Parents: out.links.Append(nil, parent), Start: started.Time, End: ended.Time,
	})
	if other {
		h.bind(k, started.Time, ended.Time) // the subject is then either's
	}
}

// bind gives the pipeline's subject to a key: it is that of the tokens of all its
// jobs. The one with which a merge request's jobs come is not told, only guessed.
func (h *gitlabHook) bind(target correlate.Key, start, end time.Time) {
	o, out := &h.body.Object, h.out
	if o.Ref == "" {
		return
	}
	kind, proof := "branch", correlate.Attested
	switch {
	case o.Tag:
		kind = "tag"
	case o.Source == "merge_request_event":
		proof = correlate.Inferred
	}
	out.tell(h.e, &correlate.Fact{
		Kind: correlate.Binding, Key: correlate.Key{Kind: GitLabSub, Value: out.text.Join("project_path:", h.project, ":ref_type:", kind, ":ref:", o.Ref)},
		Target: target, Proof: proof, Method: "gitlab.sub", Start: start, End: end, Reason: overAt(end),
	})
}

// job is a change of a job's state. Its user is whose rights it has: whoever asked,
// or only the owner of the schedule that did. The pipeline's hook knows which.
func (h *gitlabHook) job() {
	b, e, out := &h.body, h.e, h.out
	e.Action, e.Class = "gitlab.job", correlate.Deploy
	e.Outcome, e.Error = gitlabOutcome(b.Status)
	if e.Outcome == correlate.Failure && b.Reason != "" && b.Reason != "unknown_failure" {
		e.Error = oktaShort(b.Reason)
	}
	h.environment()
	k := h.key(GitLabJob, h.project, b.BuildID)
	user := b.User.in(out)
	if k.IsZero() {
		e.Actor = user
		h.by(gitlabByJobUser)
		return
	}
	e.Actor = gitlabRun(k, b.BuildName)
	started, ended := firstTime(b.Started), firstTime(b.Finished)
	if !started.ok { // created, or waiting for its button: nobody has asked for it yet
		out.acted(e, h.key(GitLabPipeline, h.project, b.PipelineID), gitlabByPipeline)
		return
	}
	out.acted(e, k, "gitlab.job")
	e.Uses[0].At = started.Time
	if !h.dated {
		return
	}
	f := correlate.Fact{
		Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "gitlab.job", Principal: e.Actor, Start: started.Time, End: ended.Time,
	}
	if !user.IsZero() {
		f.Parents = out.links.Append(nil, correlate.Link{
			Role: requestorOf(&user), Principal: user, Proof: correlate.Inferred, Method: "gitlab.job_user.maybe_schedule",
		})
	}
	out.tell(e, &f)
	if ended.ok {
		out.tell(e, &correlate.Fact{
			Kind: correlate.Ending, Key: k, Proof: correlate.Issued, Method: "gitlab.job", Start: ended.Time, Reason: "completed",
		})
	}
}

// environment is what a job or deployment is for.
func (h *gitlabHook) environment() {
	out := h.out
	name, ok := h.body.Environment.Text(&out.text)
	if !ok {
		for member, value := range h.body.Environment.Members(&out.text) {
			if member == "name" {
				name, _ = value.Text(&out.text)
			}
		}
	}
	out.touched(h.e, "gitlab.environment", out.join(h.project, "/", name))
}

func (h *gitlabHook) deployment() {
	b, e, out := &h.body, h.e, h.out
	e.Action, e.Class = "gitlab.deployment", correlate.Deploy
	e.Outcome, e.Error = gitlabOutcome(b.DeployStatus)
	h.environment()
	if k := h.key(GitLabJob, h.project, b.JobID); !k.IsZero() {
		out.acted(e, k, "gitlab.deployable")
		e.Actor = gitlabRun(k, "")
		return
	}
	e.Actor = b.User.in(out)
	h.by("gitlab.user")
}

// gitlabOutcome reads the status of a pipeline, job or deployment. One that goes on
// has none yet.
func gitlabOutcome(status string) (correlate.Outcome, string) {
	switch status {
	case "success", "skipped":
		return correlate.Success, ""
	case "failed", "canceled", "canceling":
		return correlate.Failure, status
	}
	return correlate.UnknownOutcome, ""
}
