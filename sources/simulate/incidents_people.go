package simulate

import (
	"strconv"
	"time"
)

// productionByHand: an administrator changes rights in production, and nobody allowed it.
func productionByHand(s *story) {
	a := s.saml(s.engineer(), s.roles["prod/Administrator"], "")
	s.succeed(a, deedNamed("AttachRolePolicy"))
	s.succeed(a, deedNamed("AuthorizeSecurityGroupIngress"))
}

// sessionAfterEnd: a token works on after it was revoked.
func sessionAfterEnd(s *story) {
	t := s.personToken(s.engineer())
	s.readSecrets(t, 2)
	s.revoke(t)
	s.wait(6*time.Minute, 10*time.Minute)
	s.readSecrets(t, 2)
}

// vaultAfterLease: a token works on after its time is over.
func vaultAfterLease(s *story) {
	t := s.personToken(s.engineer())
	s.readSecrets(t, 1)
	s.now = s.now.Add(time.Hour)
	s.wait(20*time.Minute, 40*time.Minute)
	t.cred.end = s.now
	s.readSecrets(t, 2)
}

// ciSecretByHand: a person reads what only runs read.
func ciSecretByHand(s *story) {
	t := s.personToken(s.engineer())
	s.readSecret(t, "secret/data/ci/registry-push")
}

// vaultAuditOff: Vault is told to log no more.
func vaultAuditOff(s *story) {
	t := s.personToken(s.engineer())
	s.wait(time.Second, 20*time.Second)
	ask := s.vaultRequest(systemMount, "delete", "sys/audit/file", nil, t.address)
	s.present(&ask, t)
	s.vaultPair(ask, t.auth, t.auth, vaultResponse{}, t.owner, t.ways(), t.ways())
}

// loggingOff: somebody stops the trail.
func loggingOff(s *story) {
	a := s.saml(s.engineer(), s.roles["shared/Administrator"], "")
	s.succeed(a, deed{"cloudtrail", "StopLogging", false, false, fixed(object{"name": "arn:aws:cloudtrail:" + region + ":111122223333:trail/organization"})})
}

// standingKeyMade: somebody makes a key that does not end.
func standingKeyMade(s *story) {
	serviceNewKey(s)
}

// standingKeyUsed: a person reads secrets with a key of their own that does not end,
// where a sign-in gives one that does.
func standingKeyUsed(s *story) {
	var p *person
	for _, i := range s.r.Perm(len(s.people)) {
		if p = s.people[i]; p.iamUser != nil {
			break
		}
	}
	a := longLived(p.iamUser, []way{{who: p.party(), proof: attested}}, p.ip, toolAgents[0])
	a.owner = p.party()
	s.succeed(a, deedNamed("GetSecretValue"))
	s.succeed(a, deedNamed("GetParameter"))
}

// outsidersRun: a pull request from outside sets off a run, and Vault lets it in by its subject.
func outsidersRun(s *story) {
	r := s.repoWith(func(r *repo) bool { return !r.claims })
	p := s.engineer()
	n := s.newRun(r, "patch-1", s.hex(40), "pull_request", p, p.party())
	s.begin(n)
	t := s.login(jwtMount, "auth/jwt/login", n.runnerIP, "jwt-"+n.subject(""), map[string]string{"role": "build"}, []string{"default", "build"}, n.who,
		way{who: unlisted, proof: attested})
	s.readSecrets(t, 2)
	s.wait(31*time.Second, 50*time.Second)
	s.finish(n)
}

// ownApproval: whoever set off a deployment to production lets it out.
func ownApproval(s *story) {
	r := s.repoWith(func(r *repo) bool { return r.environment })
	p := s.engineer()
	n := s.triggered(r, s.freshBranch(r), p)
	environment := s.gate(n, p)
	s.calls(s.aws(n, environment, 1), s.between(3, 9), looks)
	s.wait(31*time.Second, 50*time.Second)
	s.deployed(n, environment)
	s.finish(n)
}

// manyNetworks: one session is used from wherever.
func manyNetworks(s *story) {
	s.withinHour()
	a := s.saml(s.engineer(), s.roles["staging/Developer"], "")
	for i := range 5 {
		a.ip = []string{officeNet, homeNet, runnerNet}[i%3] + "." + strconv.Itoa(11+i)
		s.succeed(a, deedNamed("DescribeInstances"))
	}
}
