package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// oktaTypes are the actor types Okta documents. A User may be a service's
// account all the same: the directory knows.
var oktaTypes = map[string]correlate.PrincipalType{
	"User":            correlate.Human,
	"SystemPrincipal": correlate.ServiceAccount,
	"PublicClientApp": correlate.ServiceAccount,
	"OAuth2Client":    correlate.ServiceAccount,
	"OAuthClient":     correlate.ServiceAccount,
	"Client":          correlate.ServiceAccount,
	"Application":     correlate.ServiceAccount,
	"AppInstance":     correlate.ServiceAccount,
	"System":          correlate.ServiceAccount,
	"Workload":        correlate.Workload,
	"AIAgent":         correlate.Agent,
}

// principal names an actor. A User that Okta does not know (a sign-in with a
// login that does not exist) has no id, and is nobody's account.
func (a *oktaEntity) principal(out *Batch) correlate.Principal {
	id, login := oktaSet(a.ID), oktaSet(a.AlternateID)
	p := correlate.Principal{Type: cmp.Or(oktaTypes[a.Type], correlate.Unknown), Issuer: "okta", Name: oktaSet(a.DisplayName)}
	mail := strings.Contains(login, "@")
	if mail {
		login = out.fold(login)
	}
	switch {
	case p.Type == correlate.Human && id == "":
		p.Type, p.ID = correlate.Unknown, cmp.Or(login, "unknown")
	case p.Type == correlate.Human, mail:
		p.ID = cmp.Or(login, id)
	default:
		p.ID = cmp.Or(id, login, "unknown")
	}
	if id != "" {
		p.Names = out.names.Append(p.Names, out.text.Join("okta:", id))
	}
	if login != "" && login != id {
		p.Names = out.names.Append(p.Names, out.text.Join("okta:", login))
	}
	return p
}

// original is who used the actor's account on the actor's behalf (Okta Support),
// or nil.
func (o *oktaEvent) original() *oktaEntity {
	p := &o.Debug.Data.Original
	if oktaSet(p.ID) == "" || p.ID == o.Actor.ID {
		return nil
	}
	return p
}

// session is the session that the event belongs to. Ids that begin with trs name
// one transaction and are never seen being issued; the session they were opened
// in is their root. Only users have sessions.
func (o *oktaEvent) session() (k correlate.Key, method string) {
	if o.Actor.Type != "User" {
		return correlate.Key{}, ""
	}
	switch id, root := oktaSet(o.Session.ID), oktaSet(o.Session.Root); {
	case id != "" && !strings.HasPrefix(id, "trs"):
		return correlate.Key{Kind: OktaSession, Value: id}, "okta.external_session_id"
	case root != "" && !strings.HasPrefix(root, "trs"):
		return correlate.Key{Kind: OktaSession, Value: root}, "okta.root_session_id"
	}
	return correlate.Key{}, ""
}

// signsIn reports whether the event is a step of signing in. The person then
// brings a password or a factor, and there may be no session yet.
func (o *oktaEvent) signsIn() bool {
	t := o.EventType.text
	return t == "user.session.start" || strings.HasPrefix(t, "policy.evaluate_sign_on") ||
		strings.HasPrefix(t, "user.authentication.") && t != "user.authentication.sso"
}

// acting is the credential the event was executed with. A person who signs in
// through a custom page does so under that page's API token, which is not the
// person's: sign-ins go by the session that came of them, if one did.
func (o *oktaEvent) acting(outcome correlate.Outcome) (k correlate.Key, method string) {
	if o.signsIn() {
		if o.EventType.text == "user.session.start" && outcome == correlate.Success {
			return o.session()
		}
		return correlate.Key{}, ""
	}
	if id := oktaSet(o.Deed.Detail.TokenID); id != "" {
		return correlate.Key{Kind: OktaToken, Value: id}, "okta.request_api_token_id"
	}
	return o.session()
}

// uses are the links of e, lent by out.
func (o *oktaEvent) uses(e *correlate.Event, out *Batch) []correlate.Link {
	if p := o.original(); p != nil {
		// The actor's account was only the instrument, and so was its session:
		// neither may lead on to the actor.
		return out.links.Append(nil, correlate.Link{
			Role: correlate.Requestor, Principal: p.principal(out), Proof: correlate.Attested, Method: "okta.original_principal",
		})
	}
	var uses []correlate.Link
	k, method := o.acting(e.Outcome)
	if !k.IsZero() {
		uses = out.links.Append(uses, correlate.Link{Role: correlate.Acting, Key: k, Proof: correlate.Attested, Method: method})
	}
	if e.Actor.Type == correlate.Unknown && oktaSet(o.Actor.AlternateID) == "" && oktaSet(o.Actor.ID) == "" {
		return uses
	}
	l := correlate.Link{Role: correlate.Requestor, Principal: e.Actor, Proof: correlate.Attested, Method: "okta.actor"}
	if o.unproven(e, k) {
		l.Proof, l.Method = correlate.Claimed, "okta.claimed_login"
	}
	return out.links.Append(uses, l)
}

// unproven reports whether the actor is only who somebody said to be: a sign-in
// that failed, anything else that failed without a session or token, or a login
// that Okta does not know.
func (o *oktaEvent) unproven(e *correlate.Event, acting correlate.Key) bool {
	if e.Actor.Type == correlate.Unknown {
		return true
	}
	failed := e.Outcome == correlate.Failure || e.Outcome == correlate.Denied || o.befalls()
	return failed && (o.signsIn() || acting.IsZero() && o.Actor.Type == "User")
}

// befalls reports whether the actor is whose account something befell, often by
// the doing of somebody else.
func (o *oktaEvent) befalls() bool {
	t := o.EventType.text
	return o.Actor.Type == "User" &&
		(strings.HasPrefix(t, "user.account.lock") || strings.HasPrefix(t, "user.mfa.attempt_bypass") || strings.HasPrefix(t, "security."))
}

// mints are the facts of e, lent by out.
func (o *oktaEvent) mints(e *correlate.Event, out *Batch) []correlate.Fact {
	if e.Outcome != correlate.Success {
		return nil
	}
	fact := correlate.Fact{
		Origin: e.ID, Source: "okta.system_log", EventID: e.EventID, Time: e.Time, Start: e.Time, Proof: correlate.Issued,
	}
	switch o.EventType.text {
	case "user.session.start", "user.session.impersonation.initiate":
		fact.Kind, fact.Method, fact.Principal = correlate.Account, "okta.session_start", e.Actor
		fact.Key, _ = o.session()
		if p := o.original(); p != nil {
			// Issued, so that it outweighs the name on the session.
			fact.Parents = out.links.Append(nil, correlate.Link{
				Role: correlate.Requestor, Principal: p.principal(out), Proof: correlate.Issued, Method: "okta.original_principal",
			})
		}
		if e.Actor.Type == correlate.Unknown {
			return nil // nobody that Okta knows
		}
	case "user.session.end", "user.session.impersonation.end":
		fact.Kind, fact.Method, fact.Reason = correlate.Ending, "okta.session_end", "logout"
		fact.Key, _ = o.session()
	case "system.api_token.create":
		// An API token acts as, and with the rights of, the user who made it.
		fact.Kind, fact.Method, fact.Principal, fact.Standing = correlate.Account, "okta.api_token_create", e.Actor, true
		fact.Key = o.token()
		creator := correlate.Link{Role: correlate.Creator, Principal: e.Actor, Proof: correlate.Issued, Method: "okta.api_token_create"}
		fact.Parents = out.links.Append(nil, creator)
		if k, _ := o.session(); !k.IsZero() {
			creator.Key, creator.Principal = k, correlate.Principal{}
			fact.Parents = out.links.Append(fact.Parents, creator)
		}
	case "system.api_token.revoke":
		fact.Kind, fact.Method, fact.Reason = correlate.Ending, "okta.api_token_revoke", "revoked"
		fact.Key = o.token()
	}
	if fact.Key.IsZero() {
		return nil
	}
	return out.facts.Append(nil, fact)
}

// token is the API token that the event is about.
func (o *oktaEvent) token() correlate.Key {
	for i := range o.Target {
		t := &o.Target[i]
		if id := oktaSet(t.ID); strings.EqualFold(t.Type, "Token") && id != "" {
			return correlate.Key{Kind: OktaToken, Value: id}
		}
	}
	return correlate.Key{}
}
