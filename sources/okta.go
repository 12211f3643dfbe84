package sources

import (
	"bytes"
	"cmp"
	"encoding/json"
	"time"

	"whence/correlate"
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
	Decode:   func(in Input, out *Batch) { oktaDecode(in, in.Raw, out, 0) },
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

func oktaDecode(in Input, raw []byte, out *Batch, depth int) {
	if bytes.HasPrefix(raw, []byte("[")) {
		var list []json.RawMessage
		if out.unmarshal(raw, &list) {
			oktaEach(in, list, out, depth)
		}
		return
	}
	var o oktaEvent
	if !out.unmarshal(raw, &o) {
		return
	}
	// Event hooks have an eventType of their own, so envelopes come first.
	for _, inner := range []json.RawMessage{o.Events, o.Detail, o.Event, o.Data} {
		if len(inner) > 0 && (inner[0] == '[' || inner[0] == '{') {
			oktaEach(in, []json.RawMessage{inner}, out, depth)
			return
		}
	}
	if o.EventType == "" {
		out.reject(raw, correlate.RejectSource, "no eventType and no known envelope")
		return
	}
	oktaAppend(in, raw, &o, out)
}

func oktaEach(in Input, list []json.RawMessage, out *Batch, depth int) {
	for _, raw := range list {
		if depth >= oktaDepth {
			out.reject(raw, correlate.RejectTooDeep, "too many envelopes inside one another")
			continue
		}
		oktaDecode(in, bytes.TrimSpace(raw), out, depth+1)
	}
}

func oktaAppend(in Input, raw []byte, o *oktaEvent, out *Batch) {
	at, ok := oktaTime(o.Published)
	if !ok {
		at = in.arrival()
	}
	hash := sum(raw)
	// uuid is unique over all Okta organisations. An event without one goes by
	// the hash of its bytes.
	eventID := cmp.Or(o.UUID, "sha256:"+hash)
	e := correlate.Event{
		ID: correlate.NewID("okta.system_log", eventID), EventID: eventID, Time: at, Primary: true,
		Action: o.EventType, Class: oktaClass(o.EventType), Outcome: oktaResult(o.Outcome.V.Result),
		Actor: oktaPrincipal(o.Actor.V), Resources: oktaResources(o.Target.V),
		Context: correlate.Context{
			IP: o.ip(), Agent: o.Client.V.Agent.Raw, Session: oktaSet(o.Session.V.ID), App: o.app(),
		},
		Evidence: correlate.Evidence{SHA256: hash},
	}
	e.ActionID = e.ID
	if e.Outcome != correlate.Success {
		e.Error = oktaShort(o.Outcome.V.Reason)
	}
	e.Uses = oktaUses(o, &e)
	if ok { // when it arrived is no time to date a fact by
		e.Mints = oktaMints(o, &e)
	}
	out.Events = append(out.Events, e)
}
