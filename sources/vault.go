package sources

import (
	"bytes"
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"whence/correlate"
)

// vaultMaxTTL is Vault's default for the longest life of a token or lease
// (max_lease_ttl). Periodic tokens outlive it by renewing, which mints again.
const vaultMaxTTL = 768 * time.Hour

var _ = register(Source{
	Name: "vault.audit",
	Kinds: []correlate.KindInfo{
		{
			Kind: VaultAccessor, Life: vaultMaxTTL, Best: correlate.Issued,
			Hint: "is the vault audit device enabled, and the same one (cluster/device scope) that logged the login?",
		},
		{
			Kind: VaultLease, Life: vaultMaxTTL, Best: correlate.Issued,
			Hint: "is the vault audit device enabled where the lease was issued?",
		},
		{
			Kind: AWSAccessKey, Life: vaultMaxTTL, Best: correlate.Issued,
			Hint: "does Vault's AWS mount log access keys in plain (vault secrets tune -audit-non-hmac-response-keys=access_key)?",
		},
		{
			// The binding is as short as the request. Whoever joins on the name
			// asks for the moment that is written in it.
			Kind: VaultAWSName, Alias: true, Life: time.Hour, Best: correlate.Inferred,
			Hint: "is the vault audit device enabled, and does the AWS mount keep the default username_template?",
		},
	},
	Lateness: 2 * time.Minute,
	Detect: func(v Value) bool {
		t := v.Text("type")
		return (t == "request" || t == "response") && v.Has("time") && (v.Has("auth") || v.Has("request")) && !v.Has("kind")
	},
	Decode: vaultDecode,
})

func vaultDecode(in Input, out *Batch) {
	if bytes.HasPrefix(in.Raw, []byte("[")) {
		var list []json.RawMessage
		if out.unmarshal(in.Raw, &list) {
			for _, raw := range list {
				vaultAppend(raw, newVaultScope(in.Scope), out)
			}
		}
		return
	}
	vaultAppend(in.Raw, newVaultScope(in.Scope), out)
}

func vaultAppend(raw []byte, scope vaultScope, out *Batch) {
	var l vaultLine
	if !out.unmarshal(raw, &l) {
		return
	}
	if l.Type != "request" && l.Type != "response" {
		out.reject(raw, correlate.RejectSource, "type is neither request nor response")
		return
	}
	at, err := time.Parse(time.RFC3339Nano, l.Time)
	if err != nil || !placeable(at) {
		out.reject(raw, correlate.RejectNoTime, "time is missing or is no time")
		return
	}
	d := newVaultDeed(&l, scope)
	hash := sum(raw)
	// Vault leaves the id out where there was no HTTP request. Such a line goes
	// by the hash of its bytes and cannot be paired with its other half.
	requestID := cmp.Or(l.Request.V.ID, "sha256:"+hash)
	eventID := requestID + "/" + l.Type
	e := correlate.Event{
		// Every device of a cluster writes the same request: it counts once.
		ID: correlate.NewID("vault.audit", scope.cluster, eventID), EventID: eventID, Time: at.UTC(),
		ActionID: correlate.NewID("vault.audit", scope.cluster, requestID),
		// Only the response line knows how it ended.
		Primary: l.Type == "response",
		Action:  d.action(), Class: d.class(), Actor: d.who.actor,
		Resources: d.resources(), Context: d.context(),
		Evidence: correlate.Evidence{SHA256: hash},
	}
	e.Outcome, e.Error = d.outcome()
	e.Uses = d.uses()
	e.Mints = d.mints(&e)
	out.Events = append(out.Events, e)
}

// vaultDeed is one line, understood: where its path leads and who acted.
type vaultDeed struct {
	*vaultLine
	scope vaultScope
	req   *vaultRequest
	path  string // without tokens
	mount string // with the slash at its end
	rest  string // of the path, below the mount
	kind  string // type of the mount: kv, aws, ldap ...; may be unknown
	login bool
	who   vaultIdentity
}

func newVaultDeed(l *vaultLine, scope vaultScope) *vaultDeed {
	d := &vaultDeed{vaultLine: l, scope: scope, req: &l.Request.V}
	d.path = vaultSafePath(d.req.Path)
	d.mount, d.rest = vaultMount(d.req, d.path)
	d.kind = cmp.Or(d.req.MountType, vaultKind(d.mount))
	d.login = d.isLogin()
	auth, mount := &l.Auth.V, ""
	if d.login {
		if strings.HasPrefix(d.mount, "auth/") {
			mount = d.mount
		}
		if auth.Accessor == "" && auth.DisplayName == "" {
			auth = &l.Response.V.Auth.V
		}
	}
	d.who = vaultWho(auth, d.kind, mount)
	return d
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
	return first == "login" || strings.HasSuffix(d.rest, "callback") || d.Response.V.Auth.V.Accessor != ""
}

// caller is the accessor of the token that was presented. A token sent along
// with a login is not looked at by Vault; what counts is the one it got.
func (d *vaultDeed) caller() correlate.Key {
	if d.login {
		return d.scope.key(VaultAccessor, cmp.Or(d.Auth.V.Accessor, d.Response.V.Auth.V.Accessor))
	}
	return d.scope.key(VaultAccessor, cmp.Or(d.req.Accessor, d.Auth.V.Accessor))
}

func (d *vaultDeed) uses() []correlate.Link {
	var uses []correlate.Link
	if k := d.caller(); !k.IsZero() {
		uses = append(uses, correlate.Link{Role: correlate.Acting, Key: k, Proof: correlate.Attested, Method: "vault.accessor"})
	}
	return append(uses, d.who.links...)
}

func (d *vaultDeed) context() correlate.Context {
	c := correlate.Context{IP: d.req.Address, Account: strings.TrimSuffix(d.scope.cluster+"/"+d.req.Namespace.Path, "/")}
	if a := d.req.Headers.V.Agent; len(a) > 0 && !strings.HasPrefix(a[0], vaultHMAC) {
		c.Agent = a[0]
	}
	return c
}

func (d *vaultDeed) resources() []correlate.Resource {
	if d.path == "" {
		return nil
	}
	id := d.scope.cluster + "/" + d.req.Namespace.Path + d.path
	return []correlate.Resource{{Type: "vault." + cmp.Or(d.req.MountType, "path"), ID: id}}
}
