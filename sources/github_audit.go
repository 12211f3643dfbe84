package sources

import (
	"cmp"
	"errors"
	"strconv"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
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

// githubEntry is one line of the audit log, while it is being told. It is used
// again for the next one.
type githubEntry struct {
	githubAuditLine
	data githubAuditFields // of older exports

	out     *Batch
	e       *correlate.Event
	account correlate.Principal // the actor, as the line names it
	run     githubAttempt       // of lines about a run

	meanings words[githubMeaning] // of actions
	deploys  words[bool]          // whether an access type is a deploy key
}

func githubAuditDecode(in Input, out *Batch) {
	a, raw := scratch[githubEntry](out), scan.Raw(in.Raw)
	a.out = out
	if !raw.IsList() {
		a.decode(raw, in.Header)
		return
	}
	if err := scan.Valid(raw); err != nil {
		out.refuse(raw, err)
		return
	}
	for line := range raw.Elements() {
		a.decode(line, in.Header)
	}
}

func (a *githubEntry) decode(raw scan.Raw, header func(string) string) {
	out := a.out
	if err := githubAuditTable.Read(raw, &a.githubAuditLine, &out.text); err != nil && !errors.Is(err, scan.ErrObject) {
		out.refuse(raw, err)
		return
	}
	if !strings.Contains(a.Action, ".") {
		out.reject(raw, correlate.RejectSource, "not a line of the GitHub audit log: it has no action such as repo.create")
		return
	}
	if a.Seen.Any(githubAuditForeign) {
		out.reject(raw, correlate.RejectSource, "an action, and members that the GitHub audit log never has: another log?")
		return
	}
	a.flatten()
	out.Events = append(out.Events, correlate.Event{})
	a.e = &out.Events[len(out.Events)-1]
	a.tell(raw, header)
}

func (a *githubEntry) tell(raw scan.Raw, header func(string) string) {
	e, scope := a.e, a.scope()
	e.Evidence.SHA256, e.Line = a.out.hash(raw), raw
	e.EventID = cmp.Or(a.ID, e.Evidence.SHA256)
	e.ID = a.out.sums.ID(githubAudit, scope, e.EventID)
	e.ActionID, e.Primary = e.ID, true
	e.Time = a.when(header)
	m := a.meanings.of(a.Action, githubAuditMeaning)
	e.Action, e.Class, e.Outcome, e.Error = a.Action, m.class, m.outcome, m.failure
	if a.Action == "workflows.completed_workflow_run" {
		e.Outcome, e.Error = githubOutcome(a.Conclusion)
	}
	e.Context = correlate.Context{IP: a.IP, Agent: a.UserAgent, Account: scope, App: a.Integration}
	a.touch()
	a.account = a.principal()
	if strings.HasPrefix(a.Action, "workflows.") {
		a.readRun()
	}
	a.walk()
	a.mint()
}

func (a *githubEntry) scope() string {
	if a.Organization != "" {
		return a.Organization
	}
	return cmp.Or(githubOwner(a.Repo), a.Business)
}

func (a *githubEntry) when(header func(string) string) time.Time {
	t := githubFirstSet(&a.out.text, a.Timestamp, a.CreatedAt, a.RenamedTime, a.CompletedAt, a.StartedAt)
	if t.IsZero() {
		t = githubReceived(header)
	}
	if t.IsZero() {
		return githubNoTime()
	}
	return t
}

// principal is the account the log names as the actor. GitHub vouches for it;
// the name the identity provider gave it goes along, for the directory.
func (a *githubEntry) principal() correlate.Principal {
	u := githubUser{Login: a.Actor, Type: "User"}
	if a.IsBot {
		u.Type = "Bot"
	}
	p := u.in(a.out)
	if p.IsZero() {
		return p
	}
	if a.IsAgent {
		p.Type = correlate.Agent
	}
	if name := a.out.fold(a.SSOName); strings.Contains(name, "@") {
		p.Names = a.out.names.Append(p.Names, name)
	} else if name != "" {
		p.Names = a.out.names.Append(p.Names, a.out.text.Join("saml:", name))
	}
	return p
}

// readRun sets a.run to the workflow run the line is about. A line tells of the
// account that made the run's first attempt; who ran it again is another line.
func (a *githubEntry) readRun() {
	mem, r := &a.out.text, &a.run
	r.reset()
	r.Repo, r.ID, r.Number = a.Repo, a.RunID.text(), max(githubInt(a.RunAttempt), 0)
	r.Name, r.Event, r.HeadBranch = a.Workflow, a.Event, a.HeadBranch
	r.First, r.Started = a.account, a.StartedAt.time(mem)
	if r.Number == 1 {
		r.Asked, r.Via = r.First, "github.actor"
	}
	switch a.Action {
	case "workflows.completed_workflow_run":
		if r.Ended = a.CompletedAt.time(mem); r.Ended.IsZero() {
			r.Ended = a.when(nil)
		}
	case "workflows.created_workflow_run":
		if r.Started.IsZero() {
			r.Started = a.when(nil)
		}
	}
	if r.Started.Equal(githubNoTime()) {
		r.Started = time.Time{}
	}
	r.identify(mem)
}

// githubInt is a number that is whole, or 0.
func githubInt(n githubNumber) int64 {
	s := n.text()
	if !githubInteger(s) {
		return 0 // the error would be made on the heap
	}
	v, _ := strconv.ParseInt(s, 10, 64)
	return v
}
