package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The audit activities of PingOne.
const pingOneAudit = "pingone.audit"

var _ = register(Source{
	Name: pingOneAudit, Lateness: 5 * time.Minute,
	Detect: func(v Value) bool {
		return inVendorEnvelope(v, func(v Value) bool {
			return v.Has("recordedAt", "action", "result") && strings.Contains(v.Member("action").Text("type"), ".")
		})
	},
	Decode: pingOneFormat.decode,
})

var pingOneFormat = format[pingOneLine]{
	table: scan.Of[pingOneLine](),
	inner: func(l *pingOneLine) scan.Raw {
		if l.Action.Type != "" {
			return nil
		}
		return l.inner()
	},
	line: pingOneDecode,
}

type pingOneLine struct {
	Order scan.Order
	vendorEnvelope
	meanings   words[pingOneMeaning] // by type of action
	types      words[string]         // of resources
	ID         string                `json:"id"`
	RecordedAt string                `json:"recordedAt"`
	CreatedAt  string                `json:"createdAt"`
	Deed       string                `json:"correlationId"`
	Action     struct {
		Type string `json:"type"`
	} `json:"action"`
	Actors struct {
		User   pingOneActor `json:"user"`
		Client pingOneActor `json:"client"`
	} `json:"actors"`
	Source struct {
		IP    string `json:"ipAddress"`
		Agent string `json:"userAgent"`
	} `json:"source"`
	Resources []struct {
		Type        string `json:"type"`
		ID          string `json:"id"`
		Name        string `json:"name"`
		Environment struct {
			ID string `json:"id"`
		} `json:"environment"`
	} `json:"resources"`
	Result struct {
		Status string `json:"status"`
	} `json:"result"`
}

// pingOneType is what PingOne calls a thing, which it writes as APPLICATION, and as
// Notification Policy.
func pingOneType(s string) string {
	return "pingone." + strings.ToLower(strings.ReplaceAll(s, " ", "_"))
}

type pingOneActor struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type pingOneMeaning struct {
	action string
	class  correlate.Class
}

func pingOneDecode(in Input, raw []byte, l *pingOneLine, out *Batch) {
	if l.Action.Type == "" {
		out.reject(raw, correlate.RejectSource, "not an activity of PingOne: no type of action")
		return
	}
	e := out.begin(pingOneAudit, "", l.ID, raw, l.RecordedAt, l.Action.Type)
	in.dated(e, firstTime(l.RecordedAt, l.CreatedAt))
	m := l.meanings.of(l.Action.Type, func(t string) pingOneMeaning {
		t = strings.ToLower(t)
		return pingOneMeaning{"pingone." + t, pingOneClass(t)}
	})
	e.Action, e.Class = m.action, m.class
	switch l.Result.Status {
	case "SUCCESS", "success":
		e.Outcome = correlate.Success
	case "":
	default:
		e.Outcome, e.Error = correlate.Failure, oktaShort(l.Result.Status)
	}
	e.Context = correlate.Context{IP: l.Source.IP, Agent: l.Source.Agent, Trace: l.Deed, App: l.Actors.Client.Name}
	for i := range l.Resources {
		r := &l.Resources[i]
		e.Context.Account = cmp.Or(e.Context.Account, r.Environment.ID)
		out.touched(e, l.types.of(cmp.Or(r.Type, "resource"), pingOneType), cmp.Or(r.ID, r.Name))
	}
	l.who(e, out)
}

// who says who acted: a user, by way of a client, or a client alone.
func (l *pingOneLine) who(e *correlate.Event, out *Batch) {
	switch u, c := &l.Actors.User, &l.Actors.Client; {
	case u.ID != "" || u.Name != "":
		p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(u.ID, u.Name), Name: u.Name, Issuer: "pingone"}
		if mail, ok := out.email(u.Name); ok {
			p.ID = mail
		}
		e.Actor = out.named(p, out.join("pingone:", u.ID), out.join("pingone:", u.Name))
		if e.Class == correlate.Auth && e.Outcome != correlate.Success {
			out.asked(e, &e.Actor, correlate.Claimed, "pingone.claimed_login")
			return
		}
	case c.ID != "":
		e.Actor = out.named(correlate.Principal{Type: correlate.ServiceAccount, ID: c.ID, Name: c.Name, Issuer: "pingone"}, out.text.Join("pingone:", c.ID))
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "pingone"}
		return
	}
	out.asked(e, &e.Actor, correlate.Attested, "pingone.actor")
}

func pingOneClass(action string) correlate.Class {
	switch {
	case strings.Contains(action, "secret.") && strings.HasSuffix(action, ".read"):
		return correlate.Secret
	case strings.HasSuffix(action, ".read"), strings.HasSuffix(action, ".viewed"):
		return correlate.Read
	case strings.HasPrefix(action, "session."), strings.HasPrefix(action, "authentication."), strings.HasPrefix(action, "password.check"),
		strings.HasPrefix(action, "otp."), strings.HasPrefix(action, "flow."), strings.Contains(action, "access_allowed"), strings.Contains(action, "access_denied"):
		return correlate.Auth
	}
	return correlate.Admin
}
