package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The logs a GitLab instance writes as JSON: audit_json, api_json, production_json,
// application_json and auth_json, and audit events as GitLab streams them and its
// API lists them. None of the files gives its lines an id: they go by their hash.
const gitlabLog = "gitlab.log"

const gitlabIssuer = "gitlab"

var _ = register(Source{
	Name: gitlabLog,
	Kinds: []correlate.KindInfo{{
		Kind: GitLabToken, Best: correlate.Issued,
		Hint: "was the token made before GitLab's audit events were collected? list it in the directory with its owner",
	}},
	Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		switch {
		case v.Has("object_kind"), v.Has("kind"):
			return false
		case v.Has("author_id", "entity_id"), v.Has("author_id", "entity_type"):
			return true
		case v.Has("severity", "time"):
			return v.Has("correlation_id") || v.Has("meta.caller_id") || v.Has("route", "remote_ip") ||
				v.Has("message", "memwd_handler_class") || v.Has("message", "memwd_reason") || v.Has("connection_name", "message") ||
				v.Has("model_connection_name") || v.Has("message", "partition_name", "table_name")
		}
		return v.Has("controller", "action", "time", "status")
	},
	Decode: gitlabDecode,
})

// gitlabState is what is used again for every line.
type gitlabState struct {
	line    gitlabLine
	classes words[correlate.Class] // by what was called
}

func gitlabDecode(in Input, out *Batch) {
	d := gitlabDeed{gitlabState: scratch[gitlabState](out), in: in, out: out}
	out.each(in.Raw, d.decode)
}

// gitlabDeed is one line, and where it comes from.
type gitlabDeed struct {
	*gitlabState
	in  Input
	out *Batch
	e   *correlate.Event
}

var gitlabTable = scan.Of[gitlabLine]()

// gitlabLine is what is read of a line. Parameters of requests and what changed are
// not.
type gitlabLine struct {
	Order         scan.Order
	ID            scan.Raw `json:"id"` // of streamed audit events: a UUID
	Severity      string   `json:"severity"`
	Time          string   `json:"time"`
	CreatedAt     string   `json:"created_at"`
	CorrelationID string   `json:"correlation_id"`
	Message       string   `json:"message"`
	Event         string   `json:"event"`

	CallerID   string   `json:"meta.caller_id"`
	RemoteIP   string   `json:"meta.remote_ip"`
	MetaUser   string   `json:"meta.user"`
	MetaUserID scan.Raw `json:"meta.user_id"`
	Project    string   `json:"meta.project"`
	Namespace  string   `json:"meta.root_namespace"`
	JobID      scan.Raw `json:"meta.job_id"`

	Method     string   `json:"method"`
	ReqMethod  string   `json:"request_method"`
	Path       string   `json:"path"`
	Route      string   `json:"route"`
	Controller string   `json:"controller"`
	Action     string   `json:"action"`
	Status     int64    `json:"status"`
	IP         string   `json:"remote_ip"`
	Agent      string   `json:"ua"`
	UserID     scan.Raw `json:"user_id"`
	Username   string   `json:"username"`
	TokenType  string   `json:"token_type"`
	TokenID    scan.Raw `json:"token_id"`
	Env        string   `json:"env"`

	gitlabAudited
	EventType string `json:"event_type"`
	// Details is where streamed and listed audit events have most of it.
	Details gitlabAudited `json:"details"`
}

// gitlabAudited is what audit events tell.
type gitlabAudited struct {
	AuthorID    scan.Raw `json:"author_id"`
	AuthorName  string   `json:"author_name"`
	AuthorMail  string   `json:"author_email"`
	AuthorClass string   `json:"author_class"`
	EntityID    scan.Raw `json:"entity_id"`
	EntityType  string   `json:"entity_type"`
	EntityPath  string   `json:"entity_path"`
	TargetID    scan.Raw `json:"target_id"`
	TargetType  string   `json:"target_type"`
	Target      string   `json:"target_details"`
	EventName   string   `json:"event_name"`
	AuditIP     string   `json:"ip_address"`
	Custom      string   `json:"custom_message"`
	Change      string   `json:"change"`
	With        string   `json:"with"`
	Add         string   `json:"add"`
	Remove      string   `json:"remove"`
	FailedLogin string   `json:"failed_login"`
}

func (d *gitlabDeed) decode(raw scan.Raw) {
	l, out := &d.line, d.out
	if string(raw) == "null" {
		out.reject(raw, correlate.RejectSource, gitlabNone)
		return
	}
	if !read(out, gitlabTable, raw, l) {
		return
	}
	l.lift()
	if l.Time == "" && l.CreatedAt == "" || l.kind() == "" {
		out.reject(raw, correlate.RejectSource, gitlabNone)
		return
	}
	id := ""
	if l.kind() == "audit" {
		id = l.ID.Loose(&out.text)
	}
	e := out.begin(gitlabLog, d.in.Scope, id, raw)
	d.e = e
	at := firstTime(l.Time, l.CreatedAt)
	if l.kind() == "audit" {
		at = firstTime(l.CreatedAt, l.Time)
	}
	dated := d.in.dated(e, at)
	e.Action, e.Class = d.action(), d.class()
	e.Outcome, e.Error = l.outcome()
	e.Context = correlate.Context{IP: l.ip(), Agent: l.Agent, Account: l.Namespace, Trace: l.CorrelationID, App: l.Project}
	d.resources()
	d.who()
	if dated && e.Outcome == correlate.Success {
		d.mint()
	}
}

const gitlabNone = "not a line of GitLab's: neither audit event nor request nor message, or without a time"

// lift puts what audit events have under details to the top.
func (l *gitlabLine) lift() {
	d, t := &l.Details, &l.gitlabAudited
	for _, f := range [...]struct{ to, from *string }{
		{&t.AuthorName, &d.AuthorName}, {&t.AuthorMail, &d.AuthorMail}, {&t.AuthorClass, &d.AuthorClass}, {&t.EntityPath, &d.EntityPath},
		{&t.TargetType, &d.TargetType}, {&t.Target, &d.Target}, {&t.EventName, &d.EventName}, {&t.AuditIP, &d.AuditIP}, {&t.Custom, &d.Custom},
		{&t.Change, &d.Change}, {&t.With, &d.With}, {&t.Add, &d.Add}, {&t.Remove, &d.Remove}, {&t.FailedLogin, &d.FailedLogin},
	} {
		if *f.to == "" {
			*f.to = *f.from
		}
	}
	if !given(t.TargetID) {
		t.TargetID = d.TargetID
	}
}

// kind tells the logs apart.
func (l *gitlabLine) kind() string {
	switch {
	case given(l.AuthorID):
		return "audit"
	case l.Route != "":
		return "api"
	case l.Controller != "":
		return "web"
	case l.Message == "Rack_Attack":
		return "auth"
	case l.Severity != "":
		return "application"
	}
	return ""
}

// ip is where a request came from: the first of what its proxies list.
func (l *gitlabLine) ip() string {
	for _, ip := range [...]string{l.AuditIP, l.IP, l.RemoteIP} {
		if ip, _, _ = strings.Cut(ip, ","); ip != "" {
			return ip
		}
	}
	return ""
}
