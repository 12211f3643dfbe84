package sources

import (
	"strings"

	"whence/correlate"
)

// oktaClasses maps prefixes of event types to classes. The longest prefix wins;
// what is not listed is a write, but for names that say they only read.
var oktaClasses = map[string]correlate.Class{
	"user.session.":                       correlate.Auth,
	"user.authentication.":                correlate.Auth,
	"user.mfa.attempt_bypass":             correlate.Auth,
	"user.mfa.okta_verify":                correlate.Auth,
	"user.risk.":                          correlate.Auth,
	"app.oauth2.":                         correlate.Auth,
	"policy.evaluate_sign_on":             correlate.Auth,
	"policy.auth_reevaluate.":             correlate.Auth,
	"policy.entity_risk.":                 correlate.Auth,
	"security.request.":                   correlate.Auth,
	"security.threat.":                    correlate.Auth,
	"security.attack.":                    correlate.Auth,
	"app.generic.unauth_app_access":       correlate.Auth,
	"system.push.":                        correlate.Auth,
	"system.sms.":                         correlate.Auth,
	"system.voice.":                       correlate.Auth,
	"system.email.":                       correlate.Auth,
	"app.access":                          correlate.Read,
	"support.org.view":                    correlate.Read,
	"app.access_request.":                 correlate.Write,
	"policy.":                             correlate.Admin,
	"zone.":                               correlate.Admin,
	"system.":                             correlate.Admin,
	"system.import.":                      correlate.Write,
	"group.privilege.":                    correlate.Admin,
	"user.account.privilege.":             correlate.Admin,
	"user.session.impersonation.grant":    correlate.Admin,
	"user.session.impersonation.extend":   correlate.Admin,
	"user.session.impersonation.revoke":   correlate.Admin,
	"application.lifecycle.":              correlate.Admin,
	"application.policy.":                 correlate.Admin,
	"app.oauth2.client.lifecycle.":        correlate.Admin,
	"app.oauth2.client.privilege.":        correlate.Admin,
	"app.oauth2.as.lifecycle.":            correlate.Admin,
	"app.oauth2.as.policy.":               correlate.Admin,
	"app.oauth2.as.scope.":                correlate.Admin,
	"app.oauth2.as.claim.":                correlate.Admin,
	"app.oauth2.trusted_server.":          correlate.Admin,
	"oauth2.":                             correlate.Admin,
	"iam.":                                correlate.Admin,
	"org.":                                correlate.Admin,
	"support.org.":                        correlate.Admin,
	"security.":                           correlate.Admin,
	"event_hook.":                         correlate.Admin,
	"inline_hook.":                        correlate.Admin,
	"role.":                               correlate.Admin,
	"resource_set.":                       correlate.Admin,
	"credential.":                         correlate.Admin,
	"application.provision.field_mapping": correlate.Admin,
}

func oktaClass(eventType string) correlate.Class {
	for _, end := range []string{".read", ".list", ".view"} {
		if strings.HasSuffix(eventType, end) {
			return correlate.Read
		}
	}
	for prefix := eventType; prefix != ""; prefix = prefix[:len(prefix)-1] {
		if c, ok := oktaClasses[prefix]; ok {
			return c
		}
	}
	return correlate.Write
}

// oktaResult reads outcome.result. CHALLENGE, DEFERRED, SCHEDULED and SKIPPED
// say that nothing has been decided, or done, yet.
func oktaResult(result string) correlate.Outcome {
	switch strings.ToUpper(result) {
	case "SUCCESS", "ALLOW":
		return correlate.Success
	case "FAILURE", "ABANDONED":
		return correlate.Failure
	case "DENY", "RATE_LIMIT":
		return correlate.Denied
	}
	return correlate.UnknownOutcome
}
