package sources

import (
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The audit log of Teleport.
const teleportAudit = "teleport.audit"

var _ = register(Source{
	Name: teleportAudit,
	Kinds: []correlate.KindInfo{{
		// Certificates live 30 hours at most, and a session can outlive its own.
		Kind: TeleportSession, Life: 7 * 24 * time.Hour, Best: correlate.Issued,
		Hint: "did the session begin before Teleport's audit log was collected?",
	}, {
		Kind: TeleportRequest, Life: 30 * 24 * time.Hour, Best: correlate.Issued, // 14 days of use at most, and the wait before
		Hint: "was access asked for before Teleport's audit log was collected?",
	}},
	Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		code := strings.ToUpper(v.Text("code"))
		return v.Text("event") != "" && len(code) >= 5 && len(code) <= 16 && strings.TrimLeft(code[:3], "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == "" &&
			v.Has("time") && !v.Has("object_kind")
	},
	Decode: teleportFormat.decode,
})

var teleportFormat = format[teleportLine]{
	table: scan.Of[teleportLine](),
	inner: func(*teleportLine) scan.Raw { return nil },
	line:  teleportDecode,
}

// teleportLine is what is read of an event. Commands, queries and bodies are not.
type teleportLine struct {
	Order    scan.Order
	meanings words[teleportMeaning] // by event
	UID      string                 `json:"uid"`
	Event    string                 `json:"event"`
	Code     string                 `json:"code"`
	Time     string                 `json:"time"`
	Index    scan.Raw               `json:"ei"`
	Cluster  string                 `json:"cluster_name"`
	User     string                 `json:"user"`
	UserKind int64                  `json:"user_kind"` // 2: a bot
	Bot      string                 `json:"bot_name"`
	By       string                 `json:"updated_by"`
	Reviewer string                 `json:"reviewer"`
	Success  scan.Raw               `json:"success"`
	Error    string                 `json:"error"`
	Session  string                 `json:"sid"`
	Remote   string                 `json:"addr.remote"`
	Source   string                 `json:"src_addr"`
	Agent    string                 `json:"user_agent"`
	Login    string                 `json:"login"`
	Name     string                 `json:"name"`
	ServerID string                 `json:"server_id"`
	Host     string                 `json:"server_hostname"`
	AppName  string                 `json:"app_name"`
	Database string                 `json:"db_service"`
	DBName   string                 `json:"db_name"`
	K8s      string                 `json:"kubernetes_cluster"`
	RoleARN  string                 `json:"aws_role_arn"`
	Verb     string                 `json:"verb"`
	Method   string                 `json:"method"`
	Account  string                 `json:"account_id"`
	Region   string                 `json:"region"`
	AWS      string                 `json:"aws_region"`
	Instance string                 `json:"instance_id"`
	Identity struct {
		User         string   `json:"user"`
		Impersonator string   `json:"impersonator"`
		Requests     []string `json:"access_requests"`
	} `json:"identity"`

	// Requests for access: those that what is done rests on, and of events about one
	// its id and what came of it.
	Requests []string `json:"access_requests"`
	ID       string   `json:"id"`
	State    string   `json:"state"`
	Proposed string   `json:"proposed_state"`

	teleportThings
}

type teleportDeed struct {
	*teleportLine
	teleportMeaning
	out     *Batch
	session correlate.Key
}

// teleportMeaning is what follows from the name of an event.
type teleportMeaning struct {
	class         correlate.Class
	thing         string // what it is done to, unless the name is of one part
	request       bool   // about a request for access
	begins, ended bool   // a session is
}

func teleportMeaningOf(event string) teleportMeaning {
	m := teleportMeaning{
		class: teleportClass(event), request: strings.HasPrefix(event, "access_request."),
		begins: strings.HasSuffix(event, "session.start"), ended: strings.HasSuffix(event, "session.end"),
	}
	if kind, _, ok := strings.Cut(event, "."); ok {
		m.thing = "teleport." + kind
	}
	return m
}

func teleportDecode(in Input, raw []byte, l *teleportLine, out *Batch) {
	d := teleportDeed{teleportLine: l, out: out}
	if l.Event == "" || l.Code == "" {
		out.reject(raw, correlate.RejectSource, "not an event of Teleport: no event or no code")
		return
	}
	cluster := or(l.Cluster, or(in.Scope, "default"))
	e := out.begin(teleportAudit, cluster, l.UID, raw, l.Code, l.Time)
	dated := in.dated(e, firstTime(l.Time))
	d.teleportMeaning = l.meanings.of(l.Event, teleportMeaningOf)
	e.Action, e.Class = l.Event, d.class
	if l.Event == "kube.request" && l.Verb != "GET" {
		e.Class = correlate.Write
	}
	e.Outcome, e.Error = l.outcome()
	c := &e.Context
	c.IP, c.Agent, c.Account, c.Region, c.Session, c.App = l.ip(), l.Agent, or(l.Account, cluster), or(l.Region, l.AWS), l.Session, l.AppName
	if l.Session != "" {
		d.session = correlate.Key{Kind: TeleportSession, Value: out.text.Join(cluster, "/", l.Session)}
	}
	d.resources(e, cluster)
	d.who(e, cluster)
	if dated {
		d.mint(e, cluster)
	}
}

// ip is who called, and not what was called.
func (l *teleportLine) ip() string {
	switch {
	case l.Remote == "":
		return l.Source
	case l.DesktopAt == l.Remote:
		return ""
	}
	i := strings.LastIndexByte(l.Remote, ':')
	if i < 1 {
		return l.Remote
	}
	ip := l.Remote[:i]
	for ip != "" && (ip[0] == '[' || ip[0] == ']') {
		ip = ip[1:]
	}
	for ip != "" && (ip[len(ip)-1] == '[' || ip[len(ip)-1] == ']') {
		ip = ip[:len(ip)-1]
	}
	return ip
}

// outcome goes by what the event says, and else by its code: W warns of a failure
// and E tells of one.
func (l *teleportLine) outcome() (correlate.Outcome, string) {
	failed := l.Error != "" || string(l.Success) == "false"
	if !given(l.Success) && !failed {
		last := l.Code[len(l.Code)-1]
		failed = last == 'E' || last == 'W'
	}
	switch {
	case !failed:
		return correlate.Success, ""
	case strings.Contains(l.Error, "access denied"), strings.Contains(l.Error, "access to"), l.Event == "auth":
		return correlate.Denied, "access denied"
	}
	return correlate.Failure, "error" // its text quotes what was sent
}

// teleportClass says what an event could do, by its name.
func teleportClass(event string) correlate.Class {
	kind, verb, _ := strings.Cut(event, ".")
	switch event {
	case "session.command", "session.start", "session.join", "exec", "port", "x11-forward", "app.session.start", "windows.desktop.session.start":
		return correlate.Admin
	case "session.data", "session.end", "session.leave", "session.disk", "session.network", "session.upload", "resize", "print", "app.session.end", "kube.request":
		return correlate.Read
	case "scp", "sftp", "subsystem":
		return correlate.Write
	case "cert.create", "client.disconnect", "saml.idp.auth", "auth":
		return correlate.Auth
	}
	switch {
	case kind == "db", kind == "app", kind == "windows", kind == "desktop":
		return correlate.Write
	case verb == "login", strings.HasSuffix(event, ".login"), strings.HasPrefix(event, "mfa_auth"), kind == "instance" || kind == "bot" && verb == "join",
		strings.Contains(event, "authenticate"), strings.HasPrefix(event, "recovery_code.used"), kind == "spiffe":
		return correlate.Auth
	case verb == "read", verb == "list", strings.HasPrefix(event, "session.recording"):
		return correlate.Read
	}
	return correlate.Admin
}

// who says who acted: the user that Teleport authenticated, who may be a bot. One
// that failed to sign in is only who they said to be.
func (d *teleportDeed) who(e *correlate.Event, cluster string) {
	l, out := d.teleportLine, d.out
	user := or(l.User, or(l.By, or(l.Reviewer, l.Identity.User)))
	if d.request && (l.Event == "access_request.review" || l.Event == "access_request.update") {
		user = or(l.Reviewer, or(l.By, l.User)) // the user may be whoever asked
	}
	switch {
	case user == "", user == "unimplemented": // which older releases write where they do not know
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: or(user, "anonymous"), Issuer: "teleport"}
		return
	case user == "system":
		e.Actor = correlate.Principal{Type: correlate.ServiceAccount, ID: "system", Issuer: "teleport"}
		out.asked(e, &e.Actor, correlate.Attested, "teleport.system")
		return
	}
	d.user(&e.Actor, user, cluster)
	if failed := e.Outcome != correlate.Success; failed && (l.Event == "user.login" || l.Event == "auth") {
		out.asked(e, &e.Actor, correlate.Claimed, "teleport.claimed_login")
		return
	}
	out.acted(e, d.session, "teleport.sid")
	if l.Session == "" {
		d.byRequest(e, cluster)
	}
	if by := l.Identity.Impersonator; by != "" && by != user {
		// Who has a certificate made in another's name is who asks, and that name may
		// be nobody's.
		e.Actor.Type = correlate.Unknown
		var asked correlate.Principal
		d.user(&asked, by, cluster)
		out.asked(e, &asked, correlate.Attested, "teleport.impersonator")
		return
	}
	out.asked(e, &e.Actor, correlate.Attested, "teleport.user")
}

// teleportIsHost reports whether name is that of an agent of any cluster, as older lines
// do not say which they are of. tctl on the machine of the auth service is such a one.
func teleportIsHost(name string) bool {
	const id = 36
	return len(name) > id+1 && name[id] == '.' && isGUID(name[:id])
}

// user makes p, which is empty, whom Teleport calls that.
func (d *teleportDeed) user(p *correlate.Principal, name, cluster string) {
	l, out := d.teleportLine, d.out
	p.Type, p.ID, p.Issuer = correlate.Human, name, "teleport"
	bot := l.UserKind == 2 && name == l.User || strings.HasPrefix(name, "bot-") || name[0] == '@' // Teleport's own: @teleport-access-approval-bot
	if bot {
		p.Type, p.Name = correlate.Workload, l.Bot
	} else if mail, ok := out.email(name); ok {
		p.ID = mail
	} else if strings.Count(name, "-") >= 4 && strings.HasSuffix(name, "."+cluster) || teleportIsHost(name) {
		p.Type = correlate.ServiceAccount // an agent of the cluster: <host id>.<cluster>
	}
	const issuer = "teleport:"
	p.Names = out.names.Make(2)
	p.Names[0], p.Names[1] = out.text.Join(issuer, name), out.text.Join(issuer, cluster, "/", name)
}

// mint tells of sessions that begin and end.
func (d *teleportDeed) mint(e *correlate.Event, cluster string) {
	l, out := d.teleportLine, d.out
	switch k := d.session; {
	case d.request:
		d.mintRequest(e, cluster)
	case k.IsZero() || l.User == "" || e.Outcome != correlate.Success:
	case d.begins:
		f := out.fact(e, correlate.Account, k, correlate.Issued, "teleport.session_start")
		f.Principal, f.Parents = e.Actor, d.restsOn(cluster)
	case d.ended:
		out.fact(e, correlate.Ending, k, correlate.Issued, "teleport.session_end").Reason = "completed"
	}
}
