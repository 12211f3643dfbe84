package main

import (
	"strconv"
	"time"
)

// The lines of an estate: those that mint sessions, and those that use them.

// mints is how many lines it takes to make all keys: one for each person, who has
// a key of an IAM user, and one for each session.
func (e *estate) mints() int { return e.people + e.sessions }

// mint appends minting line i, without a newline: CreateAccessKey, and then, parents
// first, AssumeRoleWithSAML of a person, AssumeRole of an IAM user or of the session
// above.
func (e *estate) mint(b []byte, i int) []byte {
	if i < e.people {
		return e.mintKey(b, i)
	}
	i -= e.people
	s := e.session(i)
	d := diceFor(e.seed^0xa5a5, uint64(i))
	at := e.made(&s)
	role := roleARN(s.role)
	name, agent := "AssumeRole", sdkAgents[d.below(len(sdkAgents))]
	b = append(b, `{"eventVersion":"1.11","userIdentity":`...)
	switch {
	case s.level > 0:
		parent := e.session(s.parent)
		b = e.assumed(b, &parent)
	case s.signsByUser():
		b = e.iamUser(b, s.parent)
	default:
		name, agent = "AssumeRoleWithSAML", "aws-internal/3 aws-sdk-java/1.12.772"
		b = samlUser(b, s.name)
	}
	b = e.when(b, at, "sts.amazonaws.com", name, &d, agent)
	b = append(b, `,"requestParameters":{"roleArn":"`...)
	b = append(b, role...)
	b = append(b, `","roleSessionName":"`...)
	b = append(b, s.name...)
	b = append(b, `","durationSeconds":`...)
	b = strconv.AppendInt(b, int64(lasts.Seconds()), 10)
	if name == "AssumeRoleWithSAML" {
		b = append(b, `,"sAMLAssertionID":"_`...)
		b = d.letters(b, 32, hexDigits)
		b = append(b, `","principalArn":"arn:aws:iam::`+account+`:saml-provider/okta"`...)
	}
	b = append(b, `},"responseElements":{"credentials":{"accessKeyId":"`...)
	b = append(b, s.key[:]...)
	b = append(b, `","sessionToken":"IQoJb3JpZ2luX2VjE`...)
	b = d.letters(b, 240, base32)
	b = append(b, `","expiration":"`...)
	b = at.Add(lasts).AppendFormat(b, "Jan 2, 2006, 3:04:05 PM")
	b = append(b, `"},"assumedRoleUser":{"assumedRoleId":"`...)
	b = principalID(b, &s)
	b = append(b, `","arn":"`...)
	b = sessionARN(b, &s)
	b = append(b, `"}`...)
	if name == "AssumeRoleWithSAML" {
		b = append(b, `,"subjectType":"persistent","subject":"`...)
		b = append(b, s.name...)
		b = append(b, `","issuer":"http://www.okta.com/exk1fcia6d6EMsf331d8","audience":"https://signin.aws.amazon.com/saml","nameQualifier":"bdGOnTesti4+ExamplexL/jEvs="`...)
	}
	b = append(b, `},`...)
	b = ids(b, &d, true)
	b = append(b, `,"resources":[{"accountId":"`+account+`","type":"AWS::IAM::Role","ARN":"`...)
	b = append(b, role...)
	b = append(b, `"}]`...)
	return tail(b, &d, true, "sts")
}

// mintKey appends the line that tells of a person's long-lived key being made.
func (e *estate) mintKey(b []byte, person int) []byte {
	d := diceFor(e.seed^0x5a5a, uint64(person))
	b = append(b, `{"eventVersion":"1.11","userIdentity":`...)
	b = e.iamUser(b, 0) // the first to have one makes all the others
	at := e.began.Add(-2 * time.Hour)
	if person == 0 {
		at = at.Add(-time.Hour)
	}
	b = e.when(b, at, "iam.amazonaws.com", "CreateAccessKey", &d, sdkAgents[0])
	name := "person" + strconv.Itoa(person)
	b = append(b, `,"requestParameters":{"userName":"`+name+`"},"responseElements":{"accessKey":{"userName":"`+name+`","accessKeyId":"`...)
	b = e.userKey(b, person)
	b = append(b, `","status":"Active","createDate":"Jan 4, 2026, 9:00:00 AM"}},`...)
	return tail(ids(b, &d, false), &d, true, "iam")
}

// event appends the line of action number i of a round, by any of the sessions.
func (e *estate) event(b []byte, round, i int, at time.Time) []byte {
	return e.eventOf(b, nil, round, i, at)
}

// eventOf is event, of a session that a crowd says is at work; nil for uniform.
func (e *estate) eventOf(b []byte, of *crowd, round, i int, at time.Time) []byte {
	d := diceFor(e.seed+uint64(round+1)<<32, uint64(i))
	s := e.session(of.next(e, &d))
	c := pick(&d, calls)
	b = append(b, `{"eventVersion":"1.11","userIdentity":`...)
	b = e.assumed(b, &s)
	b = e.when(b, at, c.service+".amazonaws.com", c.name, &d, sdkAgents[d.below(len(sdkAgents))])
	b = c.fill(b, &d)
	b = append(b, ',')
	b = ids(b, &d, c.reads)
	b = c.touched(b, &d)
	return tail(b, &d, c.management, c.service)
}

// made is when a session was made: parents first.
func (e *estate) made(s *session) time.Time {
	d := diceFor(e.seed^0x1234, uint64(s.number))
	return e.began.Add(-time.Hour + time.Duration(max(s.level, 0))*10*time.Minute + time.Duration(d.below(600))*time.Second)
}

// assumed is the identity of a role session.
func (e *estate) assumed(b []byte, s *session) []byte {
	b = append(b, `{"type":"AssumedRole","principalId":"`...)
	b = principalID(b, s)
	b = append(b, `","arn":"`...)
	b = sessionARN(b, s)
	b = append(b, `","accountId":"`+account+`","accessKeyId":"`...)
	b = append(b, s.key[:]...)
	b = append(b, `","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"`...)
	b = roleID(b, s.role)
	b = append(b, `","arn":"`...)
	b = append(b, roleARN(s.role)...)
	b = append(b, `","accountId":"`+account+`","userName":"`...)
	b = append(b, roleName(s.role)...)
	b = append(b, `"},"attributes":{"creationDate":"`...)
	b = e.made(s).AppendFormat(b, time.RFC3339)
	return append(b, `","mfaAuthenticated":"false"}}}`...)
}

func (e *estate) iamUser(b []byte, person int) []byte {
	d := diceFor(77, uint64(person))
	b = append(b, `{"type":"IAMUser","principalId":"AIDA`...)
	b = d.letters(b, 17, base32)
	b = append(b, `","arn":"`...)
	b = append(b, userARN(person)...)
	b = append(b, `","accountId":"`+account+`","accessKeyId":"`...)
	b = e.userKey(b, person)
	b = append(b, `","userName":"person`...)
	b = strconv.AppendInt(b, int64(person), 10)
	return append(b, `"}`...)
}

func samlUser(b []byte, mail string) []byte {
	b = append(b, `{"type":"SAMLUser","principalId":"bdGOnTesti4+ExamplexL/jEvs=:`...)
	b = append(b, mail...)
	b = append(b, `","userName":"`...)
	b = append(b, mail...)
	return append(b, `","identityProvider":"bdGOnTesti4+ExamplexL/jEvs="}`...)
}

func (e *estate) when(b []byte, at time.Time, source, name string, d *dice, agent string) []byte {
	b = append(b, `,"eventTime":"`...)
	b = at.AppendFormat(b, time.RFC3339)
	b = append(b, `","eventSource":"`...)
	b = append(b, source...)
	b = append(b, `","eventName":"`...)
	b = append(b, name...)
	b = append(b, `","awsRegion":"eu-central-1","sourceIPAddress":"198.51.100.`...)
	b = strconv.AppendInt(b, int64(d.below(250)+1), 10)
	b = append(b, `","userAgent":"`...)
	b = append(b, agent...)
	return append(b, '"')
}

func ids(b []byte, d *dice, reads bool) []byte {
	b = append(b, `"requestID":"`...)
	b = d.uuid(b)
	b = append(b, `","eventID":"`...)
	b = d.uuid(b)
	b = append(b, `","readOnly":`...)
	return strconv.AppendBool(b, reads)
}

// tail ends a line. Only calls that come from outside AWS have TLS details.
func tail(b []byte, d *dice, management bool, service string) []byte {
	b = append(b, `,"eventType":"AwsApiCall","managementEvent":`...)
	b = strconv.AppendBool(b, management)
	b = append(b, `,"recipientAccountId":"`+account+`","eventCategory":"`...)
	if management {
		b = append(b, "Management"...)
	} else {
		b = append(b, "Data"...)
	}
	if d.below(3) > 0 {
		return append(b, `"}`...)
	}
	b = append(b, `","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"`...)
	b = append(b, service...)
	return append(b, `.eu-central-1.amazonaws.com"}}`...)
}
