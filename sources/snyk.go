package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The audit log of Snyk.
const snykAudit = "snyk.audit"

var _ = register(Source{
	Name: snykAudit, Lateness: 10 * time.Minute,
	Detect: func(v Value) bool {
		return inVendorEnvelope(v, func(v Value) bool {
			return v.Has("event", "created", "content") && (v.Has("groupId") || v.Has("group_id") || v.Has("orgId") || v.Has("org_id"))
		})
	},
	Decode: snykFormat.decode,
})

var snykFormat = format[snykLine]{
	table: scan.Of[snykLine](),
	inner: func(l *snykLine) scan.Raw {
		if l.Event != "" {
			return nil
		}
		return l.inner()
	},
	line: snykDecode,
}

// snykLine is a line as the older API has it, and as the newer one spells it.
type snykLine struct {
	Order scan.Order
	vendorEnvelope
	meanings words[snykMeaning] // by event
	Event    string             `json:"event"`
	Created  string             `json:"created"`
	GroupID  string             `json:"groupId"`
	OrgID    string             `json:"orgId"`
	UserID   string             `json:"userId"`
	Project  string             `json:"projectId"`
	Group2   string             `json:"group_id"`
	Org2     string             `json:"org_id"`
	User2    string             `json:"user_id"`
	Project2 string             `json:"project_id"`
	Content  struct {
		URL  string `json:"url"`
		User string `json:"userPublicId"` // to whom it was done
		Mail string `json:"email"`
	} `json:"content"`
}

func snykDecode(in Input, raw []byte, l *snykLine, out *Batch) {
	if l.Event == "" || l.Created == "" {
		out.reject(raw, correlate.RejectSource, "not a line of Snyk's audit log: no event, or not when it was created")
		return
	}
	e := out.begin(snykAudit, "", "", raw)
	in.dated(e, firstTime(l.Created))
	group, org := cmp.Or(l.GroupID, l.Group2), cmp.Or(l.OrgID, l.Org2)
	m := l.meanings.of(l.Event, snykMeaningOf)
	e.Action, e.Class, e.Outcome = m.action, m.class, correlate.Success
	e.Context.Account = cmp.Or(org, group)
	out.touched(e, "snyk.organization", e.Context.Account)
	out.touched(e, "snyk.project", cmp.Or(l.Project, l.Project2))
	if path := l.Content.URL; path != "" {
		path, _, _ = strings.Cut(path, "?")
		out.touched(e, "snyk.path", path)
	}
	if to := cmp.Or(l.Content.User, l.Content.Mail); to != "" {
		out.touch(e, "snyk.user", out.short(to))
	}
	who := &e.Actor
	who.Type, who.Issuer = correlate.Unknown, "snyk"
	if who.ID = cmp.Or(l.UserID, l.User2); who.ID == "" {
		who.ID = "anonymous"
		return
	}
	// A service account has a user id too, and the log does not tell them apart.
	out.name(who, out.text.Join("snyk:", who.ID))
	out.asked(e, who, correlate.Attested, "snyk.user")
}

type snykMeaning struct {
	action string
	class  correlate.Class
}

func snykMeaningOf(event string) snykMeaning { return snykMeaning{"snyk." + event, snykClass(event)} }

func snykClass(event string) correlate.Class {
	switch {
	case strings.HasPrefix(event, "user.logged"):
		return correlate.Auth
	case event == "api.access":
		return correlate.Read
	case strings.Contains(event, "project.ignore"), strings.Contains(event, "project.add"), strings.Contains(event, "project.tag"), strings.Contains(event, "project.test"):
		return correlate.Write
	}
	return correlate.Admin
}
