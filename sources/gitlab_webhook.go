package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The bodies of GitLab's webhooks and system hooks. Pipeline hooks say who asked for
// a pipeline and its jobs; without them a job's own hook is all there is.
const gitlabWebhook = "gitlab.webhook"

// gitlabRunLife is how long a pipeline may be under way, waiting for somebody to
// press a button included: artifacts and logs are kept for 30 days by default.
const gitlabRunLife = 35 * 24 * time.Hour

const gitlabHookHint = "does the project or group send pipeline events to the topic whence reads?"

var _ = register(Source{
	Name: gitlabWebhook,
	Kinds: []correlate.KindInfo{
		{Kind: GitLabPipeline, Life: gitlabRunLife, Best: correlate.Issued, Hint: gitlabHookHint},
		{Kind: GitLabJob, Life: gitlabRunLife, Best: correlate.Issued, Hint: gitlabHookHint},
		{Kind: GitLabSub, Alias: true, Life: gitlabRunLife, Best: correlate.Attested, Hint: gitlabHookHint},
	},
	Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		return v.Text("object_kind") != "" && !v.Has("apiVersion") ||
			v.Has("event_name") && (v.Has("project_id", "path_with_namespace") || v.Has("user_id", "username", "email") || v.Has("group_id", "group_path"))
	},
	Decode: gitlabHookDecode,
})

// gitlabHookState is what is used again for every body.
type gitlabHookState struct {
	body  gitlabBody
	build gitlabBuild
}

func gitlabHookDecode(in Input, out *Batch) {
	h := gitlabHook{gitlabHookState: scratch[gitlabHookState](out), in: in, out: out}
	out.each(in.Raw, h.decode)
}

// gitlabHook is one body, while it is being told.
type gitlabHook struct {
	*gitlabHookState
	in      Input
	out     *Batch
	e       *correlate.Event
	project string // its path
	dated   bool
}

var (
	gitlabBodyTable  = scan.Of[gitlabBody]()
	gitlabBuildTable = scan.Of[gitlabBuild]()
)

// gitlabBody is what is read of the bodies of all hooks. Variables, commits and
// descriptions are not.
type gitlabBody struct {
	Order     scan.Order
	Kind      string           `json:"object_kind"`
	EventName string           `json:"event_name"`
	Author    scan.Raw         `json:"author_id"` // of audit events
	Entity    scan.Raw         `json:"entity_type"`
	Object    gitlabAttributes `json:"object_attributes"`
	User      gitlabAccount    `json:"user"`
	Project   gitlabProject    `json:"project"`
	Source    gitlabUpstream   `json:"source_pipeline"`
	Builds    scan.Raw         `json:"builds"`

	// Push, and system hooks.
	UserID    scan.Raw `json:"user_id"`
	UserName  string   `json:"user_name"`
	UserLogin string   `json:"user_username"`
	UserMail  string   `json:"user_email"`
	Path      string   `json:"path_with_namespace"`
	Ref       string   `json:"ref"`
	CreatedAt string   `json:"created_at"`
	UpdatedAt string   `json:"updated_at"`

	// Jobs.
	BuildID    scan.Raw `json:"build_id"`
	BuildName  string   `json:"build_name"`
	Status     string   `json:"build_status"`
	Created    string   `json:"build_created_at"`
	Started    string   `json:"build_started_at"`
	Finished   string   `json:"build_finished_at"`
	Reason     string   `json:"build_failure_reason"`
	PipelineID scan.Raw `json:"pipeline_id"`
	Repository struct {
		Homepage string `json:"homepage"`
	} `json:"repository"`

	// Deployments.
	DeployStatus string   `json:"status"`
	ChangedAt    string   `json:"status_changed_at"`
	DeploymentID scan.Raw `json:"deployment_id"`
	JobID        scan.Raw `json:"deployable_id"`
	// Environment is a name in deployments, and an object in jobs.
	Environment scan.Raw `json:"environment"`
}

type gitlabAttributes struct {
	ID         scan.Raw `json:"id"`
	IID        scan.Raw `json:"iid"`
	Ref        string   `json:"ref"`
	Tag        bool     `json:"tag"`
	Source     string   `json:"source"`
	Status     string   `json:"status"`
	Action     string   `json:"action"`
	CreatedAt  string   `json:"created_at"`
	UpdatedAt  string   `json:"updated_at"`
	FinishedAt string   `json:"finished_at"`
}

type gitlabAccount struct {
	ID    scan.Raw `json:"id"`
	Name  string   `json:"name"`
	Login string   `json:"username"`
	Mail  string   `json:"email"`
}

func (a *gitlabAccount) in(out *Batch) correlate.Principal {
	return gitlabUser(out, a.Login, a.ID.Loose(&out.text), a.Name, a.Mail)
}

type gitlabProject struct {
	Path   string `json:"path_with_namespace"`
	WebURL string `json:"web_url"`
}

// gitlabUpstream is the pipeline that started this one.
type gitlabUpstream struct {
	Project    gitlabProject `json:"project"`
	PipelineID scan.Raw      `json:"pipeline_id"`
}

type gitlabBuild struct {
	Order    scan.Order
	ID       scan.Raw      `json:"id"`
	Name     string        `json:"name"`
	Status   string        `json:"status"`
	Started  string        `json:"started_at"`
	Finished string        `json:"finished_at"`
	Manual   bool          `json:"manual"`
	User     gitlabAccount `json:"user"`
}

func (h *gitlabHook) decode(raw scan.Raw) {
	b, out := &h.body, h.out
	if string(raw) == "null" {
		out.reject(raw, correlate.RejectSource, "not a GitLab webhook: no object_kind and no event_name")
		return
	}
	if !read(out, gitlabBodyTable, raw, b) {
		return
	}
	kind := cmp.Or(b.Kind, b.EventName)
	if given(b.Author) || given(b.Entity) {
		out.reject(raw, correlate.RejectSource, "an audit event of GitLab: map its topic to "+gitlabLog)
		return
	}
	if kind == "" {
		out.reject(raw, correlate.RejectSource, "not a GitLab webhook: no object_kind and no event_name")
		return
	}
	h.project = h.path()
	e := out.begin(gitlabWebhook, h.project, "", raw)
	h.e = e
	h.dated = h.in.dated(e, h.when())
	e.Class, e.Context.Account = correlate.Write, h.project
	if h.project == "" {
		e.Class = correlate.Admin // hooks of the instance: users, groups, keys
	}
	out.touched(e, "gitlab.project", h.project)
	e.Outcome = correlate.Success
	switch kind {
	case "pipeline":
		h.pipeline()
	case "build":
		h.job()
	case "deployment":
		h.deployment()
	default:
		h.other(kind)
	}
}

// path is the project's, as its addresses have it where no member does.
func (h *gitlabHook) path() string {
	b := &h.body
	return cmp.Or(b.Project.path(), b.Path, gitlabPathOf(b.Repository.Homepage))
}

func (p *gitlabProject) path() string { return cmp.Or(p.Path, gitlabPathOf(p.WebURL)) }

// gitlabPathOf is what follows the host in an address.
func gitlabPathOf(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if _, path, found := strings.Cut(rest, "/"); ok && found {
		return strings.TrimSuffix(path, "/")
	}
	return ""
}

// when is the time of the last thing the body tells of.
func (h *gitlabHook) when() eventTime {
	b := &h.body
	return firstTime(b.Finished, b.Started, b.Created, b.ChangedAt, b.Object.FinishedAt, b.Object.UpdatedAt, b.Object.CreatedAt, b.UpdatedAt, b.CreatedAt)
}

// other is a push, a merge request, a comment, a member that was added ...: named
// for what it is about, and done by the user it names.
func (h *gitlabHook) other(kind string) {
	b, e, out := &h.body, h.e, h.out
	e.Action = out.text.Join("gitlab.", kind)
	if b.Object.Action != "" {
		e.Action = out.text.Join("gitlab.", kind, ".", b.Object.Action)
	}
	if b.Ref != "" && h.project != "" {
		out.touched(e, "gitlab.ref", out.text.Join(h.project, "@", b.Ref))
	}
	if iid := b.Object.IID.Loose(&out.text); iid != "" && h.project != "" {
		out.touched(e, out.text.Join("gitlab.", kind), out.text.Join(h.project, "/", iid))
	}
	e.Actor = b.User.in(out)
	if e.Actor.IsZero() && (b.UserLogin != "" || b.Kind != "") {
		e.Actor = gitlabUser(out, b.UserLogin, b.UserID.Loose(&out.text), b.UserName, b.UserMail)
	}
	h.by("gitlab.user")
}

// by says that the actor asked, or that the body names nobody.
func (h *gitlabHook) by(method string) {
	if h.e.Actor.IsZero() {
		h.e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: gitlabIssuer}
		return
	}
	h.out.asked(h.e, &h.e.Actor, correlate.Attested, method)
}
