package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// azurePhase says which line of an operation it is.
type azurePhase uint8

const (
	azureEnd azurePhase = iota
	azureBegin
)

// outcome reads how an operation went. Its start, and that it was accepted, say
// nothing of that yet.
func (s *azureActivity) outcome() (correlate.Outcome, azurePhase, string) {
	code := cmp.Or(s.StatusCode.text, s.Properties.Status.text)
	why := cmp.Or(s.SubStatus.text, s.StatusText, s.Signature.text)
	switch result := cmp.Or(s.Status.text, s.ResultType.text); {
	case azureIs(result, "Start", "Started", "Accept", "Accepted", "InProgress"):
		return correlate.UnknownOutcome, azureBegin, ""
	case azureIs(result, "Success", "Succeeded", "Active", "Resolved"):
		return correlate.Success, azureEnd, ""
	case azureRefuses(why) || azureRefuses(code):
		return correlate.Denied, azureEnd, short(cmp.Or(why, code))
	case azureIs(result, "Failure", "Failed", "Canceled", "Cancelled"):
		return correlate.Failure, azureEnd, short(cmp.Or(why, s.Description, result))
	}
	outcome := azureHTTPOutcome(code)
	if outcome == correlate.Success || outcome == correlate.UnknownOutcome {
		return outcome, azureEnd, ""
	}
	return outcome, azureEnd, short(cmp.Or(why, code))
}

func azureIs(s string, words ...string) bool {
	for _, w := range words {
		if len(s) == len(w) && strings.EqualFold(s, w) {
			return true
		}
	}
	return false
}

// azureRefuses reports whether a code says that it was not allowed.
func azureRefuses(code string) bool {
	return azureIs(code, "Forbidden", "Unauthorized", "401", "403", "AuthorizationFailed", "AuthenticationFailed", "AuthorizationPermissionMismatch",
		"Forbidden (HTTP Status Code: 403)", "LinkedAuthorizationFailed", "Failed.Forbidden", "RequestDisallowedByPolicy")
}

// azureAdmin are parts of operations that change what others may do, or what is seen
// of what they do.
var azureAdmin = []string{
	"microsoft.authorization/", "microsoft.managedidentity/", "microsoft.insights/", "microsoft.security/", "microsoft.keyvault/vaults/write", "microsoft.keyvault/vaults/delete",
	"accesspolicies", "microsoft.aadiam/", "microsoft.policyinsights/", "federatedidentitycredentials", "microsoft.subscription/",
	"microsoft.management/", "networksecuritygroups/", "firewallpolicies/", "azurefirewalls/", "microsoft.securityinsights/",
	"diagnosticsettings", "backuppolicies", "microsoft.billing/",
}

// azureSecret are operations whose answer is a secret, or makes one.
var azureSecret = []string{
	"listkeys", "listsecrets", "getsecret", "listcredentials", "regeneratekey", "listaccountsas", "listservicesas", "listclusteradmincredential",
	"listclusterusercredential", "begingetaccess", "listconnectionstrings", "publishxml", "listpublishingcredentials", "secrets/read",
	"listclustermonitoringusercredential",
}

// azureClass goes by the operation: Microsoft.Compute/disks/delete, or GetBlob.
func azureClass(operation string) correlate.Class {
	op := strings.ToLower(operation)
	contains := func(list []string) bool {
		for _, p := range list {
			if strings.Contains(op, p) {
				return true
			}
		}
		return false
	}
	switch {
	case contains(azureSecret):
		return correlate.Secret
	case strings.HasSuffix(op, "/read"), strings.HasPrefix(op, "get"), strings.HasPrefix(op, "list"), strings.HasPrefix(op, "query"), op == "preflightblobrequest":
		return correlate.Read
	case contains(azureAdmin):
		return correlate.Admin
	case strings.HasPrefix(op, "microsoft.resources/deployments/"):
		return correlate.Deploy
	}
	return correlate.Write
}
