package sources

import (
	"cmp"
	"strconv"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// workspaceName is the activity reports of Google Workspace: sign-ins, the admin
// console, Drive, tokens, groups and the rest.
const workspaceName = "google_workspace"

var _ = register(Source{
	Name:     workspaceName,
	Lateness: 60 * time.Minute, // by Google's word minutes to hours, by application
	Detect:   func(v Value) bool { return within(v, workspaceIs) },
	Decode:   workspaceFormat.decode,
})

var workspaceFormat = &format[workspaceActivity]{
	table: scan.Of[workspaceActivity](), inner: (*workspaceActivity).inner, line: workspaceLine,
}

func workspaceIs(v Value) bool {
	switch v.Text("kind") {
	case "admin#reports#activity", "audit#activity":
		return true
	}
	return v.Member("id").Has("applicationName") && v.Has("actor")
}

// workspaceActivity is one activity. It has one event or several, in a list; some
// exports have the one event's members at the top.
type workspaceActivity struct {
	Order scan.Order
	Kind  string `json:"kind"`
	ID    struct {
		Time        string     `json:"time"`
		Qualifier   azureLoose `json:"uniqueQualifier"`
		Application string     `json:"applicationName"`
		Customer    string     `json:"customerId"`
	} `json:"id"`
	Actor struct {
		Email   string     `json:"email"`
		Profile azureLoose `json:"profileId"`
		Caller  string     `json:"callerType"`
		Key     string     `json:"key"`
		App     struct {
			Client       string `json:"oauthClientId"`
			Name         string `json:"applicationName"`
			Impersonates bool   `json:"impersonation"`
		} `json:"applicationInfo"`
	} `json:"actor"`
	IP      string `json:"ipAddress"`
	Network struct {
		Region string `json:"regionCode"`
	} `json:"networkInfo"`
	Events         []workspaceEvent `json:"events" scan:"lone"` // or one alone
	workspaceEvent                  // at the top
	Items          scan.Raw         `json:"items"`
	Message        scan.Raw         `json:"message"`
	Event          struct {
		Original scan.Raw `json:"original"`
	} `json:"event"`

	odd      workspaceOdd
	classes  words[correlate.Class]
	outcomes words[correlate.Outcome] // by event
}

func (s *workspaceActivity) inner() scan.Raw {
	w := wraps{Items: s.Items, Message: s.Message}
	w.Event.Original = s.Event.Original
	return w.inner()
}

func workspaceLine(in Input, raw []byte, s *workspaceActivity, out *Batch) {
	if s.ID.Application == "" {
		out.reject(raw, correlate.RejectSource, "no activity of Google Workspace")
		return
	}
	if len(s.Events) == 1 && s.Events[0].Name == "" && s.Events[0].Type == "" {
		s.Events = s.Events[:0]
	}
	if len(s.Events) == 0 && len(s.Parameters) == 0 && read(out, workspaceOdds, raw, &s.odd) {
		s.odd.into(s, &out.text)
	}
	for i := range s.Events {
		s.append(in, raw, &s.Events[i], i, out)
	}
	if len(s.Events) == 0 {
		s.append(in, raw, &s.workspaceEvent, 0, out)
	}
}

func (s *workspaceActivity) append(in Input, raw []byte, ev *workspaceEvent, n int, out *Batch) {
	id := s.ID.Qualifier.text
	if n > 0 && id != "" {
		id = out.text.Join(id, "/", workspaceNumber(n))
	}
	// The qualifier tells activities of one application at one time apart. An activity
	// without one goes by its bytes, and all its events by that.
	scope := out.text.Join(cmp.Or(s.ID.Customer, in.Scope), " ", s.ID.Application, " ", s.ID.Time, " ", ev.Name, " ", workspaceNumber(n))
	e := out.begin(workspaceName, scope, id, raw)
	at, ok := azureTime(s.ID.Time, out)
	in.dated(e, eventTime{at, ok})
	var p workspaceParameters
	p.read(ev.Parameters, &out.text)
	e.Action = cmp.Or(ev.Name, ev.Type, s.ID.Application)
	e.Class = s.classes.of(out.text.Join(s.ID.Application, "/", ev.Type, "/", ev.Name), workspaceClass)
	e.Outcome, e.Error = s.outcome(ev.Name, p.failure)
	p.touch(e, out)
	e.Context = correlate.Context{
		IP: cmp.Or(s.IP, p.ip), Account: s.ID.Customer, Region: s.Network.Region, Agent: p.agent,
		App: cmp.Or(p.app, p.client, s.Actor.App.Name, s.Actor.App.Client),
	}
	s.who(e, out)
}

// workspaceNumber is a small number as text.
func workspaceNumber(n int) string { return strconv.Itoa(n) }

// who reads the actor. An application that may act as anybody, by the administrator's
// word (domain-wide delegation), says itself as whom it acts: nobody asked them.
func (s *workspaceActivity) who(e *correlate.Event, out *Batch) {
	a := &s.Actor
	switch email := out.fold(a.Email); {
	case email != "" && email != "anonymous":
		e.Actor = correlate.Principal{Type: correlate.Human, ID: email, Issuer: "google"}
		if workspaceIsService(email) {
			e.Actor.Type = correlate.ServiceAccount
		}
		if a.Profile.text != "" {
			e.Actor.Names = out.names.Append(nil, out.text.Join("google:", a.Profile.text))
		}
	case a.Key != "": // of an application, or SYSTEM
		e.Actor = correlate.Principal{Type: correlate.ServiceAccount, ID: a.Key, Issuer: "google"}
	case a.Profile.text != "":
		e.Actor = correlate.Principal{Type: correlate.Human, ID: a.Profile.text, Issuer: "google"}
	default:
		e.Actor = correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "google"}
		return
	}
	if id := cmp.Or(a.App.Client, a.App.Name); id != "" && a.App.Impersonates {
		person := e.Actor
		e.Actor = correlate.Principal{Type: correlate.ServiceAccount, ID: id, Name: a.App.Name, Issuer: "google"}
		out.asked(e, &e.Actor, correlate.Attested, "google.domain_wide_delegation")
		out.asked(e, &person, correlate.Claimed, "google.impersonated")
		return
	}
	proof, method := correlate.Attested, "google.actor"
	if e.Class == correlate.Auth && e.Outcome != correlate.Success {
		proof, method = correlate.Claimed, "google.claimed_login"
	}
	out.asked(e, &e.Actor, proof, method)
}
