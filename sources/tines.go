package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The audit log of Tines.
const tinesAudit = "tines.audit"

var _ = register(Source{
	Name: tinesAudit, Lateness: 10 * time.Minute,
	Detect: func(v Value) bool {
		return inVendorEnvelope(v, func(v Value) bool { return v.Has("operation_name", "created_at", "tenant_id") }) ||
			v.Member("audit_logs").Has("operation_name", "tenant_id")
	},
	Decode: tinesFormat.decode,
})

var tinesFormat = format[tinesLine]{
	table: scan.Of[tinesLine](),
	inner: func(l *tinesLine) scan.Raw {
		if l.Logs.IsList() {
			return l.Logs
		}
		return l.inner()
	},
	line: tinesDecode,
}

// tinesLine is what is read of a line: of what was sent, nothing.
type tinesLine struct {
	Order scan.Order
	vendorEnvelope
	Logs      scan.Raw            `json:"audit_logs"` // of a page
	meanings  words[tinesMeaning] // by operation
	ID        scan.Raw            `json:"id"`
	Operation string              `json:"operation_name"`
	CreatedAt string              `json:"created_at"`
	IP        string              `json:"request_ip"`
	Agent     string              `json:"request_user_agent"`
	Tenant    scan.Raw            `json:"tenant_id"`
	UserID    scan.Raw            `json:"user_id"`
	UserMail  string              `json:"user_email"`
	UserName  string              `json:"user_name"`
	StoryID   scan.Raw            `json:"story_id"`
	TeamID    scan.Raw            `json:"team_id"`
}

func tinesDecode(in Input, raw []byte, l *tinesLine, out *Batch) {
	if l.Operation == "" {
		out.reject(raw, correlate.RejectSource, "not a line of Tines' audit log: no operation")
		return
	}
	text := &out.text
	tenant := cmp.Or(l.Tenant.Loose(text), in.Scope, "default")
	e := out.begin(tinesAudit, tenant, l.ID.Loose(text), raw)
	in.dated(e, firstTime(l.CreatedAt))
	m := l.meanings.of(l.Operation, tinesMeaningOf)
	e.Action, e.Class, e.Outcome = m.action, m.class, correlate.Success
	e.Context.IP, e.Context.Agent, e.Context.Account = l.IP, l.Agent, tenant
	out.touched(e, "tines.tenant", tenant)
	out.touched(e, "tines.team", out.within(tenant, l.TeamID.Loose(text)))
	out.touched(e, "tines.story", out.within(tenant, l.StoryID.Loose(text)))
	id := l.UserID.Loose(text)
	if id == "" && l.UserMail == "" {
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "tines"}
		return
	}
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(id, l.UserMail), Name: l.UserName, Issuer: "tines"}
	if mail, ok := out.email(l.UserMail); ok {
		p.ID = mail
	}
	e.Actor = out.named(p, out.join("tines:", id), out.join("tines:", l.UserMail))
	out.asked(e, &e.Actor, correlate.Attested, "tines.user")
}

type tinesMeaning struct {
	action string
	class  correlate.Class
}

func tinesMeaningOf(operation string) tinesMeaning {
	return tinesMeaning{"tines." + operation, tinesClass(operation)}
}

func tinesClass(operation string) correlate.Class {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(operation, p) {
				return true
			}
		}
		return false
	}
	switch {
	case has("Login", "Logout"):
		return correlate.Auth
	case has("Token", "Credential", "Team", "User", "Permission", "Tenant", "Sso", "Invitation", "Role", "Tunnel", "Admin"):
		return correlate.Admin
	case has("Export", "Download", "Read"):
		return correlate.Read
	}
	return correlate.Write // stories, actions and what runs in them
}
