package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// m365Who reads who did it, with which token of Entra's.
type m365Who struct {
	s      *m365Line
	e      *correlate.Event
	out    *Batch
	tenant string
}

func (w *m365Who) uses() {
	w.e.Actor = w.actor()
	if k := w.token(); !k.IsZero() && w.e.Outcome == correlate.Success {
		w.out.acted(w.e, k, "entra.unique_token_identifier")
	} else if id := w.s.session(); isGUID(id) {
		w.out.acted(w.e, entraKey(w.out, EntraSession, w.tenant, id), "entra.session_id")
	}
	if w.e.Actor.ID == "unknown" {
		return
	}
	if w.e.Class == correlate.Auth && w.e.Outcome != correlate.Success {
		w.out.asked(w.e, &w.e.Actor, correlate.Claimed, "m365.claimed_login")
		return
	}
	w.out.asked(w.e, &w.e.Actor, correlate.Attested, "m365.user_id")
}

// signsIn reports whether it is a record of Entra's sign-ins.
func (w *m365Who) signsIn() bool {
	t := w.s.RecordType.text
	return t == "15" || t == "AzureActiveDirectoryStsLogon"
}

// token is the token that was used, or given. In records of sign-ins the id of the
// request is a member of its own; newer ones have it as their own id.
func (w *m365Who) token() correlate.Key {
	if id := w.s.Access.Token; id != "" {
		return entraToken(w.tenant, id, w.out)
	}
	if w.signsIn() {
		return entraToken(w.tenant, cmp.Or(entraSet(w.s.Request), w.s.ID), w.out)
	}
	return correlate.Key{}
}

// mints is the token that a sign-in gave.
func (w *m365Who) mints() {
	if !w.signsIn() || w.e.Outcome != correlate.Success || w.e.Actor.Type == correlate.Unknown {
		return
	}
	w.out.tell(w.e, &correlate.Fact{
		Kind: correlate.Account, Key: w.token(), Proof: correlate.Issued, Method: "m365.user_logged_in", Principal: w.e.Actor,
	})
}

// Types of users, as the log numbers them, by number or name.
const (
	m365DcAdmin   = "3"
	m365System    = "4"
	m365Principal = "6"
)

// actor: a user id is a sign-in name, but for the system's own accounts, which have
// many spellings, and for applications.
func (w *m365Who) actor() correlate.Principal {
	s := w.s
	switch t := s.UserType.text; {
	case (t == "0" || t == "2") && strings.Contains(s.UserID, "@") && s.UserID != "app@sharepoint": // as most
		return entraUser(w.out, w.object(), s.UserID, "")
	case s.UserID == "" || azureIs(s.UserID, "Unknown", "Not Available", "Anonymous"), strings.HasPrefix(s.UserID, "urn:spo:anon"):
		return correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "entra"}
	case t == m365DcAdmin || t == m365System || strings.HasPrefix(s.UserID, "NT "), strings.HasPrefix(s.UserID, "S-1-"),
		strings.HasPrefix(s.UserID, `NT AUTHORITY\`), azureIs(s.UserID, "app@sharepoint", "SHAREPOINT\\system", "system@microsoft.com"):
		return correlate.Principal{Type: correlate.ServiceAccount, ID: s.UserID, Issuer: "m365"}
	case strings.HasPrefix(s.UserID, "ServicePrincipal_"):
		return entraApp(w.out, correlate.ServiceAccount, strings.TrimPrefix(s.UserID, "ServicePrincipal_"), cmp.Or(s.ClientApp, s.AppID), "")
	case t == m365Principal || t == "ServicePrincipal":
		return entraApp(w.out, correlate.ServiceAccount, cmp.Or(w.object(), s.UserID), cmp.Or(s.ClientApp, s.AppID), "")
	case strings.Contains(s.UserID, "@"):
		return entraUser(w.out, w.object(), s.UserID, "")
	case isGUID(s.UserID):
		return entraUser(w.out, s.UserID, "", "")
	}
	return correlate.Principal{Type: correlate.Unknown, ID: s.UserID, Issuer: "m365"}
}

// object is the actor's object id, where the record has it.
func (w *m365Who) object() string {
	for i := range w.s.Actor {
		if a := &w.s.Actor[i]; a.Type.text == "0" && isGUID(a.ID) {
			return a.ID
		}
	}
	if isGUID(w.s.UserKey) {
		return w.s.UserKey
	}
	return ""
}
