package sources

import (
	"cmp"
	"strings"

	"whence/correlate"
)

// Methods of what a CloudTrail line states about its caller.
const (
	cloudtrailByKey            = "aws.cloudtrail.accessKeyId"
	cloudtrailByUser           = "aws.user_identity"
	cloudtrailByService        = "aws.service"
	cloudtrailByAccount        = "aws.account"
	cloudtrailByRoleSession    = "aws.role_session"
	cloudtrailByOnBehalfOf     = "aws.on_behalf_of"
	cloudtrailByIdentityCenter = "aws.identity_center"
	cloudtrailBySourceIdentity = "aws.source_identity"
	cloudtrailBySessionName    = "aws.role_session_name"
	cloudtrailByFederatedName  = "aws.federated_user_name"
	cloudtrailBySessionIssuer  = "aws.session_issuer"
	cloudtrailByInScopeOf      = "aws.in_scope_of"
	cloudtrailByInstance       = "aws.ec2_instance"
	cloudtrailByInstanceName   = "aws.ec2_session_name"
	cloudtrailByPod            = "aws.eks.pod_identity"
	cloudtrailByServiceRole    = "aws.service_role"
)

// caller reads userIdentity: it returns the executor as the line names it, and
// adds the links to whoever stands behind it, the credential first.
func (e *cloudtrailEvent) caller() correlate.Principal {
	if !e.key.IsZero() {
		e.link(correlate.Acting, correlate.Attested, cloudtrailByKey).Key = e.key
	}
	if id := e.Identity.OnBehalfOf.UserID; id != "" {
		e.state(e.identityCenter(id, ""), correlate.Attested, cloudtrailByOnBehalfOf)
	}
	switch e.kind {
	case "AssumedRole":
		return e.assumedRole()
	case "IAMUser", "Root":
		return e.user()
	case "FederatedUser":
		return e.federatedUser()
	case "AWSAccount":
		return e.otherAccount()
	case "AWSService":
		return e.awsService()
	case "SAMLUser":
		return e.samlUser()
	case "WebIdentityUser":
		return e.webIdentityUser()
	case "IdentityCenterUser":
		return e.identityCenterUser()
	}
	return e.unknownCaller()
}

// vouched is how far AWS stands behind the identity it names. For calls that are
// signed with no key and failed, such as a wrong password at the console or a
// token that was refused, the name is only what the caller typed or sent.
func (e *cloudtrailEvent) vouched() correlate.Proof {
	if e.outcome != correlate.Success && e.key.IsZero() {
		return correlate.Claimed
	}
	return correlate.Attested
}

// user is an IAM user or the root of an account: a person or a service, which
// only the directory can tell.
func (e *cloudtrailEvent) user() correlate.Principal {
	u := &e.Identity
	arn, name := u.ARN, u.UserName
	if e.kind == "Root" {
		name = "root"
		if arn == "" && cloudtrailIsAccount(u.AccountID) {
			arn = e.join("arn:", cloudtrailPartition(e.Region), ":iam::", u.AccountID, ":root")
		}
	}
	if cloudtrailMasked(name) {
		name = ""
	}
	id := cmp.Or(arn, u.PrincipalID)
	if id == "" || cloudtrailMasked(id) {
		return correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(u.AccountID, "unknown"), Issuer: "aws"}
	}
	p := e.iam(id, name)
	e.state(p, e.vouched(), cloudtrailByUser)
	e.vaultLink(name)
	return p
}

// federatedUser came from GetFederationToken: the name is the caller's choice,
// the IAM user who asked for the token is on record.
func (e *cloudtrailEvent) federatedUser() correlate.Principal {
	u := &e.Identity
	if iss := &u.Session.Issuer; iss.ARN != "" {
		e.state(e.iam(iss.ARN, iss.UserName), correlate.Attested, cloudtrailBySessionIssuer)
		e.vaultLink(iss.UserName)
	}
	e.claims(u.Session.SourceIdentity, e.session, cloudtrailByFederatedName)
	return e.iam(cmp.Or(u.ARN, u.PrincipalID), e.session)
}

// otherAccount is a caller from another account: its own trail knows the key. A
// role session's name is told here too.
func (e *cloudtrailEvent) otherAccount() correlate.Principal {
	u := &e.Identity
	p := correlate.Principal{Type: correlate.Unknown, ID: u.AccountID, Name: u.UserName, Issuer: "aws"}
	if !cloudtrailIsAccount(u.AccountID) {
		p.ID = "anonymous" // S3 says ANONYMOUS_PRINCIPAL
		return p
	}
	if u.PrincipalID != "" {
		p.Names = e.names(e.join("aws:", u.PrincipalID))
	}
	e.state(p, correlate.Attested, cloudtrailByAccount)
	if strings.HasPrefix(u.PrincipalID, "AROA") && strings.Contains(u.PrincipalID, ":") {
		e.roleSession(u.PrincipalID)
	}
	return p
}

func (e *cloudtrailEvent) awsService() correlate.Principal {
	name := e.Identity.InvokedBy
	if !strings.Contains(name, ".") { // missing, or "AWS Internal"
		name = ""
		if strings.HasSuffix(e.SourceIP, ".amazonaws.com") {
			name = e.SourceIP
		}
	}
	p := cloudtrailServicePrincipal(cmp.Or(name, e.EventSource))
	if !e.serviceWorkload() {
		e.state(p, correlate.Attested, cloudtrailByService)
	}
	return p
}

// identityCenterUser is a person at the portal; whom the line names on whose
// behalf it is has been stated already.
func (e *cloudtrailEvent) identityCenterUser() correlate.Principal {
	u := &e.Identity
	switch {
	case u.OnBehalfOf.UserID != "":
		return e.identityCenter(u.OnBehalfOf.UserID, u.UserName)
	case u.PrincipalID != "":
		p := e.identityCenter(u.PrincipalID, u.UserName)
		e.state(p, e.vouched(), cloudtrailByIdentityCenter)
		return p
	}
	return e.iam(u.AccountID, u.UserName)
}

// unknownCaller is whatever else there is: people at the Identity Center portal
// (of type Unknown until 2025), services' own events, masked and odd identities.
func (e *cloudtrailEvent) unknownCaller() correlate.Principal {
	u := &e.Identity
	switch e.service.name {
	case "sso", "sso-oauth", "sso-oidc", "signin", "identitystore", "sso-directory":
		if cloudtrailIsStoreID(u.PrincipalID) {
			p := e.identityCenter(u.PrincipalID, u.UserName)
			e.state(p, e.vouched(), cloudtrailByIdentityCenter)
			return p
		}
	}
	if e.EventType == "AwsServiceEvent" || e.EventType == cloudtrailInsight || u.InvokedBy != "" {
		return e.awsService()
	}
	return e.iam(cmp.Or(u.ARN, u.PrincipalID, u.UserName, u.AccountID, "unknown"), u.UserName)
}

// cloudtrailIsStoreID reports whether s is the id of a person in an identity
// store: a UUID, which that of the store may precede.
func cloudtrailIsStoreID(s string) bool {
	const uuid, store = 36, 10
	if len(s) == store+1+uuid {
		if !cloudtrailLowerHex(s[:store]) || s[store] != '-' {
			return false
		}
		s = s[store+1:]
	}
	if len(s) != uuid {
		return false
	}
	for i := range uuid {
		switch i {
		case 8, 13, 18, 23:
			if s[i] != '-' {
				return false
			}
		default:
			if !cloudtrailHex(s[i]) {
				return false
			}
		}
	}
	return true
}

// claims adds the people that the caller's own strings name: the source identity,
// and the name of the session if it is an e-mail address.
func (e *cloudtrailEvent) claims(sourceIdentity, name, nameMethod string) {
	if sourceIdentity != "" && !cloudtrailMasked(sourceIdentity) {
		p := correlate.Principal{Type: correlate.Unknown, ID: sourceIdentity, Issuer: "aws"}
		if mail, ok := e.email(sourceIdentity); ok {
			p.Type, p.ID = correlate.Human, mail
		}
		e.state(p, correlate.Claimed, cloudtrailBySourceIdentity)
		e.agentSession(sourceIdentity)
	}
	if mail, ok := e.email(name); ok {
		e.state(correlate.Principal{Type: correlate.Human, ID: mail, Issuer: "aws"}, correlate.Claimed, nameMethod)
	}
	e.agentSession(name)
}
