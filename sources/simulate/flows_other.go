package simulate

import (
	"time"
)

// agentOfPerson: a person's agent thinks through the gateway with the person's
// key and works in AWS in roles taken with the person's own session.
func agentOfPerson(s *story) {
	p := s.engineer()
	o := s.signIn(p)
	s.open(o, "AWS Account Federation")
	a := s.saml(p, s.roles["prod/Developer"], s.sourceIdentity(p))
	k := s.personalKey(p, "code-agent")
	s.ask(k)
	s.wait(time.Second, 5*time.Second)
	b := s.assume(a, s.roles["prod/agent-tools"], "agent-"+k.session[:8], time.Hour)
	for range s.between(2, 7) {
		s.ask(k)
		s.tool(k, "aws", pick(s.dice, []string{"s3_list", "s3_get", "logs_query", "lambda_invoke"}))
		s.calls(b, s.between(1, 4), looks, models, changes)
	}
}

// agentOfService: a bot with a key of its own. Whom it says it acts for is no
// more than its word.
func agentOfService(s *story) {
	v := s.serviceWith(func(v *service) bool { return v.gatewayKey != "" })
	k := s.serviceKey(v, s.engineer().email)
	a := longLived(v.iamUser, []way{{who: v.party(), proof: attested}}, k.ip, toolAgents[2])
	a.owner = v.party()
	for range s.between(2, 8) {
		s.ask(k)
		if s.chance(0.6) {
			s.tool(k, "tickets", pick(s.dice, []string{"search", "comment", "close"}))
		}
		if s.chance(0.4) {
			s.calls(a, s.between(1, 3), looks, models)
		}
	}
}

func agentUnlistedKey(s *story) {
	k := s.unlistedKey()
	for range s.between(1, 5) {
		s.ask(k)
	}
}

func serviceKey(s *story) {
	v := s.serviceWith(func(v *service) bool { return v.iamUser != nil && v.gatewayKey == "" })
	a := longLived(v.iamUser, []way{{who: v.party(), proof: attested}}, s.ip(runnerNet), toolAgents[2])
	a.owner = v.party()
	s.calls(a, s.between(5, 25), looks, changes)
}

// serviceNewKey: somebody makes a key for a service. What the service then does is
// the service's, not theirs.
func serviceNewKey(s *story) {
	v := s.serviceWith(func(v *service) bool { return v.iamUser != nil })
	p := pick(s.dice, s.managers)
	admin := s.saml(p, s.roles["prod/Administrator"], "")
	s.wait(time.Second, 20*time.Second)
	u := *v.iamUser
	u.keyID = s.accessKey("AKIA")
	s.writeTrail(trail{
		UserIdentity: admin.identity, EventSource: "iam.amazonaws.com", EventName: "CreateAccessKey", AWSRegion: "us-east-1", SourceIPAddress: admin.ip,
		UserAgent: admin.agent, RequestParameters: object{"userName": u.name}, RecipientAccount: admin.account.id,
		ResponseElements: object{"accessKey": object{"userName": u.name, "accessKeyId": u.keyID, "status": "Active", "createDate": s.now.Format(stsTime)}},
	}, admin.owner, admin.ways())
	a := longLived(&u, []way{{who: v.party(), proof: attested}}, s.ip(runnerNet), toolAgents[2])
	a.owner = v.party()
	s.wait(time.Minute, 5*time.Minute)
	s.calls(a, s.between(4, 16), looks, changes)
}

// serviceRole: AWS hands a function the keys of its role. The role leads to the
// directory, by its name and by the line that hands out the keys.
func serviceRole(s *story) {
	v := s.serviceWith(func(v *service) bool { return v.roleOf != nil })
	a := s.roleSession(v.roleOf, "etl-nightly", time.Hour)
	a.ip, a.agent, a.owner = s.ip(runnerNet), toolAgents[2], v.party()
	told := s.writeTrail(trail{
		UserIdentity: identity{Type: "AWSService", InvokedBy: "lambda.amazonaws.com"}, EventSource: "sts.amazonaws.com", EventName: "AssumeRole",
		SourceIPAddress: "lambda.amazonaws.com", UserAgent: "lambda.amazonaws.com", RecipientAccount: a.account.id, SharedEventID: s.uuid(), ReadOnly: true,
		RequestParameters: object{"roleArn": a.role.arn(), "roleSessionName": a.name, "durationSeconds": 3600}, ResponseElements: s.credentials(a),
		Resources: []trailResource{{a.account.id, "AWS::IAM::Role", a.role.arn()}},
	}, v.party(), []way{{who: v.party(), proof: attested}})
	s.mayLose(told)
	a.cred.ways = []way{{told: told, who: v.party(), proof: attested}}
	a.says = []way{{who: v.party(), proof: attested, weak: true}}
	s.calls(a, s.between(5, 25), looks, changes)
}

// awsItself: what AWS does by its own service-linked roles.
func awsItself(s *story) {
	service := pick(s.dice, []string{"autoscaling", "backup", "resource-explorer-2"}) + ".amazonaws.com"
	for range s.between(2, 6) {
		s.wait(time.Second, 20*time.Second)
		d := pick(s.dice, looks)
		params, touched := d.fill(s, s.account("prod"))
		s.writeTrail(trail{
			UserIdentity: identity{Type: "AWSService", InvokedBy: service}, EventSource: d.service + ".amazonaws.com", EventName: d.name,
			SourceIPAddress: service, UserAgent: service, ReadOnly: true, RequestParameters: params, Resources: touched, RecipientAccount: s.account("prod").id,
		}, party{}, []way{{who: unlisted, proof: attested}})
	}
}

// incidentRoot: somebody breaks the glass.
func incidentRoot(s *story) {
	p := pick(s.dice, s.managers)
	prod := s.account("prod")
	root := identity{Type: "Root", PrincipalID: prod.id, ARN: "arn:aws:iam::" + prod.id + ":root", AccountID: prod.id}
	s.writeTrail(trail{
		UserIdentity: root, EventSource: "signin.amazonaws.com", EventName: "ConsoleLogin", AWSRegion: "us-east-1", SourceIPAddress: p.ip, UserAgent: p.agent,
		EventType: "AwsConsoleSignIn", ResponseElements: object{"ConsoleLogin": "Success"}, RecipientAccount: prod.id,
		Additional: object{"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAUsed": "Yes"},
	}, p.party(), []way{{who: unlisted, proof: attested}})
	root.AccessKeyID = s.accessKey("ASIA")
	root.SessionContext = &sessionContext{Attributes: map[string]string{"creationDate": s.now.Truncate(time.Second).Format(time.RFC3339), "mfaAuthenticated": "true"}}
	a := &session{cred: &credential{}, identity: root, account: prod, ip: p.ip, agent: p.agent, owner: p.party(), console: true, says: []way{{who: unlisted, proof: attested}}}
	s.calls(a, s.between(3, 9), changes, looks)
}

// incidentUnlistedUser: a key of an IAM user that nobody lists reads secrets.
func incidentUnlistedUser(s *story) {
	u := &iamUser{s.account("prod"), "tmp-" + s.hex(5), s.principalID("AIDA"), s.accessKey("AKIA")}
	a := longLived(u, []way{{who: unlisted, proof: attested}}, s.ip(homeNet), toolAgents[2])
	s.calls(a, s.between(4, 20), secrets)
}

// incidentLeaver: somebody who left still signs in.
func incidentLeaver(s *story) {
	s.whole = true
	o := s.signIn(s.leaver)
	s.open(o, "AWS Account Federation")
	a := s.saml(s.leaver, s.roles["data/Developer"], "")
	s.calls(a, s.between(3, 12), secrets, looks)
}

// incidentSelfApproval: the author of a change lets it out.
func incidentSelfApproval(s *story) {
	r := s.repoWith(func(r *repo) bool { return r.environment })
	p := s.engineer()
	s.whole = true
	n := s.triggered(r, s.freshBranch(r), p)
	environment := s.gate(n, p)
	s.calls(s.aws(n, environment, 1), s.between(3, 9), changes)
	s.wait(31*time.Second, 50*time.Second)
	s.finish(n)
}
