package sources

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"whence/correlate"
)

// What CloudTrail tells of credentials being made and ended.

// cloudtrailCredentials is a credential as STS answers it. Its secret key and
// session token are not declared, so they are never read.
type cloudtrailCredentials struct {
	AccessKeyID string          `json:"accessKeyId"`
	Expiration  json.RawMessage `json:"expiration"` // text, or milliseconds
}

// cloudtrailAssumed is the role session that a credential is of.
type cloudtrailAssumed struct {
	ARN           string `json:"arn"`
	AssumedRoleID string `json:"assumedRoleId"`
}

// cloudtrailResponse is what is read of responseElements.
type cloudtrailResponse struct {
	Credentials     cloudtrailCredentials `json:"credentials"`
	RoleCredentials cloudtrailCredentials `json:"roleCredentials"` // of the Identity Center portal
	AssumedRole     cloudtrailAssumed     `json:"assumedRoleUser"`
	FederatedUser   struct {
		ARN string `json:"arn"`
	} `json:"federatedUser"`
	CredentialSet []struct { // of Roles Anywhere
		Credentials cloudtrailCredentials `json:"credentials"`
		AssumedRole cloudtrailAssumed     `json:"assumedRoleUser"`
		RoleArn     string                `json:"roleArn"`
	} `json:"credentialSet"`
	SubjectArn  string `json:"subjectArn"`
	Subject     string `json:"subject"`
	SubjectType string `json:"subjectType"`
	Issuer      string `json:"issuer"`
	WebSubject  string `json:"subjectFromWebIdentityToken"`
	Provider    string `json:"provider"`
	AccessKey   struct {
		AccessKeyID string `json:"accessKeyId"`
		UserName    string `json:"userName"`
	} `json:"accessKey"`
}

// mints are the facts in a successful call that makes or ends a credential.
func (e *cloudtrailEvent) mints(actor correlate.Principal, uses []correlate.Link) []correlate.Fact {
	if e.outcome != correlate.Success {
		return nil
	}
	cred, assumed, role := e.response.Credentials, e.response.AssumedRole, e.request.RoleArn
	if assumed.ARN == "" {
		assumed.ARN = cloudtrailSessionARN(role, e.request.RoleSessionName)
	}
	switch e.service + ":" + e.EventName {
	case "sts:AssumeRole":
		return e.issued("aws.sts.assume_role", cred, assumed, cloudtrailRole(assumed.ARN, role), e.asked("aws.sts.assume_role", uses))
	case "sts:AssumeRoleWithSAML":
		return e.issued("aws.sts.saml", cred, assumed, cloudtrailRole(assumed.ARN, role), e.asked("aws.sts.saml", uses))
	case "sts:AssumeRoleWithWebIdentity":
		return e.issued("aws.sts.web_identity", cred, assumed, cloudtrailRole(assumed.ARN, role), e.asked("aws.sts.web_identity", uses))
	case "sts:AssumeRoot":
		return e.issued("aws.sts.assume_root", cred, assumed, e.targetRoot(), e.asked("aws.sts.assume_root", uses))
	case "sts:GetSessionToken":
		return e.issued("aws.sts.get_session_token", cred, assumed, actor, e.asked("aws.sts.get_session_token", uses))
	case "sts:GetFederationToken":
		p := cloudtrailIAM(e.response.FederatedUser.ARN, e.request.Name)
		return e.issued("aws.sts.get_federation_token", cred, assumed, p, e.asked("aws.sts.get_federation_token", uses))
	case "sso:GetRoleCredentials":
		p := correlate.Principal{Type: correlate.RoleType, ID: e.request.RoleName, Name: e.request.RoleName, Issuer: "aws"}
		return e.issued("aws.sso.get_role_credentials", e.response.RoleCredentials, assumed, p, e.asked("aws.sso.get_role_credentials", uses))
	case "rolesanywhere:CreateSession":
		return e.anywhere(uses)
	case "iam:CreateAccessKey":
		return e.accessKey(e.response.AccessKey.AccessKeyID, e.response.AccessKey.UserName, "aws.iam.create_access_key", actor)
	case "iam:UpdateAccessKey":
		if e.request.Status == "Active" {
			// A deactivated key that works again.
			return e.accessKey(e.request.AccessKeyID, e.request.UserName, "aws.iam.activate_access_key", actor)
		}
		if e.request.Status == "Inactive" {
			return e.ending("aws.iam.deactivate_access_key", "deactivated")
		}
	case "iam:DeleteAccessKey":
		return e.ending("aws.iam.delete_access_key", "deleted")
	}
	return nil
}

// cloudtrailSessionARN is what the sessions of a role are called. The answers to
// AWS's own services leave it out.
func cloudtrailSessionARN(role, session string) string {
	p := cloudtrailARN(role)
	if !strings.HasPrefix(p[5], "role/") || session == "" {
		return role
	}
	return "arn:" + p[1] + ":sts::" + p[4] + ":assumed-role/" + p[5][strings.LastIndexByte(p[5], '/')+1:] + "/" + session
}

// fact is a fact of this event that holds from its time on.
func (e *cloudtrailEvent) fact(kind correlate.FactKind, k correlate.Key, method string) correlate.Fact {
	return correlate.Fact{
		Kind: kind, Key: k, Origin: e.id, Source: cloudtrailName, EventID: e.eventID, Time: e.time,
		Proof: correlate.Issued, Method: method, Start: e.time,
	}
}

// issued is a temporary credential: its account, and the name of its role session.
func (e *cloudtrailEvent) issued(method string, c cloudtrailCredentials, a cloudtrailAssumed, p correlate.Principal, parents []correlate.Link) []correlate.Fact {
	k := cloudtrailKey(c.AccessKeyID)
	if k.IsZero() {
		return nil
	}
	account := e.fact(correlate.Account, k, method)
	account.Principal, account.Parents, account.End = p, parents, e.expires(c.Expiration)
	facts := []correlate.Fact{account}
	if strings.Contains(a.AssumedRoleID, ":") {
		b := e.fact(correlate.Binding, correlate.Key{Kind: AWSRoleSession, Value: a.AssumedRoleID}, method)
		b.Target, b.End = k, account.End
		facts = append(facts, b)
	}
	return facts
}

// expires is when the credential ends: as answered, or as asked for. An end
// before the start is nonsense and left out.
func (e *cloudtrailEvent) expires(raw json.RawMessage) time.Time {
	text := strings.Trim(string(raw), `"`)
	end := cloudtrailTime(text)
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && ms > 1e11 && ms < 1e14 {
		end = time.UnixMilli(ms).UTC()
	}
	if end.IsZero() {
		seconds, err := strconv.Atoi(strings.Trim(string(e.request.Duration), `"`))
		if err != nil || seconds <= 0 || seconds > 36*3600 {
			return time.Time{}
		}
		end = e.time.Add(time.Duration(seconds) * time.Second)
	}
	if !end.After(e.time) {
		return time.Time{}
	}
	return end
}

// asked are the parents of a credential: the key that signed for it, and
// everything else the line states of whoever asked.
func (e *cloudtrailEvent) asked(method string, uses []correlate.Link) []correlate.Link {
	var parents []correlate.Link
	signed := len(uses) > 0 && uses[0].Role == correlate.Acting
	for _, u := range uses {
		switch {
		case u.Role == correlate.Acting:
			u = correlate.Link{Role: correlate.Requestor, Key: u.Key, Proof: correlate.Issued, Method: method}
		case signed && u.Key.Kind == AWSRoleSession:
			continue // the key says it better
		}
		parents = append(parents, u)
	}
	sourceIdentity := e.request.SourceIdentity
	if e.Identity.Session.SourceIdentity != "" {
		sourceIdentity = "" // it cannot be changed on the way, and is told already
	}
	name, nameMethod := e.request.RoleSessionName, cloudtrailBySessionName
	if e.EventName == "GetFederationToken" {
		name, nameMethod = e.request.Name, cloudtrailByFederatedName
	}
	claims := cloudtrailClaims(sourceIdentity, name, nameMethod)
	if e.EventName == "AssumeRole" {
		// The only call in which Vault's default template names a session. Who comes
		// with a token of another provider is not Vault, whatever the session is called.
		claims = append(claims, cloudtrailVaultLink(name)...)
	}
	claims = append(claims, e.serviceWorkload()...)
	for _, c := range claims {
		// A role that hands its e-mail address on to the next names it once.
		if !slices.ContainsFunc(parents, func(p correlate.Link) bool { return cloudtrailSameLink(p, c) }) {
			parents = append(parents, c)
		}
	}
	return parents
}

func cloudtrailSameLink(a, b correlate.Link) bool {
	return a.Role == b.Role && a.Key == b.Key && a.Method == b.Method && a.Principal.Same(b.Principal)
}

// serviceWorkload is what a service assumes a role for: EC2 an instance, EKS a
// pod's service account. Here the service itself chose the name and the tags.
func (e *cloudtrailEvent) serviceWorkload() []correlate.Link {
	switch {
	case e.Identity.kind() != "AWSService":
	case e.Identity.InvokedBy == "ec2.amazonaws.com" && cloudtrailInstanceForm.MatchString(e.request.RoleSessionName):
		return []correlate.Link{cloudtrailStated(cloudtrailWorkload(e.request.RoleSessionName), correlate.Attested, cloudtrailByInstance)}
	case e.Identity.InvokedBy == "pods.eks.amazonaws.com":
		tags := cloudtrailTags(e.request.Tags, e.request.PrincipalTags)
		ns, name := tags["kubernetes-namespace"], tags["kubernetes-service-account"]
		if ns == "" || name == "" {
			return nil
		}
		p := correlate.Principal{Type: correlate.ServiceAccount, ID: "system:serviceaccount:" + ns + ":" + name, Name: ns + "/" + name, Issuer: "k8s"}
		if cluster := tags["eks-cluster-arn"]; cluster != "" {
			p.Names = []string{cluster + ":" + p.ID}
		}
		return []correlate.Link{cloudtrailStated(p, correlate.Attested, "aws.eks.pod_identity")}
	}
	return nil
}

// targetRoot is the member account's root that AssumeRoot stands for.
func (e *cloudtrailEvent) targetRoot() correlate.Principal {
	target := e.request.TargetPrincipal
	if cloudtrailIsAccount(target) {
		target = "arn:" + cloudtrailPartition(e.Region) + ":iam::" + target + ":root"
	}
	return cloudtrailIAM(target, "root")
}

// anywhere are the sessions of Roles Anywhere: a certificate's subject asked.
func (e *cloudtrailEvent) anywhere(uses []correlate.Link) []correlate.Fact {
	const method = "aws.rolesanywhere.create_session"
	parents := e.asked(method, uses)
	if arn := e.response.SubjectArn; arn != "" {
		parents = append(parents, cloudtrailStated(cloudtrailWorkload(arn), correlate.Attested, method))
	}
	var facts []correlate.Fact
	for _, s := range e.response.CredentialSet {
		facts = append(facts, e.issued(method, s.Credentials, s.AssumedRole, cloudtrailRole(s.AssumedRole.ARN, s.RoleArn), parents)...)
	}
	return facts
}
