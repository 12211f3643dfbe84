package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// HCP Terraform and Terraform Enterprise: the audit trail, and the notifications that
// a workspace sends of its runs.
const (
	terraformAudit = "terraform_cloud.audit"
	terraformRuns  = "terraform_cloud.notification"
)

const terraformHint = "does the workspace send run notifications (created, needs attention, applying, completed), or is the audit trail collected?"

func terraformKinds() []correlate.KindInfo {
	return []correlate.KindInfo{
		{Kind: TerraformRun, Life: gitlabRunLife, Best: correlate.Issued, Hint: terraformHint},
		{Kind: TerraformSub, Alias: true, Life: gitlabRunLife, Best: correlate.Attested, Hint: terraformHint},
	}
}

var _ = register(Source{
	Name: terraformAudit, Kinds: terraformKinds(), Lateness: 5 * time.Minute,
	Detect: func(v Value) bool {
		if v.Has("data", "pagination") {
			v = v.Member("data")
		}
		return v.Has("auth", "resource", "timestamp", "type") && v.Member("auth").Has("accessor_id")
	},
	Decode: terraformAuditFormat.decode,
})

var _ = register(Source{
	Name: terraformRuns, Kinds: terraformKinds(), Lateness: 2 * time.Minute,
	Detect: func(v Value) bool { return v.Has("run_id", "notifications", "workspace_name") },
	Decode: terraformRunFormat.decode,
})

var terraformAuditFormat = format[terraformLine]{
	table: scan.Of[terraformLine](),
	inner: func(l *terraformLine) scan.Raw { return l.Data },
	line:  terraformDecode,
}

var terraformRunFormat = format[terraformNotice]{
	table: scan.Of[terraformNotice](),
	inner: func(*terraformNotice) scan.Raw { return nil },
	line:  terraformRunDecode,
}

type terraformLine struct {
	Order     scan.Order
	actions   words[terraformMeaning] // by type of resource, and action
	Data      scan.Raw                `json:"data"` // of a page
	ID        string                  `json:"id"`
	Type      string                  `json:"type"`
	Timestamp string                  `json:"timestamp"`
	Auth      struct {
		Accessor     string `json:"accessor_id"`
		Description  string `json:"description"`
		Type         string `json:"type"`
		Impersonator string `json:"impersonator_id"`
		Organization string `json:"organization_id"`
	} `json:"auth"`
	Request struct {
		ID string `json:"id"`
	} `json:"request"`
	Resource struct {
		ID     string `json:"id"`
		Type   string `json:"type"`
		Action string `json:"action"`
	} `json:"resource"`
}

type terraformMeaning struct {
	action string
	class  correlate.Class
}

func terraformDecode(in Input, raw []byte, l *terraformLine, out *Batch) {
	r := &l.Resource
	if l.Timestamp == "" || r.Action == "" {
		out.reject(raw, correlate.RejectSource, "not a line of Terraform's audit trail: no timestamp or no action")
		return
	}
	e := out.begin(terraformAudit, "", l.ID, raw)
	dated := in.dated(e, firstTime(l.Timestamp))
	m := l.actions.of(out.text.Join(r.Type, ".", r.Action), terraformMeaningOf)
	e.Action, e.Class, e.Outcome = m.action, m.class, correlate.Success
	e.Context.Account, e.Context.Trace = l.Auth.Organization, l.Request.ID
	out.touched(e, out.text.Join("terraform.", cmp.Or(r.Type, "resource")), r.ID)
	l.who(e, out)
	k := terraformRun(r.ID)
	if !dated || r.Type != "run" || k.IsZero() {
		return
	}
	switch r.Action {
	case "create":
		out.tell(e, &correlate.Fact{
			Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "terraform.run", Principal: terraformRunOf(k, ""),
			Parents: out.links.Append(nil, correlate.Link{
				Role: requestorOf(&e.Actor), Principal: e.Actor, Proof: correlate.Attested, Method: "terraform.run_created_by",
			}),
		})
	case "apply", "confirm", "approve":
		out.tell(e, &correlate.Fact{Kind: correlate.Approval, Key: k, Proof: correlate.Issued, Method: "terraform.apply", Principal: e.Actor})
	}
}

// who says who acted. A site administrator who acts as somebody else is who acts.
func (l *terraformLine) who(e *correlate.Event, out *Batch) {
	a := &l.Auth
	switch {
	case a.Accessor == "":
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: terraformIssuer}
		return
	case a.Impersonator != "":
		terraformUser(&e.Actor, out, a.Impersonator, "")
		out.asked(e, &e.Actor, correlate.Attested, "terraform.impersonator")
		return
	}
	terraformUser(&e.Actor, out, a.Accessor, a.Description)
	if a.Type == "System" {
		e.Actor.Type = correlate.ServiceAccount
	}
	out.asked(e, &e.Actor, correlate.Attested, "terraform.accessor")
}

// terraformUser makes p, which is empty, a user by id and name. Tokens of teams and
// organisations act as users with names of their own.
func terraformUser(p *correlate.Principal, out *Batch, id, name string) {
	p.Type, p.ID, p.Issuer = correlate.Human, cmp.Or(name, id), terraformIssuer
	if strings.HasPrefix(name, "api-org-") || strings.HasPrefix(name, "api-team_") {
		p.Type = correlate.ServiceAccount
	}
	if mail, ok := out.email(name); ok {
		p.ID = mail
	}
	out.name(p, out.join("terraform:", name))
	out.name(p, out.join("terraform:", id))
}

func terraformRunOf(k correlate.Key, name string) correlate.Principal {
	return correlate.Principal{Type: correlate.CIRun, ID: k.Value, Name: name, Issuer: terraformIssuer}
}

func terraformMeaningOf(what string) terraformMeaning {
	kind, action, _ := strings.Cut(what, ".")
	m := terraformMeaning{action: "terraform." + what, class: correlate.Admin}
	switch {
	case action == "read" || action == "index" || action == "show":
		m.class = correlate.Read
		if kind == "state_version" || kind == "state-version" {
			m.class = correlate.Secret // states hold the secrets of what they describe
		}
	case kind == "run" || kind == "apply" || kind == "plan" || kind == "state_version":
		m.class = correlate.Deploy
	}
	return m
}

// terraformNotice is a workspace's notification of a run.
type terraformNotice struct {
	Order        scan.Order
	actions      words[string] // by trigger
	RunID        string        `json:"run_id"`
	CreatedAt    string        `json:"run_created_at"`
	CreatedBy    string        `json:"run_created_by"`
	Workspace    string        `json:"workspace_name"`
	Organization string        `json:"organization_name"`
	Notices      []struct {
		Trigger   string `json:"trigger"`
		Status    string `json:"run_status"`
		UpdatedAt string `json:"run_updated_at"`
		UpdatedBy string `json:"run_updated_by"`
	} `json:"notifications"`
}

func terraformRunDecode(in Input, raw []byte, l *terraformNotice, out *Batch) {
	k := terraformRun(l.RunID)
	if len(l.Notices) == 0 || k.IsZero() {
		out.reject(raw, correlate.RejectSource, "not a notification of a run: a test of the endpoint, or no run id")
		return
	}
	n := &l.Notices[0]
	e := out.begin(terraformRuns, l.Organization, "", raw)
	dated := in.dated(e, firstTime(n.UpdatedAt, l.CreatedAt))
	e.Action, e.Class = l.actions.of(n.Trigger, terraformRunAction), correlate.Deploy
	switch n.Status {
	case "applied", "planned_and_finished", "planned_and_saved":
		e.Outcome = correlate.Success
	case "errored", "canceled", "force_canceled", "discarded", "policy_soft_failed":
		e.Outcome, e.Error = correlate.Failure, n.Status
	}
	names := l.names(out)
	workspace := names[0]
	e.Context.Account = l.Organization
	out.touched(e, "terraform.workspace", workspace)
	out.touched(e, "terraform.run", l.RunID)
	created := eventTime{e.Time, dated}
	if n.UpdatedAt != l.CreatedAt {
		created = firstTime(l.CreatedAt)
	}
	e.Actor = terraformRunOf(k, workspace)
	out.acted(e, k, "terraform.run")
	if !dated || !created.ok {
		return
	}
	e.Uses[0].At = created.Time
	f := out.fact(e, correlate.Account, k, correlate.Issued, "terraform.run")
	f.Principal, f.Start = e.Actor, created.Time
	if l.CreatedBy != "" {
		var parent *correlate.Link
		f.Parents, parent = out.links.Grow(nil)
		parent.Proof, parent.Method = correlate.Attested, "terraform.run_created_by"
		terraformUser(&parent.Principal, out, "", l.CreatedBy)
		parent.Role = requestorOf(&parent.Principal)
	}
	if n.Trigger == "run:applying" && n.UpdatedBy != "" {
		terraformUser(&out.fact(e, correlate.Approval, k, correlate.Issued, "terraform.apply").Principal, out, "", n.UpdatedBy)
	}
	over := terraformIsOver(n.Status)
	l.bind(e, k, created.Time, over, names[1:], out)
	if over {
		out.fact(e, correlate.Ending, k, correlate.Issued, "terraform.run").Reason = "completed"
	}
}

func terraformRunAction(trigger string) string { return "terraform." + cmp.Or(trigger, "run") }

// terraformIsOver reports whether nothing comes after a status.
func terraformIsOver(status string) bool {
	switch status {
	case "applied", "planned_and_finished", "errored", "canceled", "force_canceled", "discarded":
		return true
	}
	return false
}

// names are those of the workspace, and of the subjects of its two phases as far as they
// name the organisation and the workspace: see ciAlias. All are made at once.
func (l *terraformNotice) names(out *Batch) [3]string {
	const plan, apply = "/plan", "/apply"
	all := out.text.Join(l.Organization, "/", l.Workspace, plan, l.Organization, "/", l.Workspace, apply)
	planned := (len(all) + len(plan) - len(apply)) / 2
	return [...]string{all[:planned-len(plan)], all[:planned], all[planned:]}
}

// bind gives the run its subjects.
func (l *terraformNotice) bind(e *correlate.Event, k correlate.Key, start time.Time, over bool, subjects []string, out *Batch) {
	var end time.Time
	if over {
		end = e.Time
	}
	for _, subject := range subjects {
		f := out.fact(e, correlate.Binding, correlate.Key{Kind: TerraformSub, Value: subject}, correlate.Attested, "terraform.workspace")
		f.Target, f.Start, f.End, f.Reason = k, start, end, overAt(end)
	}
}
