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
func (e *cloudtrailEvent) mints(actor *correlate.Principal) []correlate.Fact {
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
		return e.handed("aws.sts.assume_root", &e.Response.Credentials, e.targetRoot())
	case "sts:GetSessionToken":
		return e.handed("aws.sts.get_session_token", &e.Response.Credentials, *actor)
	case "sts:GetFederationToken":
		p := e.iam(e.Response.FederatedUser.ARN, e.Request.Name)
		return e.handed("aws.sts.get_federation_token", &e.Response.Credentials, p)
	case "sso:GetRoleCredentials":
		p := correlate.Principal{Type: correlate.RoleType, ID: e.Request.RoleName, Name: e.Request.RoleName, Issuer: "aws"}
		return e.handed("aws.sso.get_role_credentials", &e.Response.RoleCredentials, p)
	case "rolesanywhere:CreateSession":
		return e.anywhere()
	case "iam:CreateAccessKey":
		made := &e.Response.AccessKey
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
	arn := e.Response.AssumedRole.ARN
	if arn == "" {
		arn = e.sessionARN(e.Request.RoleArn, e.Request.RoleSessionName)
	}
	return e.handed(method, &e.Response.Credentials, e.role(arn, e.Request.RoleArn))
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
	e.issued(method, c, e.Response.AssumedRole.AssumedRoleID, p, e.asked(method))
	return e.facts
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
	if arn := e.Response.SubjectArn; arn != "" {
		e.links = parents
		e.state(e.workloadOf(arn), correlate.Attested, method)
		parents = e.done()
	}
	for i := range e.Response.CredentialSet {
		s := &e.Response.CredentialSet[i]
		e.issued(method, &s.Credentials, s.AssumedRole.AssumedRoleID, e.role(s.AssumedRole.ARN, s.RoleArn), parents)
	}
	return e.facts
}

// issued adds the facts of a temporary credential: its account, and the name of its
// role session.
func (e *cloudtrailEvent) issued(method string, c *cloudtrailCredentials, roleSession string, p correlate.Principal, parents []correlate.Link) {
	k := cloudtrailKey(c.AccessKeyID)
	if k.IsZero() {
		return
	}
	end := e.expires(c.Expiration)
	account := e.fact(correlate.Account, k, method)
	account.Principal, account.Parents, account.End = p, parents, end
	if strings.IndexByte(roleSession, ':') >= 0 {
		b := e.fact(correlate.Binding, correlate.Key{Kind: AWSRoleSession, Value: roleSession}, method)
		b.Target, b.End = k, end
	}
}

// fact adds a fact of this event that holds from its time on.
func (e *cloudtrailEvent) fact(kind correlate.FactKind, k correlate.Key, method string) (f *correlate.Fact) {
	e.facts, f = e.out.facts.Grow(e.facts)
	f.Kind, f.Key, f.Origin, f.Source, f.EventID, f.Time = kind, k, e.id, cloudtrailName, e.eventID, e.time
	f.Proof, f.Method, f.Start = correlate.Issued, method, e.time
	return f
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
