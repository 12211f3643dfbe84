package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// CircleCI: its webhooks, of which there are two, and its audit log as it is
// exported or streamed.
const (
	circleCIWebhook = "circleci.webhook"
	circleCIAudit   = "circleci.audit"
)

var circleCIKinds = []correlate.KindInfo{{
	Kind: CircleCIPipeline, Life: gitlabRunLife, Best: correlate.Issued,
	Hint: "do all projects send workflow-completed webhooks to the topic whence reads?",
}}

var _ = register(Source{
	Name: circleCIWebhook, Kinds: circleCIKinds, Lateness: 30 * time.Minute, // workflows tell when they are over
	Detect: func(v Value) bool {
		t := v.Text("type")
		return (t == "workflow-completed" || t == "job-completed") && v.Has("happened_at", "pipeline")
	},
	Decode: circleCIHookFormat.decode,
})

var _ = register(Source{
	Name: circleCIAudit, Lateness: 5 * time.Minute,
	Detect: func(v Value) bool {
		return v.Has("action", "occurred_at", "actor") && v.Has("scope") && v.Member("actor").Has("type")
	},
	Decode: circleCIAuditFormat.decode,
})

var circleCIHookFormat = format[circleCIHook]{
	table: scan.Of[circleCIHook](),
	inner: func(*circleCIHook) scan.Raw { return nil },
	line:  circleCIHookDecode,
}

var circleCIAuditFormat = format[circleCILine]{
	table: scan.Of[circleCILine](),
	inner: func(*circleCILine) scan.Raw { return nil },
	line:  circleCIAuditDecode,
}

// circleCIHook is what is read of a webhook. The author of a commit is not: anybody
// can write any name there.
type circleCIHook struct {
	Order      scan.Order
	ID         string       `json:"id"`
	Type       string       `json:"type"`
	HappenedAt string       `json:"happened_at"`
	Workflow   circleCIPart `json:"workflow"`
	Job        circleCIPart `json:"job"`
	Pipeline   struct {
		ID        string   `json:"id"`
		Number    scan.Raw `json:"number"`
		CreatedAt string   `json:"created_at"`
		Trigger   struct {
			Type string `json:"type"`
		} `json:"trigger"`
		Parameters struct {
			GitLab struct {
				UserID scan.Raw `json:"user_id"`
				Login  string   `json:"user_username"`
				Name   string   `json:"user_name"`
			} `json:"gitlab"`
			GitHub struct {
				Login string `json:"user_username"`
			} `json:"github_app"`
			CircleCI struct {
				Actor string `json:"actor_id"`
			} `json:"circleci"`
		} `json:"trigger_parameters"`
	} `json:"pipeline"`
	Project struct {
		ID   string `json:"id"`
		Slug string `json:"slug"`
	} `json:"project"`
	Organization struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"organization"`
}

type circleCIPart struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
}

func circleCIHookDecode(in Input, raw []byte, h *circleCIHook, out *Batch) {
	if h.Type == "" || h.HappenedAt == "" {
		out.reject(raw, correlate.RejectSource, "not a webhook of CircleCI: no type or no happened_at")
		return
	}
	e := out.begin(circleCIWebhook, "", h.ID, raw)
	dated := in.dated(e, firstTime(h.HappenedAt))
	e.Action, e.Class = out.text.Join("circleci.", h.Type), correlate.Deploy
	part := &h.Workflow
	if h.Type == "job-completed" {
		part = &h.Job
	}
	switch part.Status {
	case "success":
		e.Outcome = correlate.Success
	case "unauthorized":
		e.Outcome, e.Error = correlate.Denied, part.Status
	case "":
	default:
		e.Outcome, e.Error = correlate.Failure, oktaShort(part.Status)
	}
	e.Context.Account = h.Organization.Name
	out.touched(e, "circleci.project", h.Project.Slug)
	out.touched(e, "circleci.workflow", h.Workflow.ID)
	out.touched(e, "circleci.job", h.Job.ID)
	if h.Pipeline.ID == "" {
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "circleci"}
		return
	}
	k := correlate.Key{Kind: CircleCIPipeline, Value: h.Pipeline.ID}
	e.Actor = correlate.Principal{
		Type: correlate.CIRun, ID: out.text.Join(h.Project.Slug, "/", h.Pipeline.Number.Loose(&out.text)), Name: part.Name, Issuer: "circleci",
	}
	created := firstTime(h.Pipeline.CreatedAt)
	out.acted(e, k, "circleci.pipeline")
	if !dated || !created.ok {
		return
	}
	e.Uses[0].At = created.Time
	out.tell(e, &correlate.Fact{
		Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "circleci.pipeline", Principal: e.Actor,
		Parents: h.parents(out), Start: created.Time,
	})
}

// parents are whoever set the pipeline off: a schedule, or the user whose push, by
// the word of the Git host that told CircleCI of it.
func (h *circleCIHook) parents(out *Batch) []correlate.Link {
	t := &h.Pipeline.Parameters
	l := correlate.Link{Role: correlate.Requestor, Proof: correlate.Attested, Method: "circleci.trigger"}
	switch {
	case strings.HasPrefix(h.Pipeline.Trigger.Type, "schedule"):
		name := out.text.Join("circleci.schedule:", h.Project.Slug)
		l.Principal = correlate.Principal{
			Type: correlate.Schedule, ID: strings.TrimPrefix(name, "circleci.schedule:"), Issuer: "circleci.schedule", Names: out.names.Append(nil, name),
		}
	case t.GitLab.Login != "":
		l.Principal = gitlabUser(out, t.GitLab.Login, t.GitLab.UserID.Loose(&out.text), t.GitLab.Name, "")
	case t.GitHub.Login != "":
		l.Principal = githubUser{Login: t.GitHub.Login, Type: "User"}.in(out)
	case t.CircleCI.Actor != "":
		l.Principal = circleCIUser(out, t.CircleCI.Actor, "")
	default:
		return nil
	}
	return out.links.Append(nil, l)
}

// circleCIUser is a user by its id, which says little to people; the name is a login
// at the Git host.
func circleCIUser(out *Batch, id, name string) correlate.Principal {
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(id, name), Name: name, Issuer: "circleci"}
	_, login, _ := strings.Cut(name, ": ") // "github: amoreau"
	return out.named(p, out.join("circleci:", id), out.join("circleci:", name), out.join("github:", login))
}

type circleCILine struct {
	Order      scan.Order
	classes    words[correlate.Class] // by action
	ID         string                 `json:"id"`
	Action     string                 `json:"action"`
	OccurredAt string                 `json:"occurred_at"`
	Success    scan.Raw               `json:"success"`
	Actor      circleCIRef            `json:"actor"`
	Target     circleCIRef            `json:"target"`
	Scope      circleCIRef            `json:"scope"`
	Request    struct {
		IP string `json:"ip_address"`
	} `json:"request"`
	Payload struct {
		Pipeline circleCIRef `json:"pipeline"`
		Job      struct {
			Pipeline string `json:"pipeline_id"`
		} `json:"job"`
	} `json:"payload"`
}

type circleCIRef struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Name string `json:"name"`
}

func circleCIAuditDecode(in Input, raw []byte, l *circleCILine, out *Batch) {
	if l.Action == "" || l.OccurredAt == "" {
		out.reject(raw, correlate.RejectSource, "not a line of CircleCI's audit log: no action or no occurred_at")
		return
	}
	e := out.begin(circleCIAudit, "", l.ID, raw)
	in.dated(e, firstTime(l.OccurredAt))
	e.Action, e.Class = out.text.Join("circleci.", l.Action), l.classes.of(l.Action, circleCIClass)
	if e.Outcome = correlate.Success; string(l.Success) == "false" {
		e.Outcome, e.Error = correlate.Failure, "failed"
	}
	e.Context.IP, e.Context.Account = l.Request.IP, cmp.Or(l.Scope.Name, l.Scope.ID)
	out.touched(e, out.text.Join("circleci.", cmp.Or(l.Target.Type, "target")), cmp.Or(l.Target.Name, l.Target.ID))
	if id := cmp.Or(l.Payload.Pipeline.ID, l.Payload.Job.Pipeline); id != "" {
		out.acted(e, correlate.Key{Kind: CircleCIPipeline, Value: id}, "circleci.pipeline")
	}
	switch {
	case l.Actor.Type == "user" && l.Actor.ID != "":
		e.Actor = circleCIUser(out, l.Actor.ID, l.Actor.Name)
		if e.Class == correlate.Auth && e.Outcome != correlate.Success {
			out.asked(e, &e.Actor, correlate.Claimed, "circleci.claimed_login")
			return
		}
		out.asked(e, &e.Actor, correlate.Attested, "circleci.actor")
	case l.Actor.ID != "":
		e.Actor = correlate.Principal{Type: correlate.ServiceAccount, ID: l.Actor.ID, Name: l.Actor.Name, Issuer: "circleci"}
		out.asked(e, &e.Actor, correlate.Attested, "circleci.actor")
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "circleci"}
	}
}

func circleCIClass(action string) correlate.Class {
	switch {
	case strings.HasSuffix(action, "secrets.accessed"):
		return correlate.Secret
	case strings.HasPrefix(action, "user.logged"):
		return correlate.Auth
	case strings.HasPrefix(action, "workflow"), strings.HasPrefix(action, "job"), strings.HasPrefix(action, "pipeline"):
		return correlate.Deploy
	}
	return correlate.Admin // contexts, variables, keys, schedules, rights
}
