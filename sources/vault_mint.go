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

// mint adds what the line tells of tokens, leases and keys. Only the response
// line knows that they were issued, and which. The one exception is the name of
// an AWS user or session, which is made up while the request is under way: only
// the request line's time is close to the time in that name.
func (d *vaultDeed) mint() {
	switch {
	case !d.e.Primary && d.e.Outcome == correlate.UnknownOutcome:
		d.mintAWSName()
	case d.e.Primary && d.e.Outcome == correlate.Success:
		d.mintApproval()
		d.mintToken()
		d.mintWrapped()
		d.mintLease()
		d.mintAWSKey()
	}
}

// fact adds a fact with what it shares with its event, for the caller to fill in.
func (d *vaultDeed) fact(kind correlate.FactKind, method string) *correlate.Fact {
	d.e.Mints = d.out.facts.Append(d.e.Mints, correlate.Fact{
		Kind: kind, Origin: d.e.ID, Source: vaultAudit, EventID: d.e.EventID, Time: d.e.Time, Start: d.e.Time,
		Proof: correlate.Issued, Method: method,
	})
	return &d.e.Mints[len(d.e.Mints)-1]
}

// parents is the link to whoever called, as far as the line names them.
func (d *vaultDeed) parents(role correlate.Role, method string) []correlate.Link {
	if d.caller.IsZero() {
		return d.who.links // a batch token has no accessor
	}
	return d.out.links.Append(nil, correlate.Link{Role: role, Key: d.caller, Proof: correlate.Issued, Method: method})
}

// mintToken tells of a token that was issued, renewed or revoked.
func (d *vaultDeed) mintToken() {
	switch {
	case d.login:
		d.mintLogin()
	case d.path == "sys/wrapping/unwrap":
		d.mintUnwrapped()
	case strings.HasPrefix(d.path, "auth/token/create"):
		d.mintChild()
	case strings.HasPrefix(d.path, "auth/token/renew"):
		d.mintRenewed()
	case strings.HasPrefix(d.path, "auth/token/revoke"):
		if k := d.revoked(); !k.IsZero() {
			f := d.fact(correlate.Ending, "vault.token_revoke")
			f.Key, f.Reason = k, "revoked"
		}
	}
}

func (d *vaultDeed) mintLogin() {
	if d.caller.IsZero() {
		return
	}
	method := cmp.Or(d.kind, "unknown")
	if d.path == "sys/mfa/validate" {
		method = "mfa"
	}
	f := d.fact(correlate.Account, d.out.text.Join("vault.login.", method))
	f.Key = d.caller
	d.stand(f, &d.Auth, &d.who)
}

// mintUnwrapped: whoever unwraps with a token of their own holds the token from
// now on. Unwrapping with the wrapping token itself tells of nobody new.
func (d *vaultDeed) mintUnwrapped() {
	const method = "vault.unwrap"
	auth := &d.Response.Auth
	if auth.Accessor == "" || !d.req.tokenGiven() {
		return
	}
	if parents := d.parents(correlate.Holder, method); len(parents) > 0 {
		f := d.fact(correlate.Account, method)
		f.Key, f.Principal, f.Parents = d.key(VaultAccessor, auth.Accessor), vaultToken(auth.EntityID), parents
	}
}

// mintChild tells of a token that was made with another. A child may be renewed
// by lines that do not tell who asked for it, so its time to live is no end.
func (d *vaultDeed) mintChild() {
	const method = "vault.token_create"
	auth := &d.Response.Auth
	if auth.Accessor == "" {
		return
	}
	if parents := d.parents(correlate.Requestor, method); len(parents) > 0 {
		d.got.read(auth, "", "", d.out)
		f := d.fact(correlate.Account, method)
		f.Key, f.Principal, f.Parents = d.key(VaultAccessor, auth.Accessor), d.got.principal, parents
	}
}

func (d *vaultDeed) mintRenewed() {
	auth := &d.Response.Auth
	if auth.Accessor == "" || auth.made() {
		return
	}
	who := &d.got
	who.read(auth, "", "", d.out)
	if who.principal.Type == correlate.Unknown {
		return
	}
	f := d.fact(correlate.Account, "vault.token_renew")
	f.Key = d.key(VaultAccessor, auth.Accessor)
	d.stand(f, auth, who)
	if auth.Accessor == d.Auth.Accessor {
		f.Start = d.Auth.issued(f.Start)
	}
}

// stand fills in an account that an auth method vouches for. Its life is counted
// from this line, as a renewal begins it anew.
func (d *vaultDeed) stand(f *correlate.Fact, a *vaultAuth, who *vaultIdentity) {
	f.Principal, f.Parents = who.principal, who.parents
	if a.Accessor == "" {
		a = &d.Response.Auth
	}
	if who.principal.Type != correlate.Unknown && a.TTL > 0 {
		f.End = f.Time.Add(vaultSeconds(a.TTL))
	}
	f.Start = a.issued(f.Start)
}

// issued is when the token was issued, if that is known and before by.
func (a *vaultAuth) issued(by time.Time) time.Time {
	if a.IssueTime == "" {
		return by // the error would be made on the heap
	}
	t, ok := rfc3339(a.IssueTime)
	if !ok || t.After(by) {
		return by
	}
	return t
}

// revoked is the token that a successful revocation ended, if it can be named.
func (d *vaultDeed) revoked() correlate.Key {
	switch d.path {
	case "auth/token/revoke-self":
		return d.caller
	case "auth/token/revoke-accessor":
		return d.accessorInData()
	}
	return correlate.Key{}
}

// accessorInData is the token that the request names by its accessor, if that is
// written as accessors are.
func (d *vaultDeed) accessorInData() correlate.Key {
	a := d.req.Data.Accessor
	own := cmp.Or(d.req.Accessor, d.Auth.Accessor)
	if strings.HasPrefix(a, vaultHMAC) && !strings.HasPrefix(own, vaultHMAC) {
		return correlate.Key{}
	}
	return d.key(VaultAccessor, a)
}

// vaultToken stands for a token of which the line does not tell whose it is.
func vaultToken(entity string) correlate.Principal {
	return correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(entity, "token"), Name: "token", Issuer: "vault"}
}

// vaultSeconds bounds a number of seconds to what a duration can hold.
func vaultSeconds(n int64) time.Duration {
	return time.Duration(min(n, int64(200*365*24*time.Hour/time.Second))) * time.Second
}
