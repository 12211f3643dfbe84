package sources

import (
	"cmp"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/bytedance/sonic"
	"github.com/bytedance/sonic/decoder"

	"whence/correlate"
)

// cloudtrailName is AWS CloudTrail: management, data, network and insight events.
const cloudtrailName = "aws.cloudtrail"

var _ = register(Source{
	Name: cloudtrailName,
	Kinds: []correlate.KindInfo{
		{
			Kind: AWSAccessKey, Best: correlate.Issued,
			// GetSessionToken and GetFederationToken give up to 36 hours, roles
			// up to 12. Facts of long-lived keys are Standing and do not expire.
			Life: 36 * time.Hour,
			Hint: "is CloudTrail collected from the account and region that issued it (STS is regional)?",
		},
		{
			Kind: AWSRoleSession, Alias: true, Best: correlate.Issued, Life: 12 * time.Hour,
			Hint: "is CloudTrail collected from the account and region where the role was assumed?",
		},
	},
	Lateness: 15 * time.Minute,
	Detect:   func(v Value) bool { return cloudtrailLooksLike(v, 0) },
	Decode:   func(in Input, out *Batch) { (&cloudtrailDecoder{in, out}).value(in.Raw, 0) },
})

// cloudtrailRecord is one event, or an envelope of events: only what is wanted.
// An odd type in one field leaves that field empty and costs nothing else.
type cloudtrailRecord struct {
	EventTime        string             `json:"eventTime"`
	Timestamp        string             `json:"@timestamp"` // in place of eventTime in flattened forms
	EventID          string             `json:"eventID"`
	SharedEventID    string             `json:"sharedEventID"`
	EventSource      string             `json:"eventSource"`
	EventName        string             `json:"eventName"`
	EventType        string             `json:"eventType"`
	Region           string             `json:"awsRegion"`
	SourceIP         string             `json:"sourceIPAddress"`
	UserAgent        string             `json:"userAgent"`
	ErrorCode        string             `json:"errorCode"`
	ErrorMessage     string             `json:"errorMessage"`
	RecipientAccount string             `json:"recipientAccountId"`
	Identity         cloudtrailIdentity `json:"userIdentity"`
	ReadOnly         json.RawMessage    `json:"readOnly"` // true, or "true"
	Resources        json.RawMessage    `json:"resources"`
	Request          json.RawMessage    `json:"requestParameters"`
	Response         json.RawMessage    `json:"responseElements"`
	ServiceEvent     json.RawMessage    `json:"serviceEventDetails"`
	Insight          struct {
		Type string `json:"insightType"`
	} `json:"insightDetails"`

	// The members of envelopes.
	Records   []json.RawMessage `json:"Records"`
	Detail    json.RawMessage   `json:"detail"`
	LogEvents []struct {
		Message json.RawMessage `json:"message"`
	} `json:"logEvents"`
	Message         json.RawMessage   `json:"message"`
	Log             json.RawMessage   `json:"log"`
	CloudTrailEvent json.RawMessage   `json:"CloudTrailEvent"`
	Events          []json.RawMessage `json:"Events"`
}

// cloudtrailIdentity is userIdentity.
type cloudtrailIdentity struct {
	Type             string `json:"type"`
	PrincipalID      string `json:"principalId"`
	ARN              string `json:"arn"`
	AccountID        string `json:"accountId"`
	AccessKeyID      string `json:"accessKeyId"`
	UserName         string `json:"userName"`
	InvokedBy        string `json:"invokedBy"`
	IdentityProvider string `json:"identityProvider"`
	Session          struct {
		SourceIdentity  string `json:"sourceIdentity"`
		EC2RoleDelivery string `json:"ec2RoleDelivery"` // set by EC2, so that nobody else can claim to be an instance
		Attributes      struct {
			CreationDate string `json:"creationDate"`
		} `json:"attributes"`
		Issuer struct {
			ARN      string `json:"arn"`
			UserName string `json:"userName"`
		} `json:"sessionIssuer"`
		Web struct {
			Provider   string          `json:"federatedProvider"`
			Attributes json.RawMessage `json:"attributes"`
		} `json:"webIdFederationData"`
	} `json:"sessionContext"`
	OnBehalfOf struct {
		UserID string `json:"userId"`
	} `json:"onBehalfOf"`
	InScopeOf struct {
		IssuedTo string `json:"credentialsIssuedTo"`
	} `json:"inScopeOf"`
}

// cloudtrailEvent is a record with what its parts are read from together.
type cloudtrailEvent struct {
	*cloudtrailRecord
	id       correlate.ID
	eventID  string
	time     time.Time
	service  string // eventSource without its domain: s3
	outcome  correlate.Outcome
	request  cloudtrailRequest
	response cloudtrailResponse
}

// event decodes one event. raw is its own bytes, without any envelope.
func (d *cloudtrailDecoder) event(rec *cloudtrailRecord, raw []byte) {
	if strings.HasPrefix(rec.EventSource, "aws:") {
		d.out.reject(raw, correlate.RejectSource, "a notification of S3, SQS or a stream, not a CloudTrail event")
		return
	}
	t := cloudtrailTime(rec.EventTime)
	if t.IsZero() {
		t = cloudtrailTime(rec.Timestamp)
	}
	timed := !t.IsZero()
	if !timed {
		t = d.in.arrival()
	}
	hash := sum(raw)
	account := cmp.Or(rec.RecipientAccount, rec.Identity.AccountID)
	eventID := cmp.Or(rec.EventID, hash)
	e := &cloudtrailEvent{
		cloudtrailRecord: rec, time: t, eventID: eventID,
		id:      correlate.NewID(cloudtrailName, cmp.Or(account, d.in.Scope), eventID),
		service: cloudtrailService(rec.EventSource),
	}
	e.outcome = e.result()
	cloudtrailRead(rec.Request, &e.request)
	cloudtrailRead(rec.Response, &e.response)

	actor, uses := e.caller()
	readOnly := e.readOnly()
	ev := correlate.Event{
		ID: e.id, EventID: eventID, Time: t,
		Actor: actor, Uses: uses,
		Action: e.service + ":" + rec.EventName, Class: e.class(readOnly), Outcome: e.outcome, Error: e.failure(),
		Resources: e.resources(),
		Context: correlate.Context{
			IP: cloudtrailIP(rec.SourceIP), Agent: rec.UserAgent, Account: account, Region: rec.Region,
			Session: e.Identity.sessionName(),
		},
		Evidence: correlate.Evidence{SHA256: hash},
	}
	if timed {
		ev.Mints = e.mints(actor, uses)
	}
	if actor.Type != correlate.ServiceAccount {
		ev.Context.App = rec.Identity.InvokedBy // the service that called in the actor's name
	}
	if ev.Class == correlate.Model {
		ev.Usage.Model = cloudtrailModel(e.request.ModelID)
	}
	ev.ActionID, ev.Primary = e.deed()
	d.out.Events = append(d.out.Events, ev)
}

// deed tells whether the event is one of several copies of one call. Both
// accounts of a cross-account call get one; the caller's own is primary.
func (e *cloudtrailEvent) deed() (correlate.ID, bool) {
	if e.SharedEventID == "" || e.EventType == cloudtrailInsight {
		return e.id, true // the start and the end of an insight share an id and are two things
	}
	caller := e.Identity.AccountID
	told := cloudtrailIsAccount(caller) && cloudtrailIsAccount(e.RecipientAccount)
	return correlate.NewID(cloudtrailName, "shared", e.SharedEventID), !told || caller == e.RecipientAccount
}

// cloudtrailRead decodes raw into v as far as it goes: a field of another type
// stays empty, and so does all of v if raw is nothing to read.
func cloudtrailRead(raw []byte, v any) {
	if len(raw) > 2 && raw[0] != 'n' { // not {}, [], "", null
		_ = cloudtrailUnmarshal(raw, v)
	}
}

// cloudtrailUnmarshal is out.unmarshal that puts up with fields of another type.
func cloudtrailUnmarshal(raw []byte, v any) error {
	err := sonic.ConfigFastest.Unmarshal(raw, v)
	var mismatch *decoder.MismatchTypeError
	if errors.As(err, &mismatch) && sonic.ConfigFastest.Valid(raw) {
		return nil
	}
	return err
}
