package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// Callers that are role sessions: most are.

func (e *cloudtrailEvent) assumedRole() correlate.Principal {
	u := &e.Identity
	if strings.Contains(u.PrincipalID, ":") {
		// Keys of a console session are not issued in any log, but carry the name
		// of the role session they come from, which was live when they were made.
		e.roleSession(u.PrincipalID).At = cloudtrailTime(u.Session.Attributes.CreationDate)
	}
	if service := cloudtrailLinkedService(u.Session.Issuer.ARN); service != "" {
		e.state(cloudtrailServicePrincipal(service), correlate.Attested, cloudtrailByService)
	}
	e.workload()
	e.federation()
	e.claims(u.Session.SourceIdentity, e.session, cloudtrailBySessionName)
	return e.role(cmp.Or(u.ARN, u.PrincipalID), u.Session.Issuer.ARN)
}

// roleSession adds a link to the role session of that name.
func (e *cloudtrailEvent) roleSession(principalID string) *correlate.Link {
	l := e.link(correlate.Requestor, correlate.Inferred, cloudtrailByRoleSession)
	l.Key = correlate.Key{Kind: AWSRoleSession, Value: principalID}
	return l
}

// cloudtrailLinkedService is the service that a role is for, if it is for one:
// arn:aws:iam::123456789012:role/aws-service-role/support.amazonaws.com/name.
func cloudtrailLinkedService(roleARN string) string {
	i := strings.IndexByte(roleARN, '/')
	if i < 0 || !strings.HasSuffix(roleARN[:i], ":role") {
		return ""
	}
	path, ok := strings.CutPrefix(roleARN[i:], "/aws-service-role/")
	if !ok {
		return ""
	}
	service, _, _ := strings.Cut(path, "/")
	return service
}

// workload is what a role session was given to, where AWS says so. An instance
// id in the session name alone can be chosen by anybody who may assume the role;
// only EC2 itself sets ec2RoleDelivery.
func (e *cloudtrailEvent) workload() {
	u := &e.Identity
	switch arn := u.InScopeOf.IssuedTo; {
	case arn != "":
		e.state(e.workloadOf(arn), correlate.Attested, cloudtrailByInScopeOf)
	case !cloudtrailIsInstance(e.session):
	case u.Session.EC2RoleDelivery != "":
		e.state(e.instance(e.session, u.Session.Issuer.ARN), correlate.Attested, cloudtrailByInstance)
	default:
		e.state(e.workloadOf(e.session), correlate.Claimed, cloudtrailByInstanceName)
	}
}

// cloudtrailIsInstance reports whether s is the id of an EC2 instance: i- and 8 or
// 17 hex digits.
func cloudtrailIsInstance(s string) bool {
	digits, ok := strings.CutPrefix(s, "i-")
	return ok && (len(digits) == 8 || len(digits) == 17) && cloudtrailLowerHex(digits)
}

// federation is the web identity that some role sessions carry on: the subject
// under <provider>:sub or, for older providers, <provider>:user_id.
func (e *cloudtrailEvent) federation() {
	w := &e.Identity.Session.Web
	if w.Provider == "" || len(w.Attributes) < len(`{"a":""}`) {
		return
	}
	provider := cloudtrailProvider(w.Provider)
	sub := cmp.Or(e.member(w.Attributes, e.join(provider, ":sub")), e.member(w.Attributes, e.join(provider, ":user_id")))
	if sub != "" {
		e.webIdentity(w.Provider, sub, e.session, correlate.Attested)
	}
}
