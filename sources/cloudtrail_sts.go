package sources

import (
	"strconv"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

// What CloudTrail tells of credentials being made and ended.

// mints are the facts in a successful call that makes or ends a credential.
func (e *cloudtrailEvent) mints(actor correlate.Principal) []correlate.Fact {
	if e.outcome != correlate.Success {
		return nil
	}
	switch e.call.action {
	case "sts:AssumeRole":
		return e.assumed("aws.sts.assume_role")
	case "sts:AssumeRoleWithSAML":
		return e.assumed("aws.sts.saml")
	case "sts:AssumeRoleWithWebIdentity":
		return e.assumed("aws.sts.web_identity")
	case "sts:AssumeRoot":
		return e.handed("aws.sts.assume_root", &e.answer().Credentials, e.targetRoot())
	case "sts:GetSessionToken":
		return e.handed("aws.sts.get_session_token", &e.answer().Credentials, actor)
	case "sts:GetFederationToken":
		p := e.iam(e.answer().FederatedUser.ARN, e.Request.Name)
		return e.handed("aws.sts.get_federation_token", &e.answer().Credentials, p)
	case "sso:GetRoleCredentials":
		p := correlate.Principal{Type: correlate.RoleType, ID: e.Request.RoleName, Name: e.Request.RoleName, Issuer: "aws"}
		return e.handed("aws.sso.get_role_credentials", &e.answer().RoleCredentials, p)
	case "rolesanywhere:CreateSession":
		return e.anywhere()
	case "iam:CreateAccessKey":
		made := &e.answer().AccessKey
		return e.accessKey(made.AccessKeyID, made.UserName, "aws.iam.create_access_key", actor)
	case "iam:UpdateAccessKey":
		if e.Request.Status == "Active" {
			// A deactivated key that works again.
			return e.accessKey(e.Request.AccessKeyID, e.Request.UserName, "aws.iam.activate_access_key", actor)
		}
		if e.Request.Status == "Inactive" {
			return e.ending("aws.iam.deactivate_access_key", "deactivated")
		}
	case "iam:DeleteAccessKey":
		return e.ending("aws.iam.delete_access_key", "deleted")
	}
	return nil
}

// assumed is the role session that was asked for.
func (e *cloudtrailEvent) assumed(method string) []correlate.Fact {
	arn := e.answer().AssumedRole.ARN
	if arn == "" {
		arn = e.sessionARN(e.Request.RoleArn, e.Request.RoleSessionName)
	}
	return e.handed(method, &e.answer().Credentials, e.role(arn, e.Request.RoleArn))
}

// sessionARN is what the sessions of a role are called. The answers to AWS's own
// services leave it out.
func (e *cloudtrailEvent) sessionARN(role, session string) string {
	p := cloudtrailARN(role)
	if !strings.HasPrefix(p[5], "role/") || session == "" {
		return role
	}
	return e.join("arn:", p[1], ":sts::", p[4], ":assumed-role/", p[5][strings.LastIndexByte(p[5], '/')+1:], "/", session)
}

// handed is a temporary credential for p, handed to whoever asked.
func (e *cloudtrailEvent) handed(method string, c *cloudtrailCredentials, p correlate.Principal) []correlate.Fact {
	if cloudtrailKey(c.AccessKeyID).IsZero() {
		return nil
	}
	return e.issued(nil, method, c, e.answer().AssumedRole.AssumedRoleID, p, e.asked(method))
}

// fact is a fact of this event that holds from its time on.
func (e *cloudtrailEvent) fact(kind correlate.FactKind, k correlate.Key, method string) correlate.Fact {
	return correlate.Fact{
		Kind: kind, Key: k, Origin: e.id, Source: cloudtrailName, EventID: e.eventID, Time: e.time,
		Proof: correlate.Issued, Method: method, Start: e.time,
	}
}

// issued adds the facts of a temporary credential: its account, and the name of its
// role session.
func (e *cloudtrailEvent) issued(
	facts []correlate.Fact, method string, c *cloudtrailCredentials, roleSession string, p correlate.Principal, parents []correlate.Link,
) []correlate.Fact {
	k := cloudtrailKey(c.AccessKeyID)
	if k.IsZero() {
		return facts
	}
	account := e.fact(correlate.Account, k, method)
	account.Principal, account.Parents, account.End = p, parents, e.expires(c.Expiration)
	facts = e.out.facts.Append(facts, account)
	if strings.Contains(roleSession, ":") {
		b := e.fact(correlate.Binding, correlate.Key{Kind: AWSRoleSession, Value: roleSession}, method)
		b.Target, b.End = k, account.End
		facts = e.out.facts.Append(facts, b)
	}
	return facts
}

// expires is when the credential ends: as answered, or as asked for. An end
// before the start is nonsense and left out.
func (e *cloudtrailEvent) expires(raw scan.Raw) time.Time {
	text := e.text(raw)
	end := cloudtrailTime(text)
	if ms, ok := cloudtrailNumber(text); ok && ms > 1e11 && ms < 1e14 {
		end = time.UnixMilli(ms).UTC()
	}
	if end.IsZero() {
		seconds, ok := cloudtrailNumber(e.text(e.Request.Duration))
		if !ok || seconds <= 0 || seconds > 36*3600 {
			return time.Time{}
		}
		end = e.time.Add(time.Duration(seconds) * time.Second)
	}
	if !end.After(e.time) {
		return time.Time{}
	}
	return end
}

// cloudtrailNumber reads a whole number that is not negative. (Errors of strconv
// allocate.)
func cloudtrailNumber(s string) (int64, bool) {
	if !cloudtrailDigits(s) || len(s) > 18 {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// asked are the parents of a credential: the key that signed for it, and
// everything else the line states of whoever asked.
func (e *cloudtrailEvent) asked(method string) []correlate.Link {
	var parents []correlate.Link
	signed := len(e.uses) > 0 && e.uses[0].Role == correlate.Acting
	for i := range e.uses {
		switch u := &e.uses[i]; {
		case u.Role == correlate.Acting:
			parents = e.out.links.Append(parents, correlate.Link{Role: correlate.Requestor, Key: u.Key, Proof: correlate.Issued, Method: method})
		case signed && u.Key.Kind == AWSRoleSession: // the key says it better
		default:
			parents = e.out.links.Append(parents, *u)
		}
	}
	known := len(parents)
	sourceIdentity := e.Request.SourceIdentity
	if e.Identity.Session.SourceIdentity != "" {
		sourceIdentity = "" // it cannot be changed on the way, and is told already
	}
	name, nameMethod := e.Request.RoleSessionName, cloudtrailBySessionName
	if e.EventName == "GetFederationToken" {
		name, nameMethod = e.Request.Name, cloudtrailByFederatedName
	}
	parents = e.claims(parents, sourceIdentity, name, nameMethod)
	if e.EventName == "AssumeRole" {
		// The only call in which Vault's default template names a session. Who comes
		// with a token of another provider is not Vault, whatever the session is called.
		parents = e.vaultLink(parents, name)
	}
	parents = e.serviceWorkload(parents)
	return cloudtrailOnce(parents, known)
}

// cloudtrailOnce leaves out of links what an earlier one says, from the given one
// on. A role that hands its e-mail address on to the next names it once.
func cloudtrailOnce(links []correlate.Link, from int) []correlate.Link {
	kept := links[:from]
	for i := from; i < len(links); i++ {
		if !cloudtrailHas(kept, &links[i]) {
			kept = append(kept, links[i])
		}
	}
	return kept
}

func cloudtrailHas(links []correlate.Link, l *correlate.Link) bool {
	for i := range links {
		if o := &links[i]; o.Role == l.Role && o.Key == l.Key && o.Method == l.Method &&
			o.Principal.ID == l.Principal.ID && o.Principal.Issuer == l.Principal.Issuer {
			return true
		}
	}
	return false
}

// serviceWorkload adds what a service assumes a role for: EC2 an instance, EKS a
// pod's service account. Here the service itself chose the name and the tags.
func (e *cloudtrailEvent) serviceWorkload(links []correlate.Link) []correlate.Link {
	switch {
	case e.kind != "AWSService":
	case e.Identity.InvokedBy == "ec2.amazonaws.com" && cloudtrailIsInstance(e.Request.RoleSessionName):
		return e.out.links.Append(links, cloudtrailStated(e.workloadOf(e.Request.RoleSessionName), correlate.Attested, cloudtrailByInstance))
	case e.Identity.InvokedBy == "pods.eks.amazonaws.com":
		ns, name := e.tag("kubernetes-namespace"), e.tag("kubernetes-service-account")
		if ns == "" || name == "" {
			return links
		}
		p := correlate.Principal{
			Type: correlate.ServiceAccount, ID: e.join("system:serviceaccount:", ns, ":", name), Name: e.join(ns, "/", name), Issuer: "k8s",
		}
		if cluster := e.tag("eks-cluster-arn"); cluster != "" {
			p.Names = e.names(e.join(cluster, ":", p.ID))
		}
		return e.out.links.Append(links, cloudtrailStated(p, correlate.Attested, "aws.eks.pod_identity"))
	}
	return links
}

// tag is the value of a session tag in either of their shapes, [{"key":k,"value":v}]
// and {k:v}, or empty.
func (e *cloudtrailEvent) tag(key string) (value string) {
	for _, raw := range [...]scan.Raw{e.Request.Tags, e.Request.PrincipalTags} {
		for el := range raw.Elements() {
			if t := &e.d.tag; cloudtrailTagTable.Read(el, t, &e.out.text) == nil && t.Key == key {
				value = t.Value
			}
		}
		if v := e.member(raw, key); v != "" {
			value = v
		}
	}
	return value
}

// targetRoot is the member account's root that AssumeRoot stands for.
func (e *cloudtrailEvent) targetRoot() correlate.Principal {
	target := e.Request.TargetPrincipal
	if cloudtrailIsAccount(target) {
		target = e.join("arn:", cloudtrailPartition(e.Region), ":iam::", target, ":root")
	}
	return e.iam(target, "root")
}

// anywhere are the sessions of Roles Anywhere: a certificate's subject asked.
func (e *cloudtrailEvent) anywhere() []correlate.Fact {
	const method = "aws.rolesanywhere.create_session"
	parents := e.asked(method)
	if arn := e.answer().SubjectArn; arn != "" {
		parents = e.out.links.Append(parents, cloudtrailStated(e.workloadOf(arn), correlate.Attested, method))
	}
	var facts []correlate.Fact
	for i := range e.answer().CredentialSet {
		s := &e.answer().CredentialSet[i]
		facts = e.issued(facts, method, &s.Credentials, s.AssumedRole.AssumedRoleID, e.role(s.AssumedRole.ARN, s.RoleArn), parents)
	}
	return facts
}
