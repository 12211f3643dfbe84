package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// Auth0's tenant logs, as log streams send them: {"log_id":..,"data":{..}}.
const auth0Log = "auth0.log"

var _ = register(Source{
	Name: auth0Log,
	Kinds: []correlate.KindInfo{{
		// An Enterprise tenant can keep sessions for a year.
		Kind: Auth0Session, Life: 366 * 24 * time.Hour, Best: correlate.Issued,
		Hint: "did the session begin before Auth0's log stream was collected?",
	}},
	Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		return inVendorEnvelope(v, func(v Value) bool {
			d := v
			if v.Has("data") {
				d = v.Member("data")
			}
			return d.Has("date", "type") && (d.Has("log_id") || v.Has("log_id")) && !d.Has("object")
		})
	},
	Decode: auth0Format.decode,
})

var auth0Format = format[auth0Record]{
	table: scan.Of[auth0Record](),
	inner: func(r *auth0Record) scan.Raw {
		if r.Type != "" || r.Data.Type != "" {
			return nil
		}
		return r.inner()
	},
	line: auth0Decode,
}

type auth0Record struct {
	Order    scan.Order
	meanings words[auth0Meaning] // by type
	vendorEnvelope
	auth0Line
	Data auth0Line `json:"data"`
}

// auth0Line is what is read of a log event: of what was sent to the Management API
// only who sent it.
type auth0Line struct {
	LogID      string `json:"log_id"`
	Date       string `json:"date"`
	Type       string `json:"type"`
	ClientID   string `json:"client_id"`
	ClientName string `json:"client_name"`
	IP         string `json:"ip"`
	Agent      string `json:"user_agent"`
	UserID     string `json:"user_id"`
	UserName   string `json:"user_name"`
	Strategy   string `json:"strategy"`
	Hostname   string `json:"hostname"`
	Tenant     string `json:"tenant_name"`
	Details    struct {
		SessionID string `json:"session_id"`
		Request   struct {
			Method string `json:"method"`
			Path   string `json:"path"`
			Auth   struct {
				User struct {
					ID   string `json:"user_id"`
					Mail string `json:"email"`
					Name string `json:"name"`
				} `json:"user"`
			} `json:"auth"`
		} `json:"request"`
	} `json:"details"`
}

type auth0Deed struct {
	*auth0Record
	in  Input
	out *Batch
}

func auth0Decode(in Input, raw []byte, r *auth0Record, out *Batch) {
	l := &r.Data
	if l.Type == "" {
		l = &r.auth0Line
	}
	if l.Type == "" || l.Date == "" {
		out.reject(raw, correlate.RejectSource, "not an Auth0 log event: no type or no date")
		return
	}
	d := auth0Deed{r, in, out}
	d.append(raw, l, cmp.Or(l.LogID, r.LogID))
}

func (d *auth0Deed) append(raw scan.Raw, l *auth0Line, id string) {
	out := d.out
	tenant := cmp.Or(d.in.Scope, l.Tenant, "default")
	// Log ids are unique over all tenants.
	e := out.begin(auth0Log, "", id, raw)
	dated := d.in.dated(e, firstTime(l.Date))
	m := d.meanings.of(l.Type, auth0MeaningOf)
	e.Action, e.Class, e.Outcome = m.action, m.class, m.outcome
	if e.Outcome != correlate.Success {
		e.Error = m.action[len("auth0."):]
	}
	call := &l.Details.Request
	switch call.Method {
	case "get", "GET":
		e.Class = correlate.Read
	}
	e.Context = correlate.Context{IP: l.IP, Agent: l.Agent, Account: tenant, Session: l.Details.SessionID, App: l.ClientName}
	out.touched(e, "auth0.client", out.join(tenant, "/", l.ClientID))
	out.touched(e, "auth0.api", out.join(tenant, call.Path))
	var key correlate.Key
	d.who(e, l, m)
	if id := l.Details.SessionID; id != "" && e.Outcome == correlate.Success && e.Actor.Type == correlate.Human {
		key = correlate.Key{Kind: Auth0Session, Value: out.text.Join(tenant, "/", id)}
		out.acted(e, key, "auth0.session_id")
	}
	if !dated {
		return
	}
	switch l.Type {
	case "s":
		out.tell(e, &correlate.Fact{Kind: correlate.Account, Key: key, Proof: correlate.Issued, Method: "auth0.login", Principal: e.Actor})
	case "slo":
		out.tell(e, &correlate.Fact{Kind: correlate.Ending, Key: key, Proof: correlate.Issued, Method: "auth0.logout", Reason: "logout"})
	}
}

// who says who acted: whoever called the Management API, else the user, else the
// application. A user who failed to sign in is only who they said to be.
func (d *auth0Deed) who(e *correlate.Event, l *auth0Line, m auth0Meaning) {
	out, by := d.out, &l.Details.Request.Auth.User
	switch {
	case by.ID != "" || by.Mail != "":
		e.Actor = auth0User(out, by.ID, by.Mail, by.Name)
		if l.UserID != "" && l.UserID != by.ID {
			out.touched(e, "auth0.user", l.UserID)
		}
	case l.UserID != "" || l.UserName != "":
		e.Actor = auth0User(out, l.UserID, l.UserName, "")
	case l.ClientID != "":
		p := correlate.Principal{Type: correlate.ServiceAccount, ID: l.ClientID, Name: l.ClientName, Issuer: "auth0"}
		e.Actor = out.named(p, out.text.Join("auth0:", l.ClientID))
		if m.class == correlate.Auth && e.Outcome != correlate.Success {
			return // whose application was tried is told, and not who tried
		}
		out.asked(e, &e.Actor, correlate.Attested, "auth0.client")
		return
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "auth0"}
		return
	}
	if e.Outcome != correlate.Success && m.class == correlate.Auth {
		if l.UserID == "" {
			e.Actor.Type = correlate.Unknown // no such user
		}
		out.asked(e, &e.Actor, correlate.Claimed, "auth0.claimed_login")
		return
	}
	out.asked(e, &e.Actor, correlate.Attested, "auth0.user")
}

func auth0User(out *Batch, id, login, name string) correlate.Principal {
	mail, ok := out.email(login)
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(id, login), Name: name, Issuer: "auth0"}
	if ok {
		p.ID = mail
	}
	if strings.HasSuffix(id, "@clients") {
		p.Type = correlate.ServiceAccount
	}
	return out.named(p, out.join("auth0:", id), out.join("auth0:", login))
}

// auth0Meaning is what an event's type tells.
type auth0Meaning struct {
	action  string
	class   correlate.Class
	outcome correlate.Outcome
}

// auth0Types are the types that happen most, by their codes. What has no name here
// goes by its code. https://auth0.com/docs/deploy-monitor/logs/log-event-type-codes
var auth0Types = map[string]string{
	"s": "success-login", "slo": "success-logout", "ss": "success-signup", "ssa": "success-silent-auth", "seacft": "success-exchange-auth-code-for-access-token",
	"seccft": "success-exchange-client-credentials", "sepft": "success-exchange-password", "sertft": "success-exchange-refresh-token",
	"sede": "success-exchange-device-code", "seoobft": "success-exchange-oob-challenge", "seotpft": "success-exchange-otp", "sercft": "success-exchange-mfa-recovery-code",
	"scp": "success-change-password", "sce": "success-change-email", "scpr": "success-change-password-request", "sv": "success-verification-email",
	"sapi": "success-management-api", "mgmt_api_read": "management-api-read", "sdu": "success-user-deletion", "du": "deleted-user",
	"f": "failed-login", "fp": "incorrect-password", "fu": "invalid-username-or-email", "fs": "failed-signup", "flo": "failed-logout", "fsa": "failed-silent-auth",
	"feacft": "failed-exchange-auth-code-for-access-token", "feccft": "failed-exchange-client-credentials", "fepft": "failed-exchange-password",
	"fertft": "failed-exchange-refresh-token", "fapi": "failed-management-api", "fcp": "failed-change-password", "fcpr": "failed-change-password-request",
	"fc": "failed-by-connector", "fco": "failed-by-cors", "fcoa": "failed-cross-origin-auth", "limit_wc": "blocked-account", "limit_mu": "blocked-ip",
	"limit_sul": "blocked-account-by-user-logins", "api_limit": "rate-limit", "pwd_leak": "breached-password", "gd_auth_succeed": "mfa-success",
	"gd_auth_failed": "mfa-failed", "gd_auth_rejected": "mfa-rejected", "gd_enrollment_complete": "mfa-enrolled", "gd_unenroll": "mfa-unenrolled",
	"depnote": "deprecation-notice", "admin_update_launch": "auth0-update-launched", "sys_os_update_start": "auth0-os-update-started",
}

func auth0MeaningOf(code string) auth0Meaning {
	m := auth0Meaning{action: "auth0." + cmp.Or(auth0Types[code], code), class: correlate.Auth, outcome: correlate.Success}
	switch {
	case strings.HasPrefix(code, "limit_"), code == "api_limit", code == "pwd_leak", code == "gd_auth_rejected":
		m.outcome = correlate.Denied
	case strings.HasPrefix(code, "f"), code == "gd_auth_failed", strings.Contains(code, "failed"):
		m.outcome = correlate.Failure
	}
	switch code {
	case "sapi", "fapi":
		m.class = correlate.Admin
	case "mgmt_api_read", "depnote", "w":
		m.class = correlate.Read
	case "sdu", "fdu", "du", "ss", "fs", "scp", "fcp", "sce", "fce", "scu", "fcu", "gd_enrollment_complete", "gd_unenroll":
		m.class = correlate.Admin
	}
	return m
}
