package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

var _ = register(Source{
	Name:     keyvaultName,
	Lateness: 15 * time.Minute,
	Detect:   azureDetect(keyvaultName),
	Decode:   keyvaultFormat.decode,
})

var keyvaultFormat = &format[keyvaultCall]{table: scan.Of[keyvaultCall](), inner: (*keyvaultCall).inner, line: keyvaultLine}

// keyvaultCall is one request to an Azure Key Vault.
type keyvaultCall struct {
	Order scan.Order
	azureLine
	Identity struct {
		Claim azureClaims `json:"claim"`
	} `json:"identity" scan:"quoted"`
	Properties struct {
		ID     string     `json:"id"`
		URI    string     `json:"requestUri"`
		Status azureLoose `json:"httpStatusCode"`
		Client string     `json:"clientInfo"`
	} `json:"properties" scan:"quoted"`

	classes words[correlate.Class]
	types   azureTypes
}

func keyvaultLine(in Input, raw []byte, s *keyvaultCall, out *Batch) {
	if s.Operation.text == "" || s.ResourceID == "" || s.Category.text != "AuditEvent" {
		out.reject(raw, correlate.RejectSource, "no audit event of a key vault")
		return
	}
	at, timed := s.at(out)
	if !timed {
		at = in.arrival()
	}
	tenant := s.tenant(out)
	// The correlation id is the client's to choose: the bytes are the event's id.
	e := azureEvent(in, keyvaultName, tenant, "", raw, out)
	e.Time = at
	e.Action, e.Class = s.Operation.text, s.classes.of(s.Operation.text, keyvaultClass)
	e.Outcome = s.outcome()
	e.Resources = s.resources(out)
	e.Context.IP, e.Context.Agent = azureIP(cmp.Or(s.CallerIP, s.Identity.Claim.IP)), s.Properties.Client
	e.Context.Account, e.Context.Region = s.subscription(out), s.Location.text
	e.Context.App = s.Identity.Claim.AppID
	if e.Outcome != correlate.Success {
		e.Error = short(cmp.Or(s.Description, s.Signature.text, s.Properties.Status.text))
	}
	s.Identity.Claim.uses(out, e, cmp.Or(tenant, in.Scope))
	if s.Properties.Status.text == "401" && e.Actor.ID == "unknown" {
		// Clients ask without a token first, to be told where to get one.
		e.Class, e.Outcome = correlate.Auth, correlate.Failure
	}
}

func (s *keyvaultCall) outcome() correlate.Outcome {
	if s.Properties.Status.text != "" {
		return azureHTTPOutcome(s.Properties.Status.text)
	}
	switch {
	case azureRefuses(s.Signature.text):
		return correlate.Denied
	case azureIs(s.ResultType.text, "Success"):
		return correlate.Success
	case s.ResultType.text == "":
		return correlate.UnknownOutcome
	}
	return correlate.Failure
}

// resources are the secret, key or certificate, and its vault, lent by out.
func (s *keyvaultCall) resources(out *Batch) []correlate.Resource {
	var rs []correlate.Resource
	id, _, _ := strings.Cut(cmp.Or(s.Properties.ID, s.Properties.URI), "?")
	if _, path, ok := strings.Cut(id, ".net/"); ok && path != "" {
		kind, _, _ := strings.Cut(path, "/")
		rs = out.resources.Append(rs, correlate.Resource{Type: out.text.Join("azure.keyvault.", strings.TrimSuffix(kind, "s")), ID: id})
	}
	return out.resources.Append(rs, correlate.Resource{Type: s.types.of(s.ResourceID, out), ID: s.ResourceID})
}

// keyvaultClass goes by the operation. What gives a secret away, or works with a
// private key in the caller's name, is a secret's use.
func keyvaultClass(operation string) correlate.Class {
	switch operation {
	case "SecretGet", "SecretBackup", "KeyBackup", "KeyDecrypt", "KeyUnwrap", "KeySign", "KeyRelease", "CertificateBackup", "StorageAccountSasGet",
		"SasDefinitionGet":
		return correlate.Secret
	case "Authentication":
		return correlate.Auth
	case "KeyEncrypt", "KeyWrap", "KeyVerify":
		return correlate.Read
	}
	switch {
	case strings.HasPrefix(operation, "Vault") && operation != "VaultGet" && operation != "VaultList" || strings.Contains(operation, "AccessPolicy"):
		return correlate.Admin
	case strings.HasSuffix(operation, "Get"), strings.Contains(operation, "List"), strings.Contains(operation, "Get"):
		return correlate.Read
	}
	return correlate.Write
}
