package simulate

import (
	"strconv"
	"time"
)

const logTime = "2006-01-02T15:04:05.000Z"

// sso is a person's session at the IdP.
type sso struct {
	person *person
	id     string // externalSessionId
	place  object
}

// signIn starts a session at the IdP: password policy, second factor, session.
func (s *story) signIn(p *person) *sso {
	o := &sso{person: p, id: "idx" + s.word(22)}
	o.place = object{
		"city": "Zurich", "state": "Zurich", "country": "Switzerland", "postalCode": "8000",
		"geolocation": object{"lat": 47.3667, "lon": 8.55},
	}
	s.wait(time.Second, 4*time.Second)
	s.okta(o, "policy.evaluate_sign_on", "Evaluation of sign-on policy", nil)
	s.wait(time.Second, 5*time.Second)
	s.mayLose(s.okta(o, "user.session.start", "User login to Okta", nil))
	s.wait(time.Second, 15*time.Second)
	s.okta(o, "user.authentication.auth_via_mfa", "Authentication of user via MFA", []object{oktaUser(p), {
		"id": "pfd" + s.word(17), "type": "AuthenticatorEnrollment", "alternateId": "unknown", "displayName": "Okta Verify", "detailEntry": nil,
	}})
	return o
}

// open goes on from the IdP to an application.
func (s *story) open(o *sso, app string) {
	s.wait(2*time.Second, 10*time.Second)
	s.okta(o, "user.authentication.sso", "User single sign on to app", []object{
		{"id": "0oa" + s.word(17), "type": "AppInstance", "alternateId": app, "displayName": app, "detailEntry": object{"signOnModeType": "SAML_2_0"}},
		{"id": "0ua" + s.word(17), "type": "AppUser", "alternateId": o.person.email, "displayName": o.person.name, "detailEntry": nil},
	})
}

func (s *story) signOut(o *sso) {
	s.okta(o, "user.session.end", "User logout from Okta", nil)
}

func oktaUser(p *person) object {
	return object{"id": p.oktaID, "type": "User", "alternateId": p.email, "displayName": p.name, "detailEntry": nil}
}

func (s *story) okta(o *sso, kind, message string, targets []object) *line {
	id, request := s.uuid(), s.word(27)
	var target any
	if targets != nil {
		target = targets
	}
	p := o.person
	v := object{
		"actor": oktaUser(p),
		"authenticationContext": object{
			"authenticationProvider": "FACTOR_PROVIDER", "credentialProvider": "OKTA_CREDENTIAL_PROVIDER", "credentialType": nil, "issuer": nil,
			"interface": nil, "authenticationStep": 0, "externalSessionId": o.id, "rootSessionId": o.id,
		},
		"client": object{
			"userAgent": object{"rawUserAgent": p.agent, "os": "Mac OS X", "browser": "CHROME"}, "zone": "null", "device": "Computer", "id": nil,
			"ipAddress": p.ip, "geographicalContext": o.place,
		},
		"device": nil, "displayMessage": message, "eventType": kind,
		"outcome":   object{"result": "SUCCESS", "reason": nil},
		"published": s.now.Format(logTime),
		"securityContext": object{
			"asNumber": 64500, "asOrg": "example networks", "isp": "example networks", "domain": "example.net", "isProxy": false,
		},
		"severity": "INFO",
		"debugContext": object{"debugData": object{
			"requestId": request, "dtHash": s.hex(64), "requestUri": "/app/example/exk1fcia6d6EMsf331d8/sso/saml",
			"threatSuspected": "false", "url": "/app/example/exk1fcia6d6EMsf331d8/sso/saml?", "deviceFingerprint": s.hex(32),
			"targetEventHookIds": strconv.Itoa(s.between(1, 9)),
		}},
		"legacyEventType": "core.user_auth.event",
		"transaction":     object{"type": "WEB", "id": request, "detail": object{}},
		"uuid":            id, "version": "0",
		"request": object{"ipChain": []object{{"ip": p.ip, "geographicalContext": o.place, "version": "V4", "source": nil}}},
		"target":  target,
	}
	at := s.now.Truncate(time.Millisecond)
	return s.add(line{source: oktaLog, eventID: id, key: p.oktaID, time: at, value: mustJSON(v), who: p.party(), ways: []way{{who: p.party(), proof: attested}}})
}
