package sources

import (
	"cmp"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// 1Password's Events API: audit events, uses of items and attempts to sign in.
const onePassword = "onepassword.events"

var _ = register(Source{
	Name: onePassword,
	Kinds: []correlate.KindInfo{{
		Kind: OnePasswordSession, Life: 30 * 24 * time.Hour, Best: correlate.Issued,
		Hint: "are sign-in attempts of 1Password collected too, and since before the session began?",
	}},
	Lateness: 5 * time.Minute,
	Detect: func(v Value) bool {
		return inVendorEnvelope(v, func(v Value) bool {
			return v.Has("uuid", "timestamp") && (v.Has("actor_uuid", "object_type") || v.Has("item_uuid", "vault_uuid") || v.Has("target_user", "category"))
		})
	},
	Decode: onePasswordFormat.decode,
})

var onePasswordFormat = format[onePasswordLine]{
	table: scan.Of[onePasswordLine](),
	inner: func(l *onePasswordLine) scan.Raw { return l.inner() },
	line:  onePasswordDecode,
}

type onePasswordLine struct {
	Order scan.Order
	vendorEnvelope
	UUID      string            `json:"uuid"`
	Timestamp string            `json:"timestamp"`
	Client    onePasswordClient `json:"client"`

	// Audit events.
	ActorUUID  string          `json:"actor_uuid"`
	Actor      onePasswordUser `json:"actor_details"`
	Action     string          `json:"action"`
	ObjectType string          `json:"object_type"`
	ObjectUUID string          `json:"object_uuid"`
	Session    struct {
		UUID      string `json:"uuid"`
		LoginTime string `json:"login_time"`
		IP        string `json:"ip"`
	} `json:"session"`

	// Uses of items.
	Vault string          `json:"vault_uuid"`
	Item  string          `json:"item_uuid"`
	User  onePasswordUser `json:"user"`

	// Attempts to sign in.
	Category    string          `json:"category"`
	Type        string          `json:"type"`
	SessionUUID string          `json:"session_uuid"`
	Target      onePasswordUser `json:"target_user"`
}

// own reports whether the line has what 1Password alone writes: other logs have
// actions and categories, too.
func (l *onePasswordLine) own() bool {
	switch {
	case l.Category != "":
		return l.Target != onePasswordUser{} || l.SessionUUID != ""
	case l.Item != "":
		return true
	}
	return l.Action != "" && (l.ObjectType != "" || l.ActorUUID != "")
}

type onePasswordUser struct {
	UUID string `json:"uuid"`
	Name string `json:"name"`
	Mail string `json:"email"`
	Type string `json:"user_type"`
}

type onePasswordClient struct {
	App      string `json:"app_name"`
	Version  string `json:"app_version"`
	Platform string `json:"platform_name"`
	IP       string `json:"ip_address"`
}

type onePasswordDeed struct {
	line *onePasswordLine
	out  *Batch
}

func onePasswordDecode(in Input, raw []byte, l *onePasswordLine, out *Batch) {
	if !l.own() {
		out.reject(raw, correlate.RejectSource, "not an event of 1Password: neither an action, nor an item, nor a sign-in")
		return
	}
	d := onePasswordDeed{l, out}
	e := out.begin(onePassword, in.Scope, l.UUID, raw)
	dated := in.dated(e, firstTime(l.Timestamp))
	e.Outcome = correlate.Success
	e.Context.IP = cmp.Or(l.Client.IP, l.Session.IP)
	e.Context.App = l.Client.App
	switch {
	case l.Category != "":
		d.signIn(e, dated)
	case l.Item != "":
		d.used(e)
	default:
		d.audited(e)
	}
}

// used is an item that was looked at or filled in: a secret, whatever was done.
func (d *onePasswordDeed) used(e *correlate.Event) {
	l, out := d.line, d.out
	e.Action, e.Class = out.text.Join("onepassword.item.", cmp.Or(l.Action, "use")), correlate.Secret
	switch l.Action {
	case "secure-copy", "reveal", "fill", "export", "share", "":
	case "server-create", "server-update", "select-sso-provider":
		e.Class = correlate.Write
	}
	out.touched(e, "onepassword.item", out.text.Join(l.Vault, "/", l.Item))
	e.Actor = l.User.in(out, "")
	out.asked(e, &e.Actor, correlate.Attested, "onepassword.user")
}

func (d *onePasswordDeed) audited(e *correlate.Event) {
	l, out := d.line, d.out
	e.Action, e.Class = out.text.Join("onepassword.", cmp.Or(l.ObjectType, "object"), ".", l.Action), correlate.Admin
	switch l.ObjectType {
	case "item", "items", "file", "itemhist":
		e.Class = correlate.Write
	case "report", "slackapp":
		e.Class = correlate.Read
	case "ssotkn", "sess", "dlgsess", "mfa":
		e.Class = correlate.Auth
	}
	out.touched(e, out.text.Join("onepassword.", cmp.Or(l.ObjectType, "object")), l.ObjectUUID)
	e.Actor = l.Actor.in(out, l.ActorUUID)
	e.Context.Session = l.Session.UUID
	out.acted(e, onePasswordSession(l.Session.UUID), "onepassword.session")
	out.asked(e, &e.Actor, correlate.Attested, "onepassword.actor")
}

// signIn is an attempt to sign in. Whose account was tried is who did it only if it
// succeeded.
func (d *onePasswordDeed) signIn(e *correlate.Event, dated bool) {
	l, out := d.line, d.out
	e.Action, e.Class = "onepassword.signin", correlate.Auth
	e.Context.Session = l.SessionUUID
	e.Actor = l.Target.in(out, "")
	if l.Category != "success" {
		if e.Outcome, e.Error = correlate.Failure, oktaShort(cmp.Or(l.Type, l.Category)); l.Category == "firewall_failed" {
			e.Outcome = correlate.Denied
		}
		out.asked(e, &e.Actor, correlate.Claimed, "onepassword.claimed_login")
		return
	}
	k := onePasswordSession(l.SessionUUID)
	out.acted(e, k, "onepassword.session")
	out.asked(e, &e.Actor, correlate.Attested, "onepassword.target_user")
	if dated && e.Actor.Type != correlate.Unknown {
		out.tell(e, &correlate.Fact{Kind: correlate.Account, Key: k, Proof: correlate.Issued, Method: "onepassword.signin", Principal: e.Actor})
	}
}

func onePasswordSession(id string) correlate.Key {
	if id == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: OnePasswordSession, Value: id}
}

func (u *onePasswordUser) in(out *Batch, id string) correlate.Principal {
	id = cmp.Or(u.UUID, id)
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(id, u.Mail), Name: u.Name, Issuer: "onepassword"}
	if mail, ok := out.email(u.Mail); ok {
		p.ID = mail
	}
	switch {
	case p.ID == "":
		return correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "onepassword"}
	case u.Type == "service_account" || u.Type == "SERVICE_ACCOUNT":
		p.Type = correlate.ServiceAccount
	}
	return out.named(p, out.join("onepassword:", id), out.join("onepassword:", u.Mail))
}
