package sources

import (
	"cmp"

	"whence/sources/scan"
)

var (
	githubAuditTable     = scan.Of[githubAuditLine]()
	githubAuditDataTable = scan.Of[githubAuditFields]()
)

// githubAuditLine is a line with its fields at the top, as GitHub writes it now,
// or some of them under data, as older exports have it.
type githubAuditLine struct {
	Seen        scan.Seen
	Order       scan.Order
	ID          string   `json:"_document_id"`
	Action      string   `json:"action"`
	Timestamp   githubAt `json:"@timestamp"`
	CreatedAt   githubAt `json:"created_at"`
	RenamedTime githubAt `json:"at_sign_timestamp"` // by collectors whose field names allow no @
	Integration string   `json:"integration"`
	githubAuditFields
	Data scan.Raw `json:"data"`

	// What other logs have beside an action.
	Sender   scan.Raw `json:"sender"`
	Occurred scan.Raw `json:"occurred_at"`
}

// githubAuditForeign are members of webhooks and of CircleCI.
var githubAuditForeign = githubAuditTable.Seen("sender", "occurred_at")

type githubAuditFields struct {
	Actor        string `json:"actor"`
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

	RunID       githubNumber `json:"workflow_run_id"`
	RunAttempt  githubNumber `json:"run_attempt"`
	Workflow    string       `json:"name"`
	Event       string       `json:"event"`
	HeadBranch  string       `json:"head_branch"`
	Conclusion  string       `json:"conclusion"`
	StartedAt   githubAt     `json:"started_at"`
	CompletedAt githubAt     `json:"completed_at"`

	IsBot   bool `json:"actor_is_bot"`
	IsAgent bool `json:"actor_is_agent"`
}

// flatten joins the places a field can be in.
func (a *githubEntry) flatten() {
	if a.Data.IsObject() && githubAuditDataTable.Read(a.Data, &a.data, &a.out.text) == nil {
		a.add(&a.data)
	}
	a.Repo = cmp.Or(a.Repo, a.Repository)
	a.Environment = cmp.Or(a.Environment, a.EnvName)
}

// add takes from d what is not at the top.
func (a *githubEntry) add(d *githubAuditFields) {
	for _, f := range [...]struct{ to, from *string }{
		{&a.Actor, &d.Actor}, {&a.IP, &d.IP}, {&a.SSOName, &d.SSOName}, {&a.AccessType, &d.AccessType},
		{&a.HashedToken, &d.HashedToken}, {&a.UserAgent, &d.UserAgent}, {&a.Organization, &d.Organization},
		{&a.Business, &d.Business}, {&a.Repo, &d.Repo}, {&a.Repository, &d.Repository}, {&a.User, &d.User},
		{&a.Team, &d.Team}, {&a.Branch, &d.Branch}, {&a.Environment, &d.Environment}, {&a.EnvName, &d.EnvName},
		{&a.Workflow, &d.Workflow}, {&a.Event, &d.Event}, {&a.HeadBranch, &d.HeadBranch}, {&a.Conclusion, &d.Conclusion},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	for _, f := range [...]struct{ to, from *githubNumber }{{&a.RunID, &d.RunID}, {&a.RunAttempt, &d.RunAttempt}} {
		if f.to.text() == "" {
			*f.to = *f.from
		}
	}
	for _, f := range [...]struct{ to, from *githubAt }{{&a.StartedAt, &d.StartedAt}, {&a.CompletedAt, &d.CompletedAt}} {
		if f.to.time(&a.out.text).IsZero() {
			*f.to = *f.from
		}
	}
	a.IsBot, a.IsAgent = a.IsBot || d.IsBot, a.IsAgent || d.IsAgent
}
