package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
)

// Only a login may be a root. Where another line cannot name who asked (a batch
// token has no accessor), an account without parents would pass for one, so none
// is minted.

// mints is what the line tells of tokens, leases and keys. Only the response
// line knows that they were issued, and which. The one exception is the name of
// an AWS user or session, which is made up while the request is under way: only
// the request line's time is close to the time in that name.
func (d *vaultDeed) mints(e *correlate.Event) []correlate.Fact {
	blank := correlate.Fact{
		Kind: correlate.Account, Origin: e.ID, Source: "vault.audit", EventID: e.EventID, Time: e.Time, Start: e.Time, Proof: correlate.Issued,
	}
	if d.Type == "request" {
		if e.Outcome != correlate.UnknownOutcome {
			return nil
		}
		return d.awsName(blank)
	}
	if e.Outcome != correlate.Success {
		return nil
	}
	facts := d.tokens(blank)
	facts = append(facts, d.wrapped(blank)...)
	facts = append(facts, d.lease(blank)...)
	facts = append(facts, d.awsKey(blank)...)
	return facts
}

// tokens tells of tokens that were issued, renewed or revoked.
func (d *vaultDeed) tokens(f correlate.Fact) []correlate.Fact {
	auth := &d.Response.V.Auth.V
	f.Key = d.scope.key(VaultAccessor, auth.Accessor)
	switch {
	case d.login:
		f.Key, f.Method = d.caller(), "vault.login."+d.method()
		d.stand(&f, &d.Auth.V, d.who)
	case d.path == "sys/wrapping/unwrap":
		// Whoever unwraps with a token of their own holds the token from now on.
		// Unwrapping with the wrapping token itself tells of nobody new.
		f.Method, f.Principal = "vault.unwrap", vaultToken(auth)
		f.Parents = d.parent(correlate.Holder, "vault.unwrap")
		if !bool(d.req.Data.V.Token) || len(f.Parents) == 0 {
			return nil
		}
	case strings.HasPrefix(d.path, "auth/token/create"):
		// A child may be renewed by lines that do not tell who asked for it, so
		// its time to live is no end.
		f.Method, f.Principal = "vault.token_create", vaultWho(auth, "", "").principal
		f.Parents = d.parent(correlate.Requestor, "vault.token_create")
		if len(f.Parents) == 0 {
			return nil
		}
	case strings.HasPrefix(d.path, "auth/token/renew"):
		who := vaultWho(auth, "", "")
		if auth.made() || who.principal.Type == correlate.Unknown {
			return nil
		}
		f.Method = "vault.token_renew"
		d.stand(&f, auth, who)
		if auth.Accessor == d.Auth.V.Accessor {
			f.Start = d.Auth.V.issued(f.Start)
		}
	case strings.HasPrefix(d.path, "auth/token/revoke"):
		f.Key = d.revoked()
		f.Kind, f.Method, f.Reason = correlate.Ending, "vault.token_revoke", "revoked"
	default:
		return nil
	}
	if f.Key.IsZero() {
		return nil
	}
	return []correlate.Fact{f}
}

// stand fills in an account that an auth method vouches for. Its life is counted
// from this line, as a renewal begins it anew.
func (d *vaultDeed) stand(f *correlate.Fact, a *vaultAuth, who vaultIdentity) {
	f.Principal, f.Parents = who.principal, who.parents
	if a.Accessor == "" {
		a = &d.Response.V.Auth.V
	}
	if who.principal.Type != correlate.Unknown && a.TTL > 0 {
		f.End = f.Time.Add(vaultSeconds(a.TTL))
	}
	f.Start = a.issued(f.Start)
}

// issued is when the token was issued, if that is known and before by.
func (a *vaultAuth) issued(by time.Time) time.Time {
	t, err := time.Parse(time.RFC3339Nano, a.IssueTime)
	if err != nil || !placeable(t) || t.After(by) {
		return by
	}
	return t.UTC()
}

// method names the auth method of a login.
func (d *vaultDeed) method() string {
	if d.path == "sys/mfa/validate" {
		return "mfa"
	}
	return cmp.Or(d.kind, "unknown")
}

// revoked is the token that a successful revocation ended, if it can be named.
// Request data is always HMACed with the same salt as accessors are, so it names
// an accessor where those are HMACed too.
func (d *vaultDeed) revoked() correlate.Key {
	switch d.path {
	case "auth/token/revoke-self":
		return d.caller()
	case "auth/token/revoke-accessor":
		a := d.req.Data.V.Accessor
		own := cmp.Or(d.req.Accessor, d.Auth.V.Accessor)
		if strings.HasPrefix(a, vaultHMAC) && !strings.HasPrefix(own, vaultHMAC) {
			return correlate.Key{}
		}
		return d.scope.key(VaultAccessor, a)
	}
	return correlate.Key{}
}

// wrapped tells of a wrapping token, and of the token that was wrapped.
func (d *vaultDeed) wrapped(f correlate.Fact) []correlate.Fact {
	w := &d.Response.V.Wrap
	var facts []correlate.Fact
	f.Method = "vault.wrap"
	parents := d.parent(correlate.Requestor, f.Method)
	if len(parents) == 0 {
		return nil
	}
	if k := d.scope.key(VaultAccessor, w.Wrapped); !k.IsZero() && !(d.login && k == d.caller()) {
		f.Key, f.Principal, f.Parents = k, vaultToken(&vaultAuth{}), parents
		facts = append(facts, f)
	}
	if k := d.scope.key(VaultAccessor, w.Accessor); !k.IsZero() {
		f.Key, f.Parents = k, parents
		f.Principal = correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(w.Path, d.path, "wrapping"), Name: "wrapping token", Issuer: "vault"}
		if w.TTL > 0 {
			f.End = f.Time.Add(vaultSeconds(w.TTL))
		}
		facts = append(facts, f)
	}
	return facts
}

// lease tells of a lease that was issued, or revoked by its path. The log does
// not say how long a lease runs. A renewal names the lease too, but whoever
// renews it is not who asked for it.
func (d *vaultDeed) lease(f correlate.Fact) []correlate.Fact {
	for _, prefix := range []string{"sys/leases/revoke/", "sys/revoke/"} {
		if id, ok := strings.CutPrefix(d.path, prefix); ok && id != "" {
			f.Kind, f.Key = correlate.Ending, d.scope.key(VaultLease, id)
			f.Method, f.Reason = "vault.lease_revoke", "revoked"
			return []correlate.Fact{f}
		}
	}
	f.Key = d.scope.key(VaultLease, d.Response.V.Secret.LeaseID)
	unwrap := d.path == "sys/wrapping/unwrap"
	if f.Key.IsZero() || strings.HasPrefix(d.path, "sys/") && !unwrap {
		return nil
	}
	f.Method = "vault.lease"
	role := correlate.Requestor
	if unwrap && bool(d.req.Data.V.Token) {
		role = correlate.Holder
	}
	f.Parents = d.parent(role, f.Method)
	// A lease id is the path it was issued for, and a random end.
	id, _, _ := vaultCutLast(d.Response.V.Secret.LeaseID, "/")
	f.Principal = correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(id, d.path, "lease"), Name: "lease", Issuer: "vault"}
	if len(f.Parents) == 0 {
		return nil
	}
	return []correlate.Fact{f}
}

// parent is the link to whoever called, as far as the line names them.
func (d *vaultDeed) parent(role correlate.Role, method string) []correlate.Link {
	if k := d.caller(); !k.IsZero() {
		return []correlate.Link{{Role: role, Key: k, Proof: correlate.Issued, Method: method}}
	}
	return d.who.links // a batch token has no accessor
}

// vaultToken stands for a token of which the line does not tell whose it is.
func vaultToken(a *vaultAuth) correlate.Principal {
	return correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(a.EntityID, "token"), Name: "token", Issuer: "vault"}
}

// vaultSeconds bounds a number of seconds to what a duration can hold.
func vaultSeconds(n int64) time.Duration {
	return time.Duration(min(n, int64(200*365*24*time.Hour/time.Second))) * time.Second
}

func vaultCutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
