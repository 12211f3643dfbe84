package sources

import (
	"bytes"
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
	for _, prefix := range []string{"sys/capabilities", "sys/leases/lookup", "sys/tools/", "sys/audit-hash/", "sys/internal/"} {
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
	case "config", "roles", "role", "static-roles", "static-role", "root", "keys", "intermediate", "rotate-root", "rotate-role",
		"library", "rotate", "issuers", "issuer", "crl", "tidy":
		return d.readOr(correlate.Admin)
	case "encrypt", "verify", "hash", "random", "rewrap":
		return correlate.Read
	}
	return d.readOr(correlate.Write)
}

// vaultErrors are the errors worth telling apart. The log's own text may quote
// what was sent, so only these words leave the decoder.
var vaultErrors = []string{
	"permission denied", "missing client token", "bad token", "invalid token", "invalid role or secret ID", "invalid secret id",
	"invalid username or password", "invalid credentials", "wrapping token is not valid or does not exist", "lease not found",
	"lease is not renewable", "token not found", "unsupported path", "unsupported operation", "no handler for route",
	"rate limit quota exceeded", "lease count quota exceeded", "Vault is sealed", "context canceled", "context deadline exceeded",
	"invalid request", "internal error",
}

// outcome is how the request ended. A request line without an error only says
// that something was asked for and allowed: its response line knows the rest.
func (d *vaultDeed) outcome() (correlate.Outcome, string) {
	switch {
	case d.failure != "":
		for _, known := range vaultErrors {
			if strings.Contains(d.failure, known) {
				if known == "permission denied" {
					return correlate.Denied, known
				}
				return correlate.Failure, known
			}
		}
		return correlate.Failure, "error"
	case !d.e.Primary:
		return correlate.UnknownOutcome, ""
	case d.failed():
		return correlate.Failure, "error"
	}
	return correlate.Success, ""
}

// failed reports whether the response is an error and nothing else, which is how
// Vault itself tells.
func (d *vaultDeed) failed() bool {
	data, failed := d.Response.Data, false
	if !bytes.Contains(data, []byte(`"error"`)) {
		return false
	}
	for name, value := range data.Members(&d.out.text) {
		if name != "error" {
			return false
		}
		failed = string(value) != "null"
	}
	return failed
}
