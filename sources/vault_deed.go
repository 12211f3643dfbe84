package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// vaultDeed is one line, understood: where its path leads and who acted. It is
// used again for the next one.
type vaultDeed struct {
	*vaultLine
	req     *vaultRequest
	out     *Batch
	e       *correlate.Event // being made of the line; Primary if it is a response
	scope   vaultScope
	failure string // text of the error

	path  string // without tokens
	mount string // with the slash at its end
	rest  string // of the path, below the mount
	kind  string // type of the mount: kv, aws, ldap ...; may be unknown
	login bool
	who   vaultIdentity // of the token that was presented
	got   vaultIdentity // of one that was made or renewed
	// caller is the token that was presented. One sent along with a login is not
	// looked at by Vault; what counts is the one it got.
	caller correlate.Key
	aws    vaultAWSData // of a response with AWS credentials
}

// read finds out what the line tells of.
func (d *vaultDeed) read() {
	d.path = vaultSafePath(d.req.Path, &d.out.text)
	d.mount, d.rest = vaultMount(d.req, d.path)
	d.kind = cmp.Or(d.req.MountType, vaultKind(d.mount))
	d.login = d.isLogin()
	auth, mount, caller := &d.Auth, "", cmp.Or(d.req.Accessor, d.Auth.Accessor)
	if d.login {
		caller = cmp.Or(d.Auth.Accessor, d.Response.Auth.Accessor)
		if strings.HasPrefix(d.mount, "auth/") {
			mount = d.mount
		}
		if auth.Accessor == "" && auth.DisplayName == "" {
			auth = &d.Response.Auth
		}
	}
	d.caller = d.key(VaultAccessor, caller)
	d.who.read(auth, d.kind, mount, d.out)
}

// tell fills in the event.
func (d *vaultDeed) tell() {
	d.e.Action, d.e.Class, d.e.Actor = d.action(), d.class(), d.who.actor
	d.e.Resources, d.e.Context = d.resources(), d.context()
	d.e.Outcome, d.e.Error = d.outcome()
	d.e.Uses = d.uses()
	d.mint()
}

// isLogin tells a login by its path, or by a token that came of an auth method.
func (d *vaultDeed) isLogin() bool {
	if d.path == "sys/mfa/validate" {
		return true
	}
	if !strings.HasPrefix(d.path, "auth/") || strings.HasPrefix(d.path, "auth/token/") {
		return false
	}
	first, _, _ := strings.Cut(d.rest, "/")
	return first == "login" || strings.HasSuffix(d.rest, "callback") || d.Response.Auth.Accessor != ""
}

func (d *vaultDeed) key(kind correlate.Kind, value string) correlate.Key {
	return d.scope.key(kind, value, &d.out.text)
}

func (d *vaultDeed) uses() []correlate.Link {
	if d.caller.IsZero() {
		return d.who.links
	}
	uses := d.out.links.Append(nil, correlate.Link{
		Role: correlate.Acting, Key: d.caller, Proof: correlate.Attested, Method: "vault.accessor",
	})
	return d.out.links.Append(uses, d.who.links...)
}

func (d *vaultDeed) context() correlate.Context {
	c := correlate.Context{IP: d.req.Address, Account: d.scope.cluster}
	if namespace := d.req.Namespace.Path; namespace != "" {
		c.Account = d.out.text.Join(d.scope.cluster, "/", strings.TrimSuffix(namespace, "/"))
	}
	if a := d.req.Headers.Agent; len(a) > 0 && !strings.HasPrefix(a[0], vaultHMAC) {
		c.Agent = a[0]
	}
	return c
}

func (d *vaultDeed) resources() []correlate.Resource {
	if d.path == "" {
		return nil
	}
	return d.out.resources.Append(nil, correlate.Resource{
		Type: d.out.text.Join("vault.", cmp.Or(d.req.MountType, "path")),
		ID:   d.out.text.Join(d.scope.cluster, "/", d.req.Namespace.Path, d.path),
	})
}
