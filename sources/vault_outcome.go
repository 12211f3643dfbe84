package sources

import (
	"bytes"
	"strings"

	"whence/correlate"
)

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
