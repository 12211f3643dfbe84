package sources

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"whence/correlate"
)

// The GitHub audit log of an organisation or enterprise, streamed or exported:
// https://docs.github.com/organizations/keeping-your-organization-secure.
// Actions are kept exactly as the log writes them ("repo.create"); those of the
// webhook source all start with "github.".
const githubAudit = "github.audit"

var _ = register(Source{
	Name:     githubAudit,
	Kinds:    githubRunKinds(),
	Lateness: 2 * time.Minute,
	Detect:   githubAuditDetect,
	Decode:   githubAuditDecode,
})

// githubAuditLine is a line with its fields at the top, as GitHub writes it now,
// or some of them under data, as older exports have it.
type githubAuditLine struct {
	githubAuditFields
	Data githubAuditFields `json:"data"`
}

type githubAuditFields struct {
	ID          string     `json:"_document_id"`
	Action      string     `json:"action"`
	Timestamp   githubTime `json:"@timestamp"`
	CreatedAt   githubTime `json:"created_at"`
	RenamedTime githubTime `json:"at_sign_timestamp"` // by collectors whose field names allow no @

	Actor        string `json:"actor"`
	IsBot        bool   `json:"actor_is_bot"`
	IsAgent      bool   `json:"actor_is_agent"`
	IP           string `json:"actor_ip"`
	SSOName      string `json:"external_identity_nameid"`
	AccessType   string `json:"programmatic_access_type"`
	HashedToken  string `json:"hashed_token"`
	UserAgent    string `json:"user_agent"`
	Organization string `json:"org"`
	Business     string `json:"business"`
	Repo         string `json:"repo"`
	Repository   string `json:"repository"`
	User         string `json:"user"`
	Team         string `json:"team"`
	Branch       string `json:"branch"`
	Environment  string `json:"environment_name"`
	EnvName      string `json:"env_name"`
	Integration  string `json:"integration"`

	RunID       json.Number `json:"workflow_run_id"`
	RunAttempt  json.Number `json:"run_attempt"`
	Workflow    string      `json:"name"`
	Event       string      `json:"event"`
	HeadBranch  string      `json:"head_branch"`
	Conclusion  string      `json:"conclusion"`
	StartedAt   githubTime  `json:"started_at"`
	CompletedAt githubTime  `json:"completed_at"`
}

func githubAuditDetect(v Value) bool {
	if v.Raw != nil && v.members == nil {
		return false
	}
	action := v.Text("action")
	if !strings.Contains(action, ".") || strings.ContainsAny(action, ": /") || v.Has("eventType") || v.Has("sender") {
		return false
	}
	for _, m := range []string{"@timestamp", "_document_id", "at_sign_timestamp", "programmatic_access_type", "created_at"} {
		if v.Has(m) {
			return true
		}
	}
	return v.Has("actor") && (v.Has("org") || v.Has("repo") || v.Has("user") || v.Has("business"))
}

func githubAuditDecode(in Input, out *Batch) {
	if in.Raw[0] != '[' {
		githubAuditOne(in, in.Raw, out)
		return
	}
	var lines []json.RawMessage
	if !out.unmarshal(in.Raw, &lines) {
		return
	}
	for _, raw := range lines {
		githubAuditOne(in, raw, out)
	}
}

func githubAuditOne(in Input, raw []byte, out *Batch) {
	var line githubAuditLine
	if !out.unmarshalLoosely(raw, &line) {
		return
	}
	a := line.flat()
	if !strings.Contains(a.Action, ".") {
		out.reject(raw, correlate.RejectSource, "not a line of the GitHub audit log: it has no action such as repo.create")
		return
	}
	hash := sum(raw)
	e := correlate.Event{
		EventID:  strings.Clone(cmp.Or(a.ID, hash)),
		Time:     a.when(in.Header),
		Primary:  true,
		Action:   strings.Clone(a.Action),
		Class:    githubAuditClass(a.Action),
		Context:  correlate.Context{IP: strings.Clone(a.IP), Agent: strings.Clone(a.UserAgent), Account: strings.Clone(a.scope()), App: strings.Clone(a.Integration)},
		Evidence: correlate.Evidence{SHA256: hash},
	}
	e.ID = correlate.NewID(githubAudit, a.scope(), e.EventID)
	e.ActionID = e.ID
	e.Outcome, e.Error = a.outcome()
	e.Resources = a.resources()
	a.walk(&e)
	a.mint(&e)
	out.Events = append(out.Events, e)
}

// flat joins the two places a field can be in.
func (l *githubAuditLine) flat() *githubAuditFields {
	a, d := &l.githubAuditFields, &l.Data
	for _, f := range []struct{ to, from *string }{
		{&a.Actor, &d.Actor}, {&a.IP, &d.IP}, {&a.SSOName, &d.SSOName}, {&a.AccessType, &d.AccessType},
		{&a.HashedToken, &d.HashedToken}, {&a.UserAgent, &d.UserAgent}, {&a.Organization, &d.Organization},
		{&a.Business, &d.Business}, {&a.Repo, &d.Repo}, {&a.Repository, &d.Repository}, {&a.User, &d.User},
		{&a.Team, &d.Team}, {&a.Branch, &d.Branch}, {&a.Environment, &d.Environment}, {&a.EnvName, &d.EnvName},
		{&a.Workflow, &d.Workflow}, {&a.Event, &d.Event}, {&a.HeadBranch, &d.HeadBranch}, {&a.Conclusion, &d.Conclusion},
	} {
		*f.to = cmp.Or(*f.to, *f.from)
	}
	a.RunID, a.RunAttempt = cmp.Or(a.RunID, d.RunID), cmp.Or(a.RunAttempt, d.RunAttempt)
	a.IsBot, a.IsAgent = a.IsBot || d.IsBot, a.IsAgent || d.IsAgent
	a.StartedAt.Time = githubFirst(a.StartedAt, d.StartedAt)
	a.CompletedAt.Time = githubFirst(a.CompletedAt, d.CompletedAt)
	a.Repo = cmp.Or(a.Repo, a.Repository)
	a.Environment = cmp.Or(a.Environment, a.EnvName)
	return a
}

func (a *githubAuditFields) scope() string {
	return cmp.Or(a.Organization, githubOwner(a.Repo), a.Business)
}

func (a *githubAuditFields) when(header func(string) string) time.Time {
	t := githubFirst(a.Timestamp, a.CreatedAt, a.RenamedTime, a.CompletedAt, a.StartedAt, githubReceived(header))
	if t.IsZero() {
		return githubNoTime()
	}
	return t
}

// principal is the account the log names as the actor. GitHub vouches for it;
// the name the identity provider gave it goes along, for the directory.
func (a *githubAuditFields) principal() correlate.Principal {
	u := githubUser{Login: a.Actor, Type: "User"}
	if a.IsBot {
		u.Type = "Bot"
	}
	p := u.principal()
	if p.IsZero() {
		return p
	}
	if a.IsAgent {
		p.Type = correlate.Agent
	}
	if name := correlate.Fold(a.SSOName); strings.Contains(name, "@") {
		p.Names = append(p.Names, name)
	} else if name != "" {
		p.Names = append(p.Names, "saml:"+name)
	}
	return p
}

// run is the workflow run the line is about. A line tells of the account that
// made the run's first attempt; who ran it again is another line.
func (a *githubAuditFields) run() githubRun {
	attempt, _ := a.RunAttempt.Int64()
	r := githubRun{
		Repo: a.Repo, ID: a.RunID.String(), Attempt: int(max(attempt, 0)), Name: a.Workflow, Event: a.Event,
		HeadBranch: a.HeadBranch, First: a.principal(), Started: a.StartedAt.Time,
	}
	if r.Attempt == 1 {
		r.Asked, r.Via = r.First, "github.actor"
	}
	switch a.Action {
	case "workflows.completed_workflow_run":
		r.Ended = githubFirst(a.CompletedAt, githubTime{a.when(nil)})
	case "workflows.created_workflow_run":
		r.Started = githubFirst(a.StartedAt, githubTime{a.when(nil)})
	}
	if !r.Started.IsZero() && r.Started.Equal(githubNoTime()) {
		r.Started = time.Time{}
	}
	return r
}

// walk says who acted. The lines a run writes of itself are the run's doing: for
// a schedule the actor only happens to have changed the workflow last.
func (a *githubAuditFields) walk(e *correlate.Event) {
	run := a.run()
	switch a.Action {
	case "workflows.created_workflow_run", "workflows.completed_workflow_run", "workflows.prepared_workflow_job":
		if !run.key().IsZero() {
			e.Actor, e.Uses = run.principal(), []correlate.Link{run.acting("github.workflow_run_id", run.Started)}
			return
		}
		if !run.alias().IsZero() {
			e.Actor = correlate.Principal{Type: correlate.CIRun, ID: run.alias().Value, Name: strings.Clone(run.Name), Issuer: githubIssuer}
			e.Uses = []correlate.Link{{Role: correlate.Requestor, Key: run.alias(), Proof: correlate.Inferred, Method: "github.workflow_run_id.no_attempt"}}
			return
		}
	}
	e.Actor = a.principal()
	if a.HashedToken != "" {
		// The hash names the token on every line it was used for. No line tells
		// of a token being made with its hash, so nothing mints this kind.
		e.Uses = []correlate.Link{{Role: correlate.Acting, Key: correlate.Key{Kind: GitHubToken, Value: strings.Clone(a.HashedToken)}, Proof: correlate.Attested, Method: "github.hashed_token"}}
	}
	switch {
	case strings.Contains(strings.ToLower(a.AccessType), "deploy"):
		e.Actor = githubDeployKey(a.Repo)
		e.Uses = append(e.Uses, githubAsked(e.Actor, "github.deploy_key")...) // the directory may know whose it is
		return
	case e.Actor.IsZero():
		e.Actor = githubNobody()
		return
	}
	e.Uses = append(e.Uses, githubAsked(e.Actor, "github.actor")...)
}

func (a *githubAuditFields) mint(e *correlate.Event) {
	run := a.run()
	switch a.Action {
	case "workflows.created_workflow_run", "workflows.completed_workflow_run":
		run.mint(e, githubAudit, "github.audit.workflow_run")
	case "workflows.approve_workflow_job":
		f := correlate.Fact{Kind: correlate.Approval, Proof: correlate.Attested, Method: "github.approve_workflow_job", Principal: a.principal(), Start: e.Time}
		if run.Attempt == 0 && !run.alias().IsZero() {
			// The line names the run and not the attempt. Few runs have a second.
			run.Attempt, f.Proof, f.Method = 1, correlate.Inferred, "github.approve_workflow_job.first_attempt"
		}
		if f.Key = run.key(); !f.Principal.IsZero() {
			githubMint(e, githubAudit, f)
		}
	}
}
