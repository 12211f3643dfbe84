package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// entraSet drops what stands for "nobody".
func entraSet(s string) string {
	if s == "00000000-0000-0000-0000-000000000000" {
		return ""
	}
	return s
}

// entraObject is an object id in lower case, with the dashes that Resource Manager
// sometimes leaves out.
func entraObject(id string, out *Batch) string {
	if id = out.fold(entraSet(id)); len(id) != 32 || strings.Contains(id, "-") {
		return id
	}
	return out.text.Join(id[:8], "-", id[8:12], "-", id[12:16], "-", id[16:20], "-", id[20:])
}

// entraUser is a person as Entra names one: by the sign-in name, or by the object
// id in the logs that do not have it.
func entraUser(out *Batch, oid, upn, name string) correlate.Principal {
	oid, upn = entraObject(oid, out), out.fold(upn)
	p := correlate.Principal{Type: correlate.Human, ID: cmp.Or(upn, oid), Name: name, Issuer: "entra"}
	if oid != "" {
		p.Names = out.names.Append(p.Names, out.text.Join("entra:", oid))
	}
	if mail := entraGuest(upn, out); mail != "" {
		p.Names = out.names.Append(p.Names, mail)
	}
	return p
}

// entraGuest is the address of a guest at home, which the sign-in name that Entra
// makes for guests is made of: alice_contoso.com#ext#@example.onmicrosoft.com.
func entraGuest(upn string, out *Batch) string {
	home, _, ok := strings.Cut(upn, "#ext#")
	if !ok {
		return ""
	}
	i := strings.LastIndexByte(home, '_')
	if i <= 0 || !strings.Contains(home[i:], ".") {
		return ""
	}
	return out.text.Join(home[:i], "@", home[i+1:])
}

// entraApp is a service principal, by its object id, which is its own in each
// tenant, or else by the id of the application it is an instance of.
func entraApp(out *Batch, t correlate.PrincipalType, oid, app, name string) correlate.Principal {
	oid, app = entraObject(oid, out), out.fold(entraSet(app))
	p := correlate.Principal{Type: t, ID: cmp.Or(oid, app, name), Name: name, Issuer: "entra"}
	if p.ID == "" {
		return correlate.Principal{Type: correlate.Unknown, ID: "unknown", Issuer: "entra"}
	}
	if app != "" && app != p.ID {
		p.Names = out.names.Append(p.Names, out.text.Join("entra:", app))
	}
	return p
}

// entraKey is a key that is scoped to a tenant, or zero.
func entraKey(out *Batch, kind correlate.Kind, tenant, id string) correlate.Key {
	if id = entraSet(id); id == "" {
		return correlate.Key{}
	}
	return correlate.Key{Kind: kind, Value: out.text.Join(tenant, "/", out.fold(id))}
}
