package sources

import (
	"strings"

	"whence/correlate"
)

// entraAuditWho reads who made a change, and what keys it made.
type entraAuditWho struct {
	d       *entraAuditDetail
	e       *correlate.Event
	out     *Batch
	scope   string // the tenant
	request string // of PIM, or ""
}

func (w *entraAuditWho) actor() {
	switch by := &w.d.By; {
	case by.User.ID != "" || by.User.UPN != "":
		w.e.Actor = entraUser(w.out, by.User.ID, by.User.UPN, by.User.Name)
	case by.App.Principal != "" || by.App.AppID != "" || by.App.Name != "":
		w.e.Actor = entraApp(w.out, correlate.ServiceAccount, by.App.Principal, by.App.AppID, by.App.Name)
	default:
		w.e.Actor = entraApp(w.out, correlate.ServiceAccount, "", "", by.Name)
	}
}

func (w *entraAuditWho) uses() {
	linkable := &w.d.By.Linkable
	if k := entraToken(w.scope, linkable.Token.ID, w.out); !k.IsZero() {
		w.link(correlate.Acting, correlate.Attested, "entra.linkable_token").Key = k
	} else if k := entraKey(w.out, EntraSession, w.scope, linkable.Session); !k.IsZero() {
		w.link(correlate.Acting, correlate.Attested, "entra.linkable_session").Key = k
	} else if w.activates() && w.e.Outcome == correlate.Success {
		// The role is used by right of the request, which leads to who allowed it.
		w.link(correlate.Acting, correlate.Attested, "entra.pim_request").Key = w.activation()
		if w.e.Actor.Type != correlate.Human {
			return // PIM itself, on behalf of whoever asked
		}
	}
	if w.e.Actor.Type != correlate.Unknown {
		w.link(correlate.Requestor, correlate.Attested, "entra.initiated_by").Principal = w.e.Actor
	}
}

func (w *entraAuditWho) link(role correlate.Role, proof correlate.Proof, method string) (l *correlate.Link) {
	w.e.Uses, l = w.out.links.Grow(w.e.Uses)
	l.Role, l.Proof, l.Method = role, proof, method
	return l
}

func (w *entraAuditWho) activation() correlate.Key {
	return entraKey(w.out, EntraActivation, w.scope, w.request)
}

// activates reports whether a role that was asked for is given here.
func (w *entraAuditWho) activates() bool {
	return w.request != "" && strings.Contains(w.d.Activity, "completed (PIM activation)")
}

func (w *entraAuditWho) mints() {
	if w.e.Outcome != correlate.Success {
		return
	}
	if w.request != "" {
		w.pim()
	}
	for i := range w.d.Targets {
		t := &w.d.Targets[i]
		for j := range t.Changed {
			if c := &t.Changed[j]; c.Name == "KeyDescription" {
				w.credentials(t, c.Old, c.New)
			}
		}
	}
}

func (w *entraAuditWho) fact(kind correlate.FactKind, method string) (f *correlate.Fact) {
	e := w.e
	e.Mints, f = w.out.facts.Grow(e.Mints)
	f.Kind, f.Method, f.Proof = kind, method, correlate.Issued
	f.Origin, f.Source, f.EventID, f.Time, f.Start = e.ID, entraAuditName, e.EventID, e.Time, e.Time
	return f
}

// pim tells of a request: who made it, who allowed it, until when it gives the role.
func (w *entraAuditWho) pim() {
	person := w.e.Actor.Type == correlate.Human
	switch activity := w.d.Activity; {
	case strings.Contains(activity, "request approved (PIM activation)") && person:
		f := w.fact(correlate.Approval, "entra.pim_approval")
		f.Key, f.Principal = w.activation(), w.e.Actor
	case strings.Contains(activity, "requested (PIM activation)") && person:
		f := w.fact(correlate.Account, "entra.pim_request")
		f.Key, f.Principal = w.activation(), w.e.Actor
	case w.activates():
		who := w.e.Actor
		if !person {
			who = w.subject()
		}
		if who.Type == correlate.Human {
			f := w.fact(correlate.Account, "entra.pim_activation")
			f.Key, f.Principal = w.activation(), who
			f.End, _ = azureTime(w.d.more("ExpirationTime"), w.out)
		}
	}
}

// subject is the person the line is about.
func (w *entraAuditWho) subject() correlate.Principal {
	for i := range w.d.Targets {
		if t := &w.d.Targets[i]; t.Type == "User" && (t.ID != "" || t.UPN != "") {
			return entraUser(w.out, t.ID, t.UPN, t.Name)
		}
	}
	return correlate.Principal{}
}

// credentials tells of secrets and certificates that are listed after a change and
// were not before, and of those that are no more. Their ids are no secrets.
func (w *entraAuditWho) credentials(t *entraTarget, before, after string) {
	for id := range entraKeyIDs(after) {
		if strings.Contains(before, id) {
			continue
		}
		f := w.fact(correlate.Account, "entra.credential_added")
		f.Key, f.Principal, f.Standing = entraKey(w.out, EntraCredential, w.scope, id), w.owner(t), true
		f.Parents = w.out.links.Append(nil, correlate.Link{
			Role: correlate.Creator, Principal: w.e.Actor, Proof: correlate.Issued, Method: "entra.initiated_by",
		})
	}
	for id := range entraKeyIDs(before) {
		if strings.Contains(after, id) {
			continue
		}
		f := w.fact(correlate.Ending, "entra.credential_removed")
		f.Key, f.Reason = entraKey(w.out, EntraCredential, w.scope, id), "deleted"
	}
}

// owner is the application that a credential is of.
func (w *entraAuditWho) owner(t *entraTarget) correlate.Principal {
	if app := w.d.more("AppId"); app != "" && t.Type == "Application" {
		return entraApp(w.out, correlate.ServiceAccount, "", app, t.Name)
	}
	return entraApp(w.out, correlate.ServiceAccount, t.ID, w.d.more("AppId"), t.Name)
}

// entraKeyIDs are the ids in a list such as ["[KeyIdentifier=<id>,KeyType=..."].
func entraKeyIDs(list string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		const name, guid = "KeyIdentifier=", 36
		for {
			_, rest, ok := strings.Cut(list, name)
			if !ok || len(rest) < guid {
				return
			}
			if id := rest[:guid]; isGUID(id) && !yield(id) {
				return
			}
			list = rest
		}
	}
}
