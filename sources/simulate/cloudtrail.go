package simulate

import (
	"encoding/json"
	"strings"
	"time"
)

// trail is one CloudTrail event, in the order AWS writes its members.
type trail struct {
	EventVersion      string          `json:"eventVersion"`
	UserIdentity      identity        `json:"userIdentity"`
	EventTime         string          `json:"eventTime"`
	EventSource       string          `json:"eventSource"`
	EventName         string          `json:"eventName"`
	AWSRegion         string          `json:"awsRegion"`
	SourceIPAddress   string          `json:"sourceIPAddress"`
	UserAgent         string          `json:"userAgent"`
	ErrorCode         string          `json:"errorCode,omitempty"`
	ErrorMessage      string          `json:"errorMessage,omitempty"`
	RequestParameters any             `json:"requestParameters"`
	ResponseElements  any             `json:"responseElements"`
	Additional        any             `json:"additionalEventData,omitempty"`
	RequestID         string          `json:"requestID,omitempty"`
	EventID           string          `json:"eventID"`
	ReadOnly          bool            `json:"readOnly"`
	Resources         []trailResource `json:"resources,omitempty"`
	EventType         string          `json:"eventType"`
	ManagementEvent   bool            `json:"managementEvent"`
	RecipientAccount  string          `json:"recipientAccountId"`
	SharedEventID     string          `json:"sharedEventID,omitempty"`
	EventCategory     string          `json:"eventCategory"`
	TLS               *trailTLS       `json:"tlsDetails,omitempty"`
	FromConsole       string          `json:"sessionCredentialFromConsole,omitempty"`
}

type trailResource struct {
	AccountID string `json:"accountId,omitempty"`
	Type      string `json:"type"`
	ARN       string `json:"ARN"`
}

type trailTLS struct {
	Version string `json:"tlsVersion"`
	Cipher  string `json:"cipherSuite"`
	Host    string `json:"clientProvidedHostHeader"`
}

type identity struct {
	Type             string          `json:"type"`
	PrincipalID      string          `json:"principalId,omitempty"`
	ARN              string          `json:"arn,omitempty"`
	AccountID        string          `json:"accountId,omitempty"`
	AccessKeyID      string          `json:"accessKeyId,omitempty"`
	UserName         string          `json:"userName,omitempty"`
	SessionContext   *sessionContext `json:"sessionContext,omitempty"`
	InvokedBy        string          `json:"invokedBy,omitempty"`
	IdentityProvider string          `json:"identityProvider,omitempty"`
	OnBehalfOf       *onBehalfOf     `json:"onBehalfOf,omitempty"`
}

type sessionContext struct {
	Issuer         *sessionIssuer    `json:"sessionIssuer,omitempty"`
	WebID          json.RawMessage   `json:"webIdFederationData,omitempty"`
	Attributes     map[string]string `json:"attributes"`
	SourceIdentity string            `json:"sourceIdentity,omitempty"`
}

type sessionIssuer struct {
	Type        string `json:"type"`
	PrincipalID string `json:"principalId"`
	ARN         string `json:"arn"`
	AccountID   string `json:"accountId"`
	UserName    string `json:"userName"`
}

type onBehalfOf struct {
	UserID   string `json:"userId"`
	StoreARN string `json:"identityStoreArn"`
}

const (
	region   = "eu-central-1"
	stsTime  = "Jan 2, 2006, 3:04:05 PM" // of credentials' expiration
	storeARN = "arn:aws:identitystore::111122223333:identitystore/d-9067642ac7"
)

// writeTrail fills in what every event has, and adds the line.
func (s *story) writeTrail(t trail, who party, ways []way) *line {
	at := s.now.Truncate(time.Second)
	t.EventVersion = "1.11"
	t.EventTime = at.Format(time.RFC3339)
	if t.AWSRegion == "" {
		t.AWSRegion = region
	}
	t.EventID = s.uuid()
	if t.EventType == "" {
		t.EventType = "AwsApiCall"
	}
	if t.RequestID == "" && t.EventType == "AwsApiCall" {
		t.RequestID = s.uuid()
	}
	if t.EventCategory == "" {
		t.EventCategory = "Management"
	}
	t.ManagementEvent = t.EventCategory == "Management"
	if !strings.HasSuffix(t.SourceIPAddress, ".amazonaws.com") && t.EventType == "AwsApiCall" {
		service, _, _ := strings.Cut(t.EventSource, ".")
		t.TLS = &trailTLS{"TLSv1.3", "TLS_AES_128_GCM_SHA256", service + "." + t.AWSRegion + ".amazonaws.com"}
	}
	return s.add(line{source: cloudTrail, eventID: t.EventID, key: t.EventID, time: at, value: mustJSON(t), who: who, ways: ways})
}

// session is an AWS access key in somebody's hands.
type session struct {
	cred      *credential
	identity  identity // as its calls show it
	account   account
	role      *role // nil for IAM users
	name      string
	source    string // sourceIdentity, which stays with the session and its children
	expires   time.Time
	ip, agent string
	owner     party // who truly asked for it
	says      []way // persons and services that its calls name themselves
	console   bool
}

// ways are those a call with the session shows.
func (a *session) ways() []way {
	return append([]way{{to: a.cred, proof: attested}}, a.says...)
}

// longLived is an IAM user's own key. Nobody saw it being made; who it stands
// for is on every line.
func longLived(u *iamUser, says []way, ip, agent string) *session {
	return &session{
		cred: &credential{}, account: u.account, name: u.name, says: says, ip: ip, agent: agent,
		identity: identity{Type: "IAMUser", PrincipalID: u.id, ARN: u.arn(), AccountID: u.account.id, AccessKeyID: u.keyID, UserName: u.name},
	}
}

// roleSession is a session of a role as its calls will show it.
func (s *story) roleSession(r *role, name string, lasts time.Duration) *session {
	key := s.accessKey("ASIA")
	return &session{
		cred: &credential{born: s.now}, account: r.account, role: r, name: name, expires: s.now.Add(lasts),
		identity: identity{
			Type: "AssumedRole", PrincipalID: r.id + ":" + name, ARN: r.sessionARN(name), AccountID: r.account.id, AccessKeyID: key,
			SessionContext: &sessionContext{
				Issuer:     &sessionIssuer{"Role", r.id, r.arn(), r.account.id, r.name},
				WebID:      json.RawMessage("{}"),
				Attributes: map[string]string{"creationDate": s.now.Truncate(time.Second).Format(time.RFC3339), "mfaAuthenticated": "false"},
			},
		},
	}
}

// credentials is what STS answers.
func (s *story) credentials(a *session) object {
	return object{
		"credentials": object{
			"accessKeyId": a.identity.AccessKeyID, "sessionToken": "IQoJb3JpZ2luX2VjE" + s.blob(240),
			"expiration": a.expires.Format(stsTime),
		},
		"assumedRoleUser": object{"assumedRoleId": a.identity.PrincipalID, "arn": a.identity.ARN},
	}
}
