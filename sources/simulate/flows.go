package simulate

import (
	"fmt"
	"time"
)

// flow is a kind of story.
type flow struct {
	name   string
	weight int
	// incident marks stories that only an estate with incidents has.
	incident bool
	tell     func(*story)
}

// flows are all kinds of story, in a fixed order: it is part of what a seed means.
var flows = []flow{
	{"person_console", 6, false, personConsole},
	{"person_cli", 14, false, personCLI},
	{"person_role_chain", 8, false, personRoleChain},
	{"person_cross_account", 6, false, personCrossAccount},
	{"person_identity_center", 6, false, personIdentityCenter},
	{"person_iam_user", 3, false, personIAMUser},
	{"claimed_liar", 2, false, claimedLiar},
	{"sts_expired", 1, false, stsExpired},
	// Its branch must be free, so it comes before the others in the first round.
	{"ci_schedule", 4, false, ciSchedule},
	{"ci_run_id", 14, false, ciRunID},
	{"ci_default_name", 6, false, ciDefaultName},
	{"ci_overlap", 2, false, ciOverlap},
	{"ci_rerun", 3, false, ciRerun},
	{"ci_vault_aws", 5, false, ciVaultAWS},
	{"ci_vault_unmapped", 3, false, ciVaultUnmapped},
	{"git_access", 3, false, gitAccess},
	{"vault_person", 7, false, vaultPerson},
	{"vault_child", 4, false, vaultChild},
	{"vault_aws_plain", 4, false, vaultAWSPlain},
	{"vault_aws_named", 4, false, vaultAWSNamed},
	{"vault_aws_shared_name", 1, false, vaultAWSSharedName},
	{"vault_federation", 1, false, vaultFederation},
	{"vault_approle", 5, false, vaultAppRole},
	{"vault_approle_unlisted", 1, false, vaultAppRoleUnlisted},
	{"vault_after_revoke", 1, false, vaultAfterRevoke},
	{"agent_of_person", 10, false, agentOfPerson},
	{"agent_of_service", 7, false, agentOfService},
	{"agent_unlisted_key", 1, false, agentUnlistedKey},
	{"service_key", 8, false, serviceKey},
	{"service_new_key", 2, false, serviceNewKey},
	{"service_role", 4, false, serviceRole},
	{"aws_itself", 3, false, awsItself},
	{"incident_root", 1, true, incidentRoot},
	{"incident_unlisted_user", 1, true, incidentUnlistedUser},
	{"incident_leaver", 1, true, incidentLeaver},
	{"incident_self_approval", 1, true, incidentSelfApproval},
}

func (s *story) engineer() *person { return pick(s.dice, s.engineers) }

// unlike picks an engineer who is none of those given.
func (s *story) unlike(others ...*person) *person {
	for {
		p := s.engineer()
		taken := false
		for _, o := range others {
			taken = taken || o == p
		}
		if !taken {
			return p
		}
	}
}

// sourceIdentity is what some sign-ins fill in.
func (s *story) sourceIdentity(p *person) string {
	if s.chance(0.3) {
		return p.email
	}
	return ""
}

// uniqueName is a session name as tools make them up.
func (s *story) uniqueName() string {
	if s.chance(0.5) {
		return fmt.Sprintf("aws-go-sdk-%d", s.now.UnixNano())
	}
	return fmt.Sprintf("botocore-session-%d%03d", s.now.Unix(), s.between(0, 999))
}

// personConsole: a console's own keys are never issued in any log. Only the
// session's name says who it is.
func personConsole(s *story) {
	p := s.engineer()
	o := s.signIn(p)
	s.open(o, "AWS Account Federation")
	s.wait(time.Second, 2*time.Second)
	a := s.saml(p, s.roles["prod/ReadOnly"], s.sourceIdentity(p))
	b := s.roleSession(a.role, a.name, time.Hour)
	b.ip, b.agent, b.owner, b.console, b.source = p.ip, p.agent, p.party(), true, a.source
	b.identity.SessionContext.SourceIdentity = a.source
	b.says = claims(b, b.owner)
	s.wait(time.Second, 2*time.Second)
	who := b.identity
	who.AccessKeyID = ""
	s.writeTrail(trail{
		UserIdentity: who, EventSource: "signin.amazonaws.com", EventName: "ConsoleLogin", SourceIPAddress: p.ip, UserAgent: p.agent, EventType: "AwsConsoleSignIn",
		ResponseElements: object{"ConsoleLogin": "Success"}, RecipientAccount: b.account.id,
		Additional: object{"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "No", "SamlProviderArn": "arn:aws:iam::" + b.account.id + ":" + samlProvider},
	}, p.party(), b.says)
	s.calls(b, s.between(8, 30), looks)
	s.wait(time.Minute, 3*time.Minute)
	s.signOut(o)
}

func personCLI(s *story) {
	p := s.engineer()
	o := s.signIn(p)
	s.open(o, "AWS Account Federation")
	s.wait(time.Second, 2*time.Second)
	a := s.saml(p, pick(s.dice, []*role{s.roles["prod/Developer"], s.roles["staging/Developer"], s.roles["data/Developer"]}), s.sourceIdentity(p))
	s.calls(a, s.between(10, 50), looks, looks, changes, secrets)
	if s.chance(0.5) {
		s.signOut(o)
	}
}

func personRoleChain(s *story) {
	p := s.engineer()
	a := s.saml(p, s.roles["prod/Developer"], s.sourceIdentity(p))
	s.calls(a, s.between(1, 3), looks)
	for _, name := range []string{"deploy", "data-reader", "Administrator"}[:s.between(1, 3)] {
		s.wait(time.Second, 10*time.Second)
		a = s.assume(a, s.roles["prod/"+name], s.uniqueName(), time.Hour)
		s.calls(a, s.between(3, 12), looks, changes, secrets)
	}
}

func personCrossAccount(s *story) {
	p := s.engineer()
	a := s.saml(p, s.roles["shared/Developer"], s.sourceIdentity(p))
	s.wait(time.Second, 10*time.Second)
	b := s.assume(a, s.roles["shared/deploy"], s.uniqueName(), time.Hour)
	s.calls(b, s.between(1, 4), looks)
	s.wait(time.Second, 10*time.Second)
	c := s.assume(b, s.roles["data/data-reader"], s.uniqueName(), time.Hour)
	s.calls(c, s.between(6, 24), looks, secrets)
}

// personIdentityCenter: AWS itself says on every call for whom it is.
func personIdentityCenter(s *story) {
	p := s.engineer()
	a := s.roleSession(s.roles["data/AWSReservedSSO_PowerUser_1a2b3c4d5e6f7081"], p.login, time.Hour)
	a.identity.OnBehalfOf = &onBehalfOf{p.idcID, storeARN}
	a.ip, a.agent, a.owner = p.ip, pick(s.dice, toolAgents), p.party()
	a.says = []way{{who: p.party(), proof: attested}}
	s.calls(a, s.between(6, 30), looks, secrets)
}

// personIAMUser: a person with a long-lived key of an IAM user, and a session
// made from it.
func personIAMUser(s *story) {
	var p *person
	for p == nil || p.iamUser == nil {
		p = pick(s.dice, s.people)
	}
	says := []way{{who: p.party(), proof: attested}}
	a := longLived(p.iamUser, says, p.ip, pick(s.dice, toolAgents))
	a.owner = p.party()
	s.calls(a, s.between(2, 6), looks)
	key := s.accessKey("ASIA")
	s.wait(time.Second, 5*time.Second)
	expires := s.now.Add(12 * time.Hour)
	told := s.writeTrail(trail{
		UserIdentity: a.identity, EventSource: "sts.amazonaws.com", EventName: "GetSessionToken", SourceIPAddress: a.ip, UserAgent: a.agent, RecipientAccount: a.account.id,
		RequestParameters: object{"durationSeconds": 43200, "serialNumber": "arn:aws:iam::" + a.account.id + ":mfa/" + p.login}, ReadOnly: true,
		ResponseElements: object{"credentials": object{"accessKeyId": key, "sessionToken": "IQoJb3JpZ2luX2VjE" + s.blob(240), "expiration": expires.Format(stsTime)}},
	}, a.owner, a.ways())
	s.mayLose(told)
	b := *a
	b.identity.AccessKeyID = key
	b.identity.SessionContext = &sessionContext{Attributes: map[string]string{"creationDate": s.now.Truncate(time.Second).Format(time.RFC3339), "mfaAuthenticated": "true"}}
	b.cred = &credential{born: s.now, ways: append([]way{{told: told, to: a.cred, proof: issued}}, toldBy(told, says)...)}
	s.calls(&b, s.between(4, 16), looks, changes)
}

// claimedLiar: the chain is on record to the person who signed in, and the last
// session is named after somebody else. The name must not win.
func claimedLiar(s *story) {
	s.whole = true
	p := s.engineer()
	a := s.saml(p, s.roles["prod/Developer"], "")
	s.wait(time.Second, 10*time.Second)
	b := s.assume(a, s.roles["prod/Administrator"], s.unlike(p).email, time.Hour)
	s.calls(b, s.between(3, 10), changes, secrets)
}

// stsExpired: a key is used after its session has run out.
func stsExpired(s *story) {
	s.whole = true
	p := s.engineer()
	a := s.saml(p, s.roles["staging/Developer"], "")
	s.wait(time.Second, 10*time.Second)
	b := s.assume(a, s.roles["staging/data-reader"], s.uniqueName(), 15*time.Minute)
	b.cred.end = b.expires
	s.calls(b, s.between(2, 6), looks)
	s.now = b.expires
	s.wait(6*time.Minute, 12*time.Minute)
	s.calls(b, s.between(1, 3), secrets)
}
