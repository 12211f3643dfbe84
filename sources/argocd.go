package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// The log of Argo CD's API server as JSON (--logformat json): its audit lines, which
// say what became of an application and by whom, and its gRPC calls, which carry the
// claims of the caller's token.
const argoCDServer = "argocd.server"

var _ = register(Source{
	Name: argoCDServer, Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		if !v.Has("level", "msg", "time") {
			return false
		}
		return v.Has("grpc.service", "grpc.method") || v.Has("reason", "type") && (v.Has("application") || v.Has("project") || v.Has("applicationset"))
	},
	Decode: argoCDFormat.decode,
})

var argoCDFormat = format[argoCDLine]{
	table: scan.Of[argoCDLine](),
	inner: func(*argoCDLine) scan.Raw { return nil },
	line:  argoCDDecode,
}

// argoCDLine is what is read of a line. What a call sent is not.
type argoCDLine struct {
	Order   scan.Order
	calls   words[correlate.Class] // by method
	Time    string                 `json:"time"`
	Message string                 `json:"msg"`
	Level   string                 `json:"level"`

	// Audit lines.
	User        string `json:"user"`
	Reason      string `json:"reason"`
	Application string `json:"application"`
	AppSet      string `json:"applicationset"`
	AppSpace    string `json:"app-namespace"`
	Project     string `json:"project"`
	DestServer  string `json:"dest-server"`
	DestSpace   string `json:"dest-namespace"`

	// Calls.
	Service string       `json:"grpc.service"`
	Method  string       `json:"grpc.method"`
	Code    string       `json:"grpc.code"`
	Claims  argoCDClaims `json:"grpc.request.claims" scan:"quoted"`
}

type argoCDClaims struct {
	Subject string `json:"sub"`
	Issuer  string `json:"iss"`
	Mail    string `json:"email"`
	Name    string `json:"name"`
}

func argoCDDecode(in Input, raw []byte, l *argoCDLine, out *Batch) {
	if l.Method == "" && (l.Reason == "" || l.Application == "" && l.AppSet == "" && l.Project == "") {
		out.reject(raw, correlate.RejectSource, "neither an audit line nor a call of Argo CD's server")
		return
	}
	e := out.begin(argoCDServer, in.Scope, "", raw)
	in.dated(e, firstTime(l.Time))
	e.Context.Account = cmp.Or(in.Scope, l.Project)
	if l.Method != "" {
		l.call(e, out)
	} else {
		l.audited(e, out)
	}
	out.touched(e, "argocd.application", strings.TrimPrefix(out.text.Join(l.AppSpace, "/", l.Application), "/"))
	out.touched(e, "argocd.applicationset", l.AppSet)
	out.touched(e, "argocd.project", l.Project)
	if l.DestServer != "" {
		out.touched(e, "k8s.namespace", out.text.Join(l.DestServer, "/", l.DestSpace))
	}
}

// audited is a line of the audit logger. Its user is the name of the account, or the
// e-mail address of whoever came by single sign-on.
func (l *argoCDLine) audited(e *correlate.Event, out *Batch) {
	e.Action, e.Class, e.Outcome = out.text.Join("argocd.", l.Reason), correlate.Deploy, correlate.Success
	switch {
	case strings.HasPrefix(l.Reason, "Status"), strings.HasPrefix(l.Reason, "Operation") && l.User == "":
		if l.Level == "warning" || strings.Contains(l.Message, "failed") {
			e.Outcome, e.Error = correlate.Failure, "failed"
		}
	}
	if l.Application == "" && l.AppSet == "" {
		e.Class = correlate.Admin // of a project, which says who may deploy what where
	}
	if l.User == "" || l.User == "Unknown user" {
		// The controller: it syncs what Git says, for nobody in particular.
		e.Actor = correlate.Principal{Type: correlate.ServiceAccount, ID: "application-controller", Issuer: "argocd"}
		out.asked(e, &e.Actor, correlate.Attested, "argocd.controller")
		return
	}
	e.Actor = argoCDUser(out, l.User, "", "")
	out.asked(e, &e.Actor, correlate.Attested, "argocd.user")
}

// call is a gRPC call that has come, or has been answered.
func (l *argoCDLine) call(e *correlate.Event, out *Batch) {
	service := l.Service[strings.LastIndexByte(l.Service, '.')+1:]
	e.Action = out.text.Join("argocd.", strings.TrimSuffix(service, "Service"), ".", l.Method)
	e.Class = l.calls.of(l.Method, argoCDClass)
	if service == "SessionService" {
		e.Class = correlate.Auth
	} else if service == "AccountService" || service == "RBACService" || service == "SettingsService" {
		if e.Class != correlate.Read {
			e.Class = correlate.Admin
		}
	}
	switch l.Code {
	case "OK":
		e.Outcome = correlate.Success
	case "PermissionDenied", "Unauthenticated":
		e.Outcome, e.Error = correlate.Denied, l.Code
	case "":
	default:
		e.Outcome, e.Error = correlate.Failure, l.Code
	}
	c := &l.Claims
	if c.Subject == "" && c.Mail == "" {
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "anonymous", Issuer: "argocd"}
		return
	}
	e.Actor = argoCDUser(out, c.Subject, c.Mail, c.Name)
	out.asked(e, &e.Actor, correlate.Attested, "argocd.claims")
}

// argoCDUser is an account of Argo CD's own (admin:login), the token of a project's
// role (proj:payments:ci), or a person by single sign-on.
func argoCDUser(out *Batch, subject, mail, name string) correlate.Principal {
	account := strings.TrimSuffix(strings.TrimSuffix(subject, ":login"), ":apiKey")
	p := correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(account, mail), Name: name, Issuer: "argocd"}
	if address, ok := out.email(cmp.Or(mail, account)); ok {
		p.Type, p.ID = correlate.Human, address
	}
	if strings.HasPrefix(account, "proj:") || strings.HasSuffix(subject, ":apiKey") {
		p.Type = correlate.ServiceAccount
	}
	return out.named(p, out.join("argocd:", account))
}

func argoCDClass(method string) correlate.Class {
	for _, prefix := range []string{"Get", "List", "Watch", "Manifest", "ResourceTree", "ManagedResources", "PodLogs", "Revision", "Can", "Version"} {
		if strings.HasPrefix(method, prefix) {
			return correlate.Read
		}
	}
	return correlate.Deploy
}
