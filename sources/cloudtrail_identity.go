package sources

import (
	"cmp"
	"regexp"
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
)

// caller reads userIdentity: the executor as the line names it, and the links to
// whoever stands behind it, the credential first.
func (e *cloudtrailEvent) caller() (correlate.Principal, []correlate.Link) {
	u := &e.Identity
	var uses []correlate.Link
	if k := cloudtrailKey(u.AccessKeyID); !k.IsZero() {
		uses = append(uses, correlate.Link{Role: correlate.Acting, Key: k, Proof: correlate.Attested, Method: cloudtrailByKey})
	}
	if u.OnBehalfOf.UserID != "" {
		uses = append(uses, cloudtrailStated(cloudtrailIdentityCenter(u.OnBehalfOf.UserID, ""), correlate.Attested, cloudtrailByOnBehalfOf))
	}
	var actor correlate.Principal
	var links []correlate.Link
	switch u.kind() {
	case "AssumedRole":
		actor, links = e.assumedRole()
	case "IAMUser", "Root":
		actor, links = e.user()
	case "FederatedUser":
		actor, links = e.federatedUser()
	case "AWSAccount":
		actor, links = e.account()
	case "AWSService":
		actor, links = e.awsService()
	case "SAMLUser":
		actor, links = e.samlUser()
	case "WebIdentityUser":
		actor, links = e.webIdentityUser()
	case "IdentityCenterUser":
		actor, links = e.identityCenterUser()
	default:
		actor, links = e.unknownCaller()
	}
	return actor, append(uses, links...)
}

// vouched is how far AWS stands behind the identity it names. For calls that are
// signed with no key and failed, such as a wrong password at the console or a
// token that was refused, the name is only what the caller typed or sent.
func (e *cloudtrailEvent) vouched() correlate.Proof {
	if e.outcome != correlate.Success && cloudtrailKey(e.Identity.AccessKeyID).IsZero() {
		return correlate.Claimed
	}
	return correlate.Attested
}

func (e *cloudtrailEvent) assumedRole() (correlate.Principal, []correlate.Link) {
	u := &e.Identity
	actor := cloudtrailRole(cmp.Or(u.ARN, u.PrincipalID), u.Session.Issuer.ARN)
	var links []correlate.Link
	if strings.Contains(u.PrincipalID, ":") {
		// Keys of a console session are not issued in any log, but carry the name
		// of the role session they come from, which was live when they were made.
		links = append(links, correlate.Link{
			Role: correlate.Requestor, Key: correlate.Key{Kind: AWSRoleSession, Value: u.PrincipalID},
			Proof: correlate.Inferred, Method: cloudtrailByRoleSession, At: cloudtrailTime(u.Session.Attributes.CreationDate),
		})
	}
	if _, path, ok := strings.Cut(u.Session.Issuer.ARN, ":role/aws-service-role/"); ok {
		service, _, _ := strings.Cut(path, "/")
		links = append(links, cloudtrailStated(cloudtrailServicePrincipal(service), correlate.Attested, cloudtrailByService))
	}
	links = append(links, e.workload()...)
	links = append(links, e.federation()...)
	return actor, append(links, cloudtrailClaims(u.Session.SourceIdentity, u.sessionName(), cloudtrailBySessionName)...)
}

var cloudtrailInstanceForm = regexp.MustCompile(`^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$`)

// workload is what a role session was given to, where AWS says so. An instance
// id in the session name alone can be chosen by anybody who may assume the role;
// only EC2 itself sets ec2RoleDelivery.
func (e *cloudtrailEvent) workload() []correlate.Link {
	u := &e.Identity
	if arn := u.InScopeOf.IssuedTo; arn != "" {
		return []correlate.Link{cloudtrailStated(cloudtrailWorkload(arn), correlate.Attested, cloudtrailByInScopeOf)}
	}
	name := u.sessionName()
	switch {
	case !cloudtrailInstanceForm.MatchString(name):
		return nil
	case u.Session.EC2RoleDelivery != "":
		return []correlate.Link{cloudtrailStated(cloudtrailWorkload(name), correlate.Attested, cloudtrailByInstance)}
	}
	return []correlate.Link{cloudtrailStated(cloudtrailWorkload(name), correlate.Claimed, cloudtrailByInstanceName)}
}

// federation is the web identity that some role sessions carry on: the subject
// under <provider>:sub or, for older providers, <provider>:user_id.
func (e *cloudtrailEvent) federation() []correlate.Link {
	w := &e.Identity.Session.Web
	if w.Provider == "" || len(w.Attributes) < len(`{"a":""}`) {
		return nil
	}
	v := NewValue(w.Attributes)
	for _, name := range []string{":sub", ":user_id"} {
		if sub := v.Text(cloudtrailProvider(w.Provider) + name); sub != "" {
			return e.webIdentity(w.Provider, sub, e.Identity.sessionName(), correlate.Attested)
		}
	}
	return nil
}

// user is an IAM user or the root of an account: a person or a service, which
// only the directory can tell.
func (e *cloudtrailEvent) user() (correlate.Principal, []correlate.Link) {
	u := &e.Identity
	arn, name := u.ARN, u.UserName
	if u.kind() == "Root" {
		name = "root"
		if arn == "" && cloudtrailIsAccount(u.AccountID) {
			arn = "arn:" + cloudtrailPartition(e.Region) + ":iam::" + u.AccountID + ":root"
		}
	}
	if cloudtrailMasked(name) {
		name = ""
	}
	p := cloudtrailIAM(cmp.Or(arn, u.PrincipalID), name)
	if p.ID == "" || cloudtrailMasked(p.ID) {
		return correlate.Principal{Type: correlate.Unknown, ID: cmp.Or(u.AccountID, "unknown"), Issuer: "aws"}, nil
	}
	return p, append([]correlate.Link{cloudtrailStated(p, e.vouched(), cloudtrailByUser)}, cloudtrailVaultLink(name)...)
}

// federatedUser came from GetFederationToken: the name is the caller's choice,
// the IAM user who asked for the token is on record.
func (e *cloudtrailEvent) federatedUser() (correlate.Principal, []correlate.Link) {
	u := &e.Identity
	name := u.sessionName()
	actor := cloudtrailIAM(cmp.Or(u.ARN, u.PrincipalID), name)
	var links []correlate.Link
	if iss := u.Session.Issuer; iss.ARN != "" {
		links = append(links, cloudtrailStated(cloudtrailIAM(iss.ARN, iss.UserName), correlate.Attested, cloudtrailBySessionIssuer))
		links = append(links, cloudtrailVaultLink(iss.UserName)...)
	}
	return actor, append(links, cloudtrailClaims(u.Session.SourceIdentity, name, cloudtrailByFederatedName)...)
}

// account is a caller from another account: its own trail knows the key. A role
// session's name is told here too.
func (e *cloudtrailEvent) account() (correlate.Principal, []correlate.Link) {
	u := &e.Identity
	p := correlate.Principal{Type: correlate.Unknown, ID: u.AccountID, Name: u.UserName, Issuer: "aws"}
	if u.PrincipalID != "" {
		p.Names = []string{"aws:" + u.PrincipalID}
	}
	if !cloudtrailIsAccount(u.AccountID) {
		p.ID, p.Names = "anonymous", nil // S3 says ANONYMOUS_PRINCIPAL
		return p, nil
	}
	links := []correlate.Link{cloudtrailStated(p, correlate.Attested, cloudtrailByAccount)}
	if strings.HasPrefix(u.PrincipalID, "AROA") && strings.Contains(u.PrincipalID, ":") {
		links = append(links, correlate.Link{
			Role: correlate.Requestor, Key: correlate.Key{Kind: AWSRoleSession, Value: u.PrincipalID},
			Proof: correlate.Inferred, Method: cloudtrailByRoleSession,
		})
	}
	return p, links
}

func (e *cloudtrailEvent) awsService() (correlate.Principal, []correlate.Link) {
	name := e.Identity.InvokedBy
	if !strings.Contains(name, ".") { // missing, or "AWS Internal"
		name = ""
		if strings.HasSuffix(e.SourceIP, ".amazonaws.com") {
			name = e.SourceIP
		}
	}
	p := cloudtrailServicePrincipal(cmp.Or(name, e.EventSource))
	return p, []correlate.Link{cloudtrailStated(p, correlate.Attested, cloudtrailByService)}
}

// identityCenterUser is a person at the portal; whom the line names on whose
// behalf it is has been stated already.
func (e *cloudtrailEvent) identityCenterUser() (correlate.Principal, []correlate.Link) {
	u := &e.Identity
	switch {
	case u.OnBehalfOf.UserID != "":
		return cloudtrailIdentityCenter(u.OnBehalfOf.UserID, u.UserName), nil
	case u.PrincipalID != "":
		p := cloudtrailIdentityCenter(u.PrincipalID, u.UserName)
		return p, []correlate.Link{cloudtrailStated(p, e.vouched(), cloudtrailByIdentityCenter)}
	}
	return cloudtrailIAM(u.AccountID, u.UserName), nil
}

var cloudtrailIdentityStoreForm = regexp.MustCompile(`^(?:[0-9a-f]{10}-)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// unknownCaller is whatever else there is: people at the Identity Center portal
// (of type Unknown until 2025), services' own events, masked and odd identities.
func (e *cloudtrailEvent) unknownCaller() (correlate.Principal, []correlate.Link) {
	u := &e.Identity
	switch e.service {
	case "sso", "sso-oauth", "sso-oidc", "signin", "identitystore", "sso-directory":
		if cloudtrailIdentityStoreForm.MatchString(u.PrincipalID) {
			p := cloudtrailIdentityCenter(u.PrincipalID, u.UserName)
			return p, []correlate.Link{cloudtrailStated(p, e.vouched(), cloudtrailByIdentityCenter)}
		}
	}
	if e.EventType == "AwsServiceEvent" || e.EventType == cloudtrailInsight || u.InvokedBy != "" {
		return e.awsService()
	}
	p := cloudtrailIAM(cmp.Or(u.ARN, u.PrincipalID, u.UserName, u.AccountID, "unknown"), u.UserName)
	return p, nil
}

// cloudtrailClaims are the people that the caller's own strings name: the source
// identity, and the name of the session if it is an e-mail address.
func cloudtrailClaims(sourceIdentity, name, nameMethod string) []correlate.Link {
	var links []correlate.Link
	if sourceIdentity != "" && !cloudtrailMasked(sourceIdentity) {
		p := correlate.Principal{Type: correlate.Unknown, ID: sourceIdentity, Issuer: "aws"}
		if mail, ok := cloudtrailEmail(sourceIdentity); ok {
			p.Type, p.ID = correlate.Human, mail
		}
		links = append(links, cloudtrailStated(p, correlate.Claimed, cloudtrailBySourceIdentity))
	}
	if mail, ok := cloudtrailEmail(name); ok {
		p := correlate.Principal{Type: correlate.Human, ID: mail, Issuer: "aws"}
		links = append(links, cloudtrailStated(p, correlate.Claimed, nameMethod))
	}
	return links
}
