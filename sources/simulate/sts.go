package simulate

import (
	"slices"
	"strings"
	"time"
)

const (
	samlProvider = "saml-provider/okta"
	gitProvider  = "token.actions.githubusercontent.com"
)

// claims are the persons that a session names in strings its maker chose.
func claims(s *session, who party) []way {
	var out []way
	for _, said := range []string{s.name, s.source} {
		if strings.Contains(said, "@") && said == who.id {
			out = append(out, way{who: who, proof: claimed, weak: true})
		}
	}
	return out
}

// saml signs a person in to a role through the IdP. The session is named by the
// person's e-mail, as is usual.
func (s *story) saml(p *person, r *role, source string) *session {
	return s.samlFor(p, r, source, time.Hour)
}

func (s *story) samlFor(p *person, r *role, source string, lasts time.Duration) *session {
	a := s.roleSession(r, p.email, lasts)
	a.source, a.ip, a.agent, a.owner = source, p.ip, pick(s.dice, toolAgents), p.party()
	a.identity.SessionContext.SourceIdentity = source
	provider := "arn:aws:iam::" + r.account.id + ":" + samlProvider
	params := object{
		"sAMLAssertionID": "_" + s.hex(32), "roleSessionName": p.email, "durationSeconds": int(lasts.Seconds()),
		"roleArn": r.arn(), "principalArn": provider,
	}
	answer := s.credentials(a)
	answer["subjectType"], answer["subject"] = "persistent", p.email
	answer["issuer"], answer["audience"] = "http://www.okta.com/exk1fcia6d6EMsf331d8", "https://signin.aws.amazon.com/saml"
	answer["nameQualifier"] = "bdGOnTesti4+ExamplexL/jEvs="
	if source != "" {
		params["sourceIdentity"], answer["sourceIdentity"] = source, source
	}
	told := s.writeTrail(trail{
		UserIdentity: identity{
			Type: "SAMLUser", PrincipalID: "bdGOnTesti4+ExamplexL/jEvs=:" + p.email, UserName: p.email,
			IdentityProvider: "bdGOnTesti4+ExamplexL/jEvs=",
		},
		EventSource: "sts.amazonaws.com", EventName: "AssumeRoleWithSAML", SourceIPAddress: p.ip, UserAgent: "aws-internal/3 aws-sdk-java/1.12.772",
		RequestParameters: params, ResponseElements: answer, ReadOnly: true, RecipientAccount: r.account.id,
		Resources: []trailResource{{r.account.id, "AWS::IAM::Role", r.arn()}, {r.account.id, "AWS::IAM::SAMLProvider", provider}},
	}, p.party(), []way{{who: p.party(), proof: attested}})
	s.mayLose(told)
	a.cred.ways = []way{{told: told, who: p.party(), proof: attested}}
	a.says = claims(a, a.owner)
	return a
}

// assume takes a role with the session from. In another account both accounts
// get a copy of the event.
func (s *story) assume(from *session, r *role, name string, lasts time.Duration) *session {
	a := s.roleSession(r, name, lasts)
	a.source, a.ip, a.agent, a.owner = from.source, from.ip, from.agent, from.owner
	a.identity.SessionContext.SourceIdentity = a.source
	a.says = claims(a, a.owner)
	params := object{"roleArn": r.arn(), "roleSessionName": name, "durationSeconds": int(lasts.Seconds())}
	answer := s.credentials(a)
	if a.source != "" {
		answer["sourceIdentity"] = a.source
	}
	t := trail{
		UserIdentity: from.identity, EventSource: "sts.amazonaws.com", EventName: "AssumeRole", SourceIPAddress: from.ip, UserAgent: from.agent,
		RequestParameters: params, ResponseElements: answer, ReadOnly: true, RecipientAccount: from.account.id, RequestID: s.uuid(),
		Resources: []trailResource{{r.account.id, "AWS::IAM::Role", r.arn()}},
	}
	if r.account == from.account {
		told := s.writeTrail(t, from.owner, from.ways())
		s.mayLose(told)
		a.cred.ways = append(a.cred.ways, way{told: told, to: from.cred, proof: issued})
		a.cred.ways = append(a.cred.ways, toldBy(told, from.says)...)
		return a
	}
	t.SharedEventID = s.uuid()
	own := s.writeTrail(t, from.owner, from.ways())
	s.mayLose(own)
	t.UserIdentity = identity{Type: "AWSAccount", PrincipalID: from.identity.PrincipalID, AccountID: from.account.id}
	t.RecipientAccount = r.account.id
	// The other account's copy names the caller's account and session, not its key.
	named := []way{{to: from.cred, proof: inferred}, {who: unlisted, proof: attested}}
	named = append(named, slices.DeleteFunc(slices.Clone(from.says), func(w way) bool { return w.proof != claimed })...)
	copied := s.writeTrail(t, from.owner, named)
	s.mayLose(copied)
	a.cred.ways = append(a.cred.ways, way{told: own, to: from.cred, proof: issued}, way{told: copied, to: from.cred, proof: inferred})
	a.cred.ways = append(a.cred.ways, toldBy(own, from.says)...)
	return a
}

// toldBy are ways that hold when a line was delivered.
func toldBy(l *line, ways []way) []way {
	out := slices.Clone(ways)
	for i := range out {
		out[i].told = l
	}
	return out
}

// webIdentity signs a workflow run in to a role. subject is what GitHub's token
// says; among is how many runs it fits, and exact says that the session's name
// carries the run's id.
func (s *story) webIdentity(r *run, to *role, name, subject string, among int, exact bool) *session {
	a := s.roleSession(to, name, time.Hour)
	a.ip, a.agent, a.owner = r.runnerIP, "aws-cli/2.22.12 md/awscrt#0.23.4 ua/2.0 os/linux#6.8.0-1017-azure md/arch#x86_64 lang/python#3.12.6", r.who
	provider := "arn:aws:iam::" + to.account.id + ":oidc-provider/" + gitProvider
	answer := s.credentials(a)
	answer["subjectFromWebIdentityToken"], answer["provider"], answer["audience"] = subject, provider, "sts.amazonaws.com"
	link := way{to: r.cred, proof: inferred, among: among}
	if exact {
		link = way{to: r.cred, proof: claimed}
	}
	told := s.writeTrail(trail{
		UserIdentity: identity{
			Type: "WebIdentityUser", PrincipalID: provider + ":sts.amazonaws.com:" + subject, UserName: subject, IdentityProvider: provider,
		},
		EventSource: "sts.amazonaws.com", EventName: "AssumeRoleWithWebIdentity", SourceIPAddress: r.runnerIP,
		UserAgent:         "aws-sdk-js/3.722.0 ua/2.1 os/linux#6.8.0-1017-azure lang/js md/nodejs#20.18.1 api/sts#3.722.0 configure-aws-credentials-for-github-actions",
		RequestParameters: object{"roleArn": to.arn(), "roleSessionName": name, "durationSeconds": 3600},
		ResponseElements:  answer, ReadOnly: true, RecipientAccount: to.account.id,
		Additional: object{
			"identityProviderConnectionVerificationMethod": "IAMTrustStore",
			"RequestDetails": object{"awsServingRegion": region, "endpointType": "regional"},
		},
		Resources: []trailResource{{to.account.id, "AWS::IAM::Role", to.arn()}},
	}, r.who, []way{link})
	s.mayLose(told)
	link.told = told
	a.cred.ways = []way{link}
	return a
}
