package simulate

import (
	"time"
)

// personToken logs a person in to Vault through the IdP.
func (s *story) personToken(p *person) *token {
	who := p.party()
	return s.login(oidcMount, "auth/oidc/oidc/callback", p.ip, "oidc-"+p.email, map[string]string{"role": "staff", "email": p.email},
		[]string{"default", "kv-read", "aws-" + p.unit}, who, way{who: who, proof: attested})
}

func vaultPerson(s *story) {
	p := s.engineer()
	if s.chance(0.5) {
		s.open(s.signIn(p), "HashiCorp Vault")
	}
	t := s.personToken(p)
	s.readSecrets(t, s.between(2, 9))
	if s.chance(0.5) {
		s.revoke(t)
	}
}

// vaultChild: a token below a person's. Its lines name nobody; its birth does.
func vaultChild(s *story) {
	t := s.personToken(s.engineer())
	s.wait(time.Second, 10*time.Second)
	c := s.child(t, "ci")
	s.readSecrets(c, s.between(3, 9))
}

func vaultAWSPlain(s *story) {
	t := s.personToken(s.engineer())
	kind := pick(s.dice, []int{madeUser, madeSession, madeSession})
	if s.cfg.Calm {
		kind = madeSession // users that Vault makes have keys that last
	}
	if !s.nameIsFree(t, "s3-readonly") {
		s.readSecrets(t, 3)
		return
	}
	a := s.awsCredentials(t, awsMount, kind, "s3-readonly")
	s.wait(9*time.Second, 12*time.Second) // IAM needs a moment for new users
	s.calls(a, s.between(5, 18), looks)
}

// vaultAWSNamed: the mount hides access keys; the name says who asked, as long
// as nobody of that name asks at the same time.
func vaultAWSNamed(s *story) {
	t := s.personToken(s.engineer())
	if !s.nameIsFree(t, "reports-read") {
		s.readSecrets(t, 3)
		return
	}
	kind := pick(s.dice, []int{madeUser, madeSession})
	if s.cfg.Calm {
		kind = madeSession
	}
	a := s.awsCredentials(t, legacyMount, kind, "reports-read")
	s.wait(9*time.Second, 12*time.Second)
	s.calls(a, s.between(5, 18), looks)
}

// appRoleToken logs a service in. Every AppRole login has the same display name.
func (s *story) appRoleToken(name string, who party) *token {
	return s.login(approleMount, "auth/approle/login", s.ip(runnerNet), "approle", map[string]string{"role_name": name},
		[]string{"default", name}, who, way{who: who.orUnlisted(), proof: attested})
}

// vaultAWSSharedName: two services get credentials from a hiding mount at the same
// time, and Vault gives both the same kind of name.
func vaultAWSSharedName(s *story) {
	s.whole = true
	first := s.serviceWith(func(v *service) bool { return v.approle != "" })
	second := s.serviceWith(func(v *service) bool { return v.approle != "" && v != first })
	one, two := s.appRoleToken(first.approle, first.party()), s.appRoleToken(second.approle, second.party())
	s.wait(time.Second, 5*time.Second)
	if !s.nameIsFree(one, "legacy-batch") {
		return
	}
	asked := s.now
	made := []*session{s.awsCredentials(one, legacyMount, madeSession, "legacy-batch")}
	answered := s.now
	s.now = asked
	made = append(made, s.awsCredentials(two, legacyMount, madeSession, "legacy-batch"))
	if s.now.Before(answered) {
		s.now = answered
	}
	for _, a := range made {
		for i := range a.cred.ways {
			if a.cred.ways[i].proof == inferred {
				a.cred.ways[i].among = 2
			}
		}
		s.calls(a, s.between(2, 6), looks)
	}
}

// vaultFederation: a federation token's name says nothing, and the mount hides the rest.
func vaultFederation(s *story) {
	t := s.personToken(s.engineer())
	a := s.awsCredentials(t, legacyMount, madeFederation, "console")
	s.calls(a, s.between(2, 8), looks)
}

func vaultAppRole(s *story) {
	v := s.serviceWith(func(v *service) bool { return v.approle != "" })
	t := s.appRoleToken(v.approle, v.party())
	s.readSecrets(t, s.between(2, 8))
	if s.chance(0.4) && s.nameIsFree(t, "batch") {
		a := s.awsCredentials(t, awsMount, madeSession, "batch")
		s.calls(a, s.between(4, 14), looks, changes)
	}
}

// vaultAppRoleUnlisted: a service that nobody answers for.
func vaultAppRoleUnlisted(s *story) {
	t := s.appRoleToken("old-"+s.hex(4), party{})
	s.readSecrets(t, s.between(2, 5))
}

// vaultAfterRevoke: a token works on after its end. Whoever uses it now is not
// known to be who it was given to.
func vaultAfterRevoke(s *story) {
	s.whole = true
	t := s.personToken(s.engineer())
	c := s.child(t, "adhoc")
	s.readSecrets(c, s.between(1, 3))
	s.revoke(c)
	s.wait(6*time.Minute, 10*time.Minute)
	s.readSecrets(c, s.between(1, 3))
}
