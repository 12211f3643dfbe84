package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// vaultActions names the deeds that matter for who holds which token. Any other
// action is named for its operation.
var vaultActions = []struct{ prefix, action string }{
	{"auth/token/create", "vault.token_create"},
	{"auth/token/renew", "vault.token_renew"},
	{"auth/token/revoke", "vault.token_revoke"},
	{"auth/token/lookup", "vault.token_lookup"},
	{"sys/control-group/authorize", "vault.control_group_authorize"},
	{"sys/control-group/request", "vault.control_group_status"},
	{"sys/wrapping/wrap", "vault.wrap"},
	{"sys/wrapping/rewrap", "vault.rewrap"},
	{"sys/wrapping/unwrap", "vault.unwrap"},
	{"sys/wrapping/lookup", "vault.wrap_lookup"},
	{"sys/leases/renew", "vault.lease_renew"},
	{"sys/renew", "vault.lease_renew"},
	{"sys/leases/revoke", "vault.lease_revoke"},
	{"sys/revoke", "vault.lease_revoke"},
	{"sys/leases/lookup", "vault.lease_lookup"},
}

func (d *vaultDeed) action() string {
	switch {
	case d.login:
		return "vault.login"
	case d.isSecretID():
		return "vault.secret_id_create"
	}
	if strings.HasPrefix(d.path, "auth/token/") || strings.HasPrefix(d.path, "sys/") {
		for _, a := range vaultActions {
			if strings.HasPrefix(d.path, a.prefix) {
				return a.action
			}
		}
	}
	return d.out.text.Join("vault.", cmp.Or(d.req.Operation, "unknown"))
}

// isSecretID reports whether the line hands out an AppRole secret id.
func (d *vaultDeed) isSecretID() bool {
	return strings.HasPrefix(d.path, "auth/") && d.writes() &&
		(strings.HasSuffix(d.rest, "/secret-id") || strings.HasSuffix(d.rest, "/custom-secret-id"))
}

// writes reports whether the operation is one of those that change something.
// Some endpoints take an update only because they need a body.
func (d *vaultDeed) writes() bool {
	switch d.req.Operation {
	case "create", "update", "delete", "patch", "rollback", "revoke", "renew":
		return true
	}
	return false
}

func (d *vaultDeed) class() correlate.Class {
	switch {
	case d.login:
		return correlate.Auth
	case strings.HasPrefix(d.path, "auth/"):
		return d.authClass()
	case strings.HasPrefix(d.path, "sys/"):
		return d.systemClass()
	case strings.HasPrefix(d.path, "identity/oidc/token/"):
		return correlate.Secret
	case strings.HasPrefix(d.path, "identity/lookup/"):
		return correlate.Read
	case strings.HasPrefix(d.path, "identity/"):
		return d.readOr(correlate.Admin)
	}
	return d.engineClass()
}

func (d *vaultDeed) readOr(c correlate.Class) correlate.Class {
	if d.writes() {
		return c
	}
	return correlate.Read
}

func (d *vaultDeed) authClass() correlate.Class {
	switch {
	case strings.HasPrefix(d.path, "auth/token/lookup"):
		return correlate.Read
	case strings.HasPrefix(d.path, "auth/token/roles"):
		return d.readOr(correlate.Admin)
	case strings.HasPrefix(d.path, "auth/token/"), strings.HasSuffix(d.rest, "auth_url"):
		return correlate.Auth
	case d.isSecretID(), strings.HasSuffix(d.rest, "/role-id") && d.req.Operation == "read":
		return correlate.Secret // half of an AppRole's login
	}
	return d.readOr(correlate.Admin)
}

func (d *vaultDeed) systemClass() correlate.Class {
	for _, prefix := range []string{"sys/wrapping/", "sys/leases/renew", "sys/renew", "sys/mfa/"} {
		if strings.HasPrefix(d.path, prefix) {
			return correlate.Auth
		}
	}
	// Questions that Vault takes as updates.
	for _, prefix := range []string{"sys/control-group/request", "sys/capabilities", "sys/leases/lookup", "sys/tools/", "sys/audit-hash/", "sys/internal/"} {
		if strings.HasPrefix(d.path, prefix) {
			return correlate.Read
		}
	}
	if strings.HasPrefix(d.path, "sys/raw/") && d.req.Operation == "read" {
		return correlate.Secret
	}
	return d.readOr(correlate.Admin)
}

// engineClass reads the path below a secret engine's mount.
func (d *vaultDeed) engineClass() correlate.Class {
	op := d.req.Operation
	if op == "list" || op == "help" || op == "" {
		return correlate.Read
	}
	first, _, _ := strings.Cut(d.rest, "/")
	switch d.kind {
	case "kv", "generic", "cubbyhole":
		// Writing a secret discloses none: it is a write. Metadata is no secret.
		if d.writes() {
			return correlate.Write
		}
		if first == "metadata" || first == "config" {
			return correlate.Read
		}
		return correlate.Secret
	}
	switch first {
	case "creds", "cred", "static-creds", "static-cred", "sts", "issue", "sign", "sign-verbatim", "sign-intermediate",
		"sign-self-issued", "token", "key", "decrypt", "datakey", "export", "backup", "byok-export", "code", "hmac", "otp":
		return correlate.Secret
	case "roleset", "static-account", "impersonated-account": // gcp: <mount>/roleset/<name>/token
		if strings.HasSuffix(d.rest, "/key") || strings.HasSuffix(d.rest, "/token") {
			return correlate.Secret
		}
		return d.readOr(correlate.Admin)
	case "library": // ldap: <mount>/library/<set>/check-out hands out a password
		if strings.HasSuffix(d.rest, "/check-out") {
			return correlate.Secret
		}
		return d.readOr(correlate.Admin)
	case "config", "roles", "role", "static-roles", "static-role", "root", "keys", "intermediate", "rotate-root", "rotate-role",
		"rotate", "issuers", "issuer", "crl", "tidy":
		return d.readOr(correlate.Admin)
	case "encrypt", "verify", "hash", "random", "rewrap":
		return correlate.Read
	}
	return d.readOr(correlate.Write)
}
