package simulate

import (
	"fmt"
	"time"
)

// A credential made by Vault's AWS engine shows in three ways: an IAM user, a role
// session, or a federation token, whose name says nothing of who asked.
const (
	madeUser = iota
	madeSession
	madeFederation
)

// awsCredentials gets AWS credentials from Vault. Where the mount hides access
// keys, only the name that Vault gives tells who asked.
func (s *story) awsCredentials(t *token, m mount, kind int, name string) *session {
	s.wait(200*time.Millisecond, 500*time.Millisecond)
	path := m.point + "creds/" + name
	operation := "read"
	if kind != madeUser {
		path, operation = m.point+"sts/"+name, "update"
	}
	ask := s.vaultRequest(m, operation, path, nil, t.address)
	s.present(&ask, t)
	asked := s.vaultAsk(ask, t.auth, t.owner, t.ways())
	s.mayLose(asked)
	a := s.made(t, kind, name)
	shown := s.hidden(a.identity.AccessKeyID)
	if m == awsMount {
		shown = a.identity.AccessKeyID
	}
	answer := vaultResponse{
		Secret: object{"lease_id": path + "/" + s.word(24), "lease_duration": 3600, "renewable": kind == madeUser},
		Data:   object{"access_key": shown, "secret_key": s.hidden(s.word(40)), "security_token": s.hidden(s.word(60)), "arn": s.hidden(a.identity.ARN)},
	}
	s.wait(100*time.Millisecond, 300*time.Millisecond)
	told := s.vaultAnswer(ask, t.auth, answer, t.owner, t.ways())
	s.mayLose(told)
	if m == awsMount {
		a.cred.ways = append(a.cred.ways, way{told: told, to: t.cred, proof: issued})
	}
	if kind != madeFederation {
		// Only the request is close enough to the time in the name to tell of it.
		a.cred.ways = append(a.cred.ways, way{told: asked, to: t.cred, proof: inferred})
	}
	a.owner, a.ip, a.agent = t.owner, t.address, pick(s.dice, toolAgents)
	return a
}

// made is what Vault does in AWS with its own key.
func (s *story) made(t *token, kind int, name string) *session {
	engine := *s.engine
	engine.owner = t.owner
	full := s.generatedName(t.auth.DisplayName, name)
	if kind == madeSession {
		whole := s.whole
		s.whole = true // what Vault does is on record; what it answered may be lost
		a := s.assume(&engine, s.roles["shared/data-reader"], full, time.Hour)
		s.whole = whole
		a.says = nil
		return a
	}
	if kind == madeFederation {
		return s.federation(&engine)
	}
	u := &iamUser{engine.account, full, s.principalID("AIDA"), s.accessKey("AKIA")}
	a := longLived(u, []way{{who: unlisted, proof: attested}}, "", "")
	for _, api := range []string{"CreateUser", "PutUserPolicy", "CreateAccessKey"} {
		s.wait(200*time.Millisecond, 400*time.Millisecond)
		t := trail{
			UserIdentity: engine.identity, EventSource: "iam.amazonaws.com", EventName: api, AWSRegion: "us-east-1", SourceIPAddress: engine.ip,
			UserAgent: engine.agent, RequestParameters: object{"userName": full}, RecipientAccount: engine.account.id,
		}
		switch api {
		case "CreateUser":
			t.RequestParameters = object{"userName": full, "path": "/"}
			t.ResponseElements = object{"user": object{"path": "/", "userName": full, "userId": u.id, "arn": u.arn(), "createDate": s.now.Format(stsTime)}}
		case "PutUserPolicy":
			t.RequestParameters = object{"userName": full, "policyName": name, "policyDocument": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}`}
		case "CreateAccessKey":
			t.ResponseElements = object{"accessKey": object{"userName": full, "accessKeyId": u.keyID, "status": "Active", "createDate": s.now.Format(stsTime)}}
		}
		s.writeTrail(t, engine.owner, engine.ways())
	}
	a.cred.born = s.now
	return a
}

// federation is a session that nothing but Vault's response ties to anybody.
func (s *story) federation(engine *session) *session {
	s.wait(200*time.Millisecond, 400*time.Millisecond)
	name := fmt.Sprintf("vault-%d-%s", s.now.Unix(), s.word(20))[:32]
	key := s.accessKey("ASIA")
	arn := "arn:aws:sts::" + engine.account.id + ":federated-user/" + name
	a := &session{
		cred: &credential{born: s.now}, account: engine.account, name: name, expires: s.now.Add(time.Hour),
		identity: identity{
			Type: "FederatedUser", PrincipalID: engine.account.id + ":" + name, ARN: arn, AccountID: engine.account.id, AccessKeyID: key,
			SessionContext: &sessionContext{
				Issuer:     &sessionIssuer{"IAMUser", engine.identity.PrincipalID, engine.identity.ARN, engine.account.id, engine.identity.UserName},
				Attributes: map[string]string{"creationDate": s.now.Truncate(time.Second).Format(time.RFC3339), "mfaAuthenticated": "false"},
			},
		},
	}
	told := s.writeTrail(trail{
		UserIdentity: engine.identity, EventSource: "sts.amazonaws.com", EventName: "GetFederationToken", SourceIPAddress: engine.ip, UserAgent: engine.agent,
		RequestParameters: object{"name": name, "durationSeconds": 3600, "policy": "{}"}, RecipientAccount: engine.account.id,
		ResponseElements: object{
			"credentials":   object{"accessKeyId": key, "sessionToken": "IQoJb3JpZ2luX2VjE" + s.blob(240), "expiration": a.expires.Format(stsTime)},
			"federatedUser": object{"federatedUserId": engine.account.id + ":" + name, "arn": arn}, "packedPolicySize": 3,
		},
	}, engine.owner, engine.ways())
	a.cred.ways = []way{{told: told, to: engine.cred, proof: issued}, {told: told, who: unlisted, proof: attested}}
	return a
}

// nameIsFree reports whether nobody else asks now for credentials that Vault
// would give the same kind of name, and keeps it so for the next half minute.
func (s *story) nameIsFree(t *token, role string) bool {
	return s.reserve("vault.aws_name:"+nameStem(t.auth.DisplayName, role), s.now, s.now.Add(30*time.Second))
}

// nameStem is the part of a name that tells who asked: it is cut at 42.
func nameStem(display, role string) string {
	stem := displayName(display) + "-" + role
	return stem[:min(len(stem), 42)]
}

// generatedName is Vault's default template for users and sessions: the display
// name and the role cut to 42, the time and 20 random letters, all cut to 64.
func (s *story) generatedName(display, name string) string {
	full := fmt.Sprintf("vault-%s-%d-%s", nameStem(display, name), s.now.Unix(), s.word(20))
	return full[:min(len(full), 64)]
}
