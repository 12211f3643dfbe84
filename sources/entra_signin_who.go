package sources

import (
	"strings"

	"whence/correlate"
)

// entraSigninWho reads who signed in, with what, and what they got for it.
type entraSigninWho struct {
	d        *entraSigninDetail
	e        *correlate.Event
	out      *Batch
	scope    string // the tenant that issues the token: that of what was signed in to
	category string
}

// user reports whether a person signs in, or is said to.
func (w *entraSigninWho) user() bool {
	return entraSet(w.d.UserID) != "" || w.d.UPN != ""
}

func (w *entraSigninWho) actor() {
	d := w.d
	if w.user() {
		w.e.Actor = entraUser(w.out, d.UserID, d.UPN, d.DisplayName)
		if entraSet(d.UserID) == "" {
			w.e.Actor.Type = correlate.Unknown // a name that nobody has
		}
		return
	}
	t := correlate.ServiceAccount
	if strings.HasPrefix(w.category, "ManagedIdentity") || d.ManagedIdentity.Type != "" && d.ManagedIdentity.Type != "none" {
		t = correlate.Workload
	}
	if w.agentic() {
		t = correlate.Agent
	}
	name := d.PrincipalName
	if name == "" {
		name = d.AppName
	}
	w.e.Actor = entraApp(w.out, t, d.Principal, d.AppID, name)
}

// agentic reports whether the application is an agent by Entra's own registry.
func (w *entraSigninWho) agentic() bool {
	t := w.d.Agent.Type
	return t != "" && t != "none" && t != "notAgentic" && t != "unknownFutureValue"
}

func (w *entraSigninWho) uses() {
	d, e := w.d, w.e
	if k, method := w.acting(); !k.IsZero() {
		w.link(correlate.Acting, correlate.Attested, method).Key = k
	}
	if w.agentic() && w.user() {
		w.link(correlate.AgentRole, correlate.Attested, "entra.agent").Principal = entraApp(w.out, correlate.Agent, "", d.AppID, d.AppName)
	}
	if e.Actor.ID == "unknown" {
		return
	}
	// Who failed to sign in is only who they said they were.
	if e.Outcome == correlate.Success {
		w.link(correlate.Requestor, correlate.Attested, "entra.signin").Principal = e.Actor
		return
	}
	w.link(correlate.Requestor, correlate.Claimed, "entra.claimed_login").Principal = e.Actor
}

// acting is what the sign-in was made with: of a person who is there, what it
// began; otherwise the session that it goes on in, or the application's secret.
func (w *entraSigninWho) acting() (correlate.Key, string) {
	d := w.d
	switch success := w.e.Outcome == correlate.Success; {
	case w.user() && success && d.Session != "":
		return entraKey(w.out, EntraSession, w.scope, d.Session), "entra.session_id"
	case w.user() && success:
		return w.token(), "entra.unique_token_identifier"
	case !w.user() && d.Credential != "":
		return entraKey(w.out, EntraCredential, w.scope, d.Credential), "entra.credential_key_id"
	}
	return correlate.Key{}, ""
}

func (w *entraSigninWho) link(role correlate.Role, proof correlate.Proof, method string) (l *correlate.Link) {
	w.e.Uses, l = w.out.links.Grow(w.e.Uses)
	l.Role, l.Proof, l.Method = role, proof, method
	return l
}

// token is the token that the sign-in gave.
func (w *entraSigninWho) token() correlate.Key {
	if k := entraToken(w.scope, w.d.Token, w.out); !k.IsZero() {
		return k
	}
	return entraToken(w.scope, w.d.ID, w.out)
}

// mints are the token, and with a person there the session.
func (w *entraSigninWho) mints() {
	e, d := w.e, w.d
	if e.Outcome != correlate.Success || e.Actor.Type == correlate.Unknown {
		return
	}
	account := correlate.Fact{
		Kind: correlate.Account, Origin: e.ID, Source: entraSigninName, EventID: e.EventID, Time: e.Time, Start: e.Time,
		Proof: correlate.Issued, Method: "entra.signin", Principal: e.Actor,
	}
	if session := entraKey(w.out, EntraSession, w.scope, d.Session); w.user() && w.begins() && !session.IsZero() {
		account.Key = session
		e.Mints = w.out.facts.Append(e.Mints, account)
	}
	if account.Key = w.token(); account.Key.IsZero() {
		return
	}
	// A person's token needs no parent: Entra says whose it is here, and the session
	// it goes on in may have begun before there was a log.
	if k := entraKey(w.out, EntraCredential, w.scope, d.Credential); !w.user() && !k.IsZero() {
		account.Parents = w.out.links.Append(nil, correlate.Link{
			Role: correlate.Requestor, Key: k, Proof: correlate.Issued, Method: "entra.credential_key_id",
		})
	}
	e.Mints = w.out.facts.Append(e.Mints, account)
}

// begins reports whether a session begins here. Later sign-ins in it would only
// repeat that.
func (w *entraSigninWho) begins() bool {
	return w.d.Interactive || w.category == "SignInLogs"
}
