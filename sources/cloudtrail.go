package sources

import (
	"cmp"
	"strings"
	"time"

	"whence/correlate"
	"whence/sources/scan"
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
		{
			Kind: AWSRequest, Best: correlate.Issued, Life: time.Hour,
			Hint: "does a trail of that account and region record Bedrock's read-only management events (InvokeModel, Converse)?",
		},
	},
	Lateness: 15 * time.Minute,
	Detect:   func(v Value) bool { return cloudtrailLooksLike(v, 0) },
	Decode:   cloudtrailDecode,
})

func cloudtrailDecode(in Input, out *Batch) {
	d := scratch[cloudtrailDecoder](out)
	d.in, d.out = in, out
	d.value(in.Raw, 0)
	d.in = Input{} // the record is the caller's again
}

// cloudtrailDecoder decodes one record at a time, and keeps what can be used again
// for the next one.
type cloudtrailDecoder struct {
	in  Input
	out *Batch

	// One for each level of envelopes: the outer ones are walked while what is in
	// them is read.
	records  [cloudtrailMaxWraps + 1]cloudtrailRecord
	said     cloudtrailSaid
	tag      cloudtrailTag
	services cloudtrailAPIs
	types    cloudtrailTypes
}

// cloudtrailEvent is a record with what its parts are read from together.
type cloudtrailEvent struct {
	*cloudtrailRecord
	raw []byte // its own bytes, without any envelope
	d   *cloudtrailDecoder
	out *Batch

	id       correlate.ID
	eventID  string
	time     time.Time
	account  string
	service  *cloudtrailAPI
	call     *cloudtrailCall
	kind     string // of the identity
	session  string // the name of the caller's session
	key      correlate.Key
	outcome  correlate.Outcome
	readOnly bool

	uses  []correlate.Link // the event's
	links []correlate.Link // being made: the event's, then those of a credential
	facts []correlate.Fact
}

// event decodes one event.
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
	e := cloudtrailEvent{
		cloudtrailRecord: rec, raw: raw, d: d, out: d.out,
		eventID: rec.EventID, time: t, account: cmp.Or(rec.RecipientAccount, rec.Identity.AccountID),
		kind: rec.Identity.kind(), key: cloudtrailKey(rec.Identity.AccessKeyID),
	}
	ev := d.out.event() // filled in where it stays: it is large
	if scope := cmp.Or(e.account, d.in.Scope); rec.EventID == "" {
		ev.Evidence.SHA256, e.id = d.out.hashNamed(raw, cloudtrailName, scope)
		e.eventID = ev.Evidence.SHA256
	} else {
		ev.Evidence.SHA256, e.id = d.out.hashBoth(raw, cloudtrailName, scope, e.eventID)
	}
	e.service, e.call = d.services.find(rec.EventSource, rec.EventName, &d.out.text)
	e.session = rec.Identity.sessionName(e.kind)
	e.outcome, e.readOnly = e.result(), e.reads()

	ev.ID, ev.EventID, ev.Time = e.id, e.eventID, t
	ev.Actor = e.caller()
	e.uses = e.done()
	ev.Uses = e.uses
	ev.Action, ev.Class, ev.Outcome, ev.Error = e.call.action, e.class(), e.outcome, e.failure()
	ev.Resources = e.resources()
	c := &ev.Context
	c.IP, c.Agent, c.Account, c.Region, c.Session = cloudtrailIP(rec.SourceIP), rec.UserAgent, e.account, rec.Region, e.session
	if ev.Actor.Type != correlate.ServiceAccount {
		c.App = rec.Identity.InvokedBy // the service that called in the actor's name
	}
	if ev.Class == correlate.Model {
		ev.Usage.Model = cloudtrailModel(rec.Request.ModelID)
	}
	ev.Line = raw
	ev.ActionID, ev.Primary = e.deed()
	request := e.request(ev.Class)
	if !request.IsZero() {
		ev.ActionID, ev.Primary = e.out.awsRequestDeed(e.account, rec.Region, rec.RequestID), false
	}
	switch {
	case !timed:
	case !request.IsZero():
		ev.Mints = e.requested(request, &ev.Actor)
	default:
		ev.Mints = e.mints(&ev.Actor)
	}
}

// deed tells whether the event is one of several copies of one call. Both
// accounts of a cross-account call get one; the caller's own is primary.
func (e *cloudtrailEvent) deed() (correlate.ID, bool) {
	if e.SharedEventID == "" || e.EventType == cloudtrailInsight {
		return e.id, true // the start and the end of an insight share an id and are two things
	}
	caller := e.Identity.AccountID
	told := cloudtrailIsAccount(caller) && cloudtrailIsAccount(e.RecipientAccount)
	return e.out.sums.ID(cloudtrailName, "shared", e.SharedEventID), !told || caller == e.RecipientAccount
}

// link adds a link to the list that is being made, and returns it for what it leads
// to.
func (e *cloudtrailEvent) link(role correlate.Role, proof correlate.Proof, method string) (l *correlate.Link) {
	e.links, l = e.out.links.Grow(e.links)
	l.Role, l.Proof, l.Method = role, proof, method
	return l
}

// state adds a principal that the line names.
func (e *cloudtrailEvent) state(p correlate.Principal, proof correlate.Proof, method string) {
	e.link(correlate.Requestor, proof, method).Principal = p
}

// done ends the list that is being made.
func (e *cloudtrailEvent) done() []correlate.Link {
	links := e.links
	e.links = nil
	return links
}

// names lends a list of names for a principal.
func (e *cloudtrailEvent) names(names ...string) []string { return e.out.names.Append(nil, names...) }

// join lends a string made of parts.
func (e *cloudtrailEvent) join(parts ...string) string { return e.out.text.Join(parts...) }

// text returns the text of a member that some versions quote.
func (e *cloudtrailEvent) text(raw scan.Raw) string { return raw.Loose(&e.out.text) }
