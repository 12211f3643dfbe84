package sources

import (
	"time"

	"whence/correlate"
	"whence/sources/scan"
)

var _ = register(Source{
	Name: "okta.system_log",
	Kinds: []correlate.KindInfo{
		// Okta lets an administrator allow sessions of 180 days; sessions idle for
		// 30 days always end. Past that the log line of the sign-in is not looked
		// for any more, and the chain says so.
		{
			Kind: OktaSession, Life: 30 * 24 * time.Hour, Best: correlate.Issued,
			Hint: "did the session begin before the Okta System Log was collected, or is user.session.start filtered out?",
		},
		{
			Kind: OktaToken, Best: correlate.Issued,
			Hint: "was the API token made before the Okta System Log was collected (system.api_token.create)? list it in the directory with its owner",
		},
	},
	Lateness: 2 * time.Minute,
	Detect:   oktaDetect,
	Decode:   oktaDecode,
})

// oktaDepth is how many envelopes are opened inside one another.
const oktaDepth = 4

// oktaMembers are all members an event has. A line cut down to a few of them is
// still Okta's, as long as it has nothing else.
var oktaMembers = []string{
	"actor", "authenticationContext", "client", "debugContext", "device", "displayMessage", "eventType", "legacyEventType",
	"outcome", "published", "request", "securityContext", "severity", "target", "transaction", "uuid", "version",
}

func oktaDetect(v Value) bool {
	for _, c := range []Value{v, v.Member("events"), v.Member("detail"), v.Member("event"), v.Member("data").Member("events")} {
		// CloudTrail has an eventType too, and no actor.
		if c.Has("eventType", "actor") && (c.Has("uuid") || c.Has("published")) || c.Has("eventType") && c.Only(oktaMembers...) {
			return true
		}
	}
	return false
}

// oktaNone is why a record is no event.
const oktaNone = "no eventType and no known envelope"

func oktaDecode(in Input, out *Batch) {
	raw := scan.Raw(in.Raw)
	if raw.IsList() {
		if err := scan.Valid(raw); err != nil {
			out.refuse(raw, err)
			return
		}
	}
	oktaOpen(in, raw, out, 0)
}

// oktaOpen decodes an event, or every event in an envelope. A list is valid JSON.
func oktaOpen(in Input, raw scan.Raw, out *Batch, depth int) {
	if raw.IsList() {
		for one := range raw.Elements() {
			oktaInner(in, one, out, depth)
		}
		return
	}
	if string(raw) == "null" {
		out.reject(raw, correlate.RejectSource, oktaNone)
		return
	}
	s := scratch[oktaScratch](out)
	if !read(out, oktaTable, raw, &s.event) {
		return
	}
	// What is inside is read into the same struct, which is not looked at again.
	switch inner := s.event.inner(); {
	case s.event.odd():
		out.refuse(raw, scan.ErrObject)
	case inner != nil:
		oktaInner(in, inner, out, depth)
	case s.event.EventType.text == "":
		out.reject(raw, correlate.RejectSource, oktaNone)
	case !s.event.own() && !NewValue(raw).Only(oktaMembers...):
		out.reject(raw, correlate.RejectSource, "an eventType, and neither uuid, published nor actor: another log, such as CloudTrail?")
	default:
		oktaAppend(in, raw, s, out)
	}
}

func oktaInner(in Input, raw scan.Raw, out *Batch, depth int) {
	if depth >= oktaDepth {
		out.reject(raw, correlate.RejectTooDeep, "too many envelopes inside one another")
		return
	}
	oktaOpen(in, raw, out, depth+1)
}

func oktaAppend(in Input, raw []byte, s *oktaScratch, out *Batch) {
	o := &s.event
	at, ok := oktaTime(o.Published.text)
	if !ok {
		at = in.arrival()
	}
	hash := out.hash(raw)
	// uuid is unique over all Okta organisations. An event without one goes by
	// the hash of its bytes.
	eventID := o.UUID.text
	if eventID == "" {
		eventID = out.text.Join("sha256:", hash)
	}
	action := o.EventType.text
	out.Events = append(out.Events, correlate.Event{
		ID: out.sums.ID("okta.system_log", eventID), EventID: eventID, Time: at, Primary: true,
		Action: action, Class: s.classes.of(action, oktaClass), Outcome: oktaResult(o.Outcome.Result),
		Actor: o.Actor.principal(out), Resources: s.resources(out),
		Context: correlate.Context{
			IP: o.ip(), Agent: o.Client.Agent.Raw, Session: oktaSet(o.Session.ID), App: o.app(),
		},
		Evidence: correlate.Evidence{SHA256: hash}, Line: raw,
	})
	e := &out.Events[len(out.Events)-1]
	e.ActionID = e.ID
	if e.Outcome != correlate.Success {
		e.Error = oktaShort(o.Outcome.Reason)
	}
	e.Uses = o.uses(e, out)
	if ok { // when it arrived is no time to date a fact by
		e.Mints = o.mints(e, out)
	}
}
